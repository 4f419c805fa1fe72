package io.tatara.runtime.natives;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NativeFileTest {
    private static final byte[] LIBRARY = new byte[3_000_000];

    static {
        new Random(1).nextBytes(LIBRARY);
    }

    /** A class path that holds one library. */
    private static final ClassLoader LOADER =
            new ClassLoader(null) {
                @Override
                public InputStream getResourceAsStream(String name) {
                    return name.equals("lib/libx.so") ? new ByteArrayInputStream(LIBRARY) : null;
                }
            };

    @TempDir Path folder;

    @Test
    void putsTheWholeFileThere() throws Exception {
        NativeFile.place(LOADER, "libx.so", folder);
        assertThat(folder.resolve("libx.so")).hasBinaryContent(LIBRARY);
    }

    @Test
    void replacesAHalfWrittenFile() throws Exception {
        Files.write(folder.resolve("libx.so"), new byte[17]);
        NativeFile.place(LOADER, "libx.so", folder);
        assertThat(folder.resolve("libx.so")).hasBinaryContent(LIBRARY);
    }

    @Test
    void leavesAnUnknownLibraryToItsBinding() throws Exception {
        NativeFile.place(LOADER, "liby.so", folder);
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void neverShowsPartOfAFile() throws Exception {
        Path target = folder.resolve("libx.so");
        try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
            CountDownLatch done = new CountDownLatch(3);
            List<Future<?>> writers = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                writers.add(
                        threads.submit(() -> {
                            NativeFile.place(LOADER, "libx.so", folder);
                            done.countDown();
                            return null;
                        }));
            }
            do {
                if (Files.exists(target)) {
                    assertThat(Files.size(target)).isEqualTo(LIBRARY.length);
                }
            } while (done.getCount() > 0);
            for (Future<?> w : writers) {
                w.get();
            }
        }
        assertThat(target).hasBinaryContent(LIBRARY);
    }

    @Test
    void readsTheVersionOfAnArtifact() {
        assertThat(NativeFile.version(org.jocl.CL.class, "org.jocl", "jocl")).matches("\\d+\\..*");
        assertThat(NativeFile.version(org.jocl.CL.class, "org.jocl", "nothing")).isNull();
    }
}
