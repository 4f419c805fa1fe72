package io.tatara.runtime.cache;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ProgramCacheTest {
    private static final String KEY = ProgramCache.key("source", "options");
    private static final byte[] BINARY = {1, 2, 3, 4, 5};

    @TempDir Path temp;

    @Test
    void keepsWhatWasPut() throws IOException {
        ProgramCache cache = new ProgramCache(temp.resolve("new/folder"));
        assertThat(cache.get(KEY)).isEmpty();
        cache.put(KEY, BINARY);
        assertThat(cache.get(KEY)).hasValue(BINARY);
        assertThat(new ProgramCache(temp.resolve("new/folder")).get(KEY)).hasValue(BINARY);
        try (var files = Files.list(temp.resolve("new/folder"))) {
            assertThat(files.toList()).hasSize(1);
        }
        cache.drop(KEY);
        assertThat(cache.get(KEY)).isEmpty();
    }

    @Test
    void keysTellPartsApart() {
        assertThat(
                        List.of(
                                KEY,
                                ProgramCache.key("sourceo", "ptions"),
                                ProgramCache.key("source"),
                                ProgramCache.key()))
                .doesNotHaveDuplicates()
                .allMatch(k -> k.matches("[0-9a-f]{64}"));
        assertThat(ProgramCache.key("source", "options")).isEqualTo(KEY);
    }

    @Test
    void dropsWhatIsDamaged() throws IOException {
        ProgramCache cache = new ProgramCache(temp);
        Path file = temp.resolve(KEY + ".bin");
        cache.put(KEY, BINARY);
        byte[] good = Files.readAllBytes(file);
        List<byte[]> damaged = new ArrayList<>();
        for (int n = 0; n < good.length; n++) {
            damaged.add(Arrays.copyOf(good, n));
            byte[] flipped = good.clone();
            flipped[n] ^= 16;
            damaged.add(flipped);
        }
        damaged.add(Arrays.copyOf(good, good.length + 1));
        for (byte[] bytes : damaged) {
            Files.write(file, bytes);
            assertThat(cache.get(KEY)).isEmpty();
            assertThat(file).doesNotExist();
        }
        cache.put(KEY, BINARY);
        assertThat(cache.get(KEY)).hasValue(BINARY);
    }

    @Test
    void worksWithoutADirectory() throws IOException {
        Path file = Files.writeString(temp.resolve("file"), "no directory");
        for (ProgramCache cache :
                List.of(
                        new ProgramCache(file.resolve("sub")),
                        new ProgramCache(file),
                        ProgramCache.OFF)) {
            cache.put(KEY, BINARY);
            cache.put(KEY, BINARY);
            assertThat(cache.get(KEY)).isEmpty();
            cache.drop(KEY);
        }
        assertThat(file).hasContent("no directory");
    }

    @Test
    void aFolderInTheFilesPlaceIsNoProblem() throws IOException {
        ProgramCache cache = new ProgramCache(temp);
        Files.createDirectories(temp.resolve(KEY + ".bin/inside"));
        assertThat(cache.get(KEY)).isEmpty();
        cache.put(KEY, BINARY);
        assertThat(cache.get(KEY)).isEmpty();
    }

    @Test
    void readersSeeAllOrNothing() throws Exception {
        byte[] big = new byte[1 << 20];
        new Random(1).nextBytes(big);
        try (ExecutorService pool = Executors.newFixedThreadPool(6)) {
            List<Future<?>> all = new ArrayList<>();
            for (int t = 0; t < 6; t++) {
                ProgramCache cache = new ProgramCache(temp); // as another process would have
                boolean writes = t % 2 == 0;
                all.add(
                        pool.submit(() -> {
                            for (int i = 0; i < 30; i++) {
                                if (writes) {
                                    cache.put(KEY, big);
                                } else {
                                    cache.get(KEY).ifPresent(b -> assertThat(b).isEqualTo(big));
                                }
                            }
                        }));
            }
            for (Future<?> f : all) {
                f.get();
            }
        }
        assertThat(new ProgramCache(temp).get(KEY)).hasValue(big);
    }

    @Test
    void theUserSaysWhere() {
        Path home = Path.of("/home/u/.cache/tatara");
        assertThat(ProgramCache.directory(null, null, null, "/home/u")).isEqualTo(home);
        assertThat(ProgramCache.directory(null, " ", "relative", "/home/u")).isEqualTo(home);
        assertThat(ProgramCache.directory(null, null, "/x", "/home/u"))
                .isEqualTo(Path.of("/x/tatara"));
        assertThat(ProgramCache.directory(null, "/env", "/x", "/home/u"))
                .isEqualTo(Path.of("/env"));
        assertThat(ProgramCache.directory("/prop", "/env", "/x", "/home/u"))
                .isEqualTo(Path.of("/prop"));
        assertThat(ProgramCache.directory("off", "/env", "/x", "/home/u")).isNull();
        assertThat(ProgramCache.directory(null, null, null, null)).isNull();
    }
}
