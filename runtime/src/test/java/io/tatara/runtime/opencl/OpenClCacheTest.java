package io.tatara.runtime.opencl;

import static org.assertj.core.api.Assertions.assertThat;

import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.layout.Fill;
import io.tatara.runtime.cache.ProgramCache;
import io.tatara.runtime.spi.Binding;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Kept binaries, seen through the flight recorder's events. */
class OpenClCacheTest {
    @TempDir Path temp;

    /** Fills on a freshly opened device; the events of that. */
    private List<RecordedEvent> fill(ProgramCache cache) throws Exception {
        Path file = temp.resolve("events.jfr");
        try (Recording r = new Recording()) {
            for (String e : List.of("Compile", "Launch", "Copy")) {
                r.enable("tatara." + e).withoutThreshold();
            }
            r.start();
            try (OpenClDevice d = ClTests.open(cache)) {
                TensorSpec spec = TensorSpec.f32(100);
                Binding y = new Binding(spec, d.allocate(spec.dtype(), 100), null);
                d.execute(new Fill(spec, 3), new Binding[0], new Binding[] {y});
                float[] got = new float[100];
                d.download(y.memory(), MemorySegment.ofArray(got));
                assertThat(got).containsOnly(3);
            }
            r.stop();
            r.dump(file);
        }
        return RecordingFile.readAllEvents(file);
    }

    private boolean cached(Path folder) throws Exception {
        List<RecordedEvent> events = fill(new ProgramCache(folder));
        List<RecordedEvent> compiles =
                events.stream()
                        .filter(e -> e.getEventType().getName().equals("tatara.Compile"))
                        .toList();
        assertThat(compiles).hasSize(1);
        assertThat(compiles.getFirst().getString("program")).isEqualTo("layout/fill.cl");
        assertThat(events)
                .anyMatch(e ->
                        e.getEventType().getName().equals("tatara.Launch")
                                && e.getString("op").startsWith("Fill"));
        assertThat(events)
                .anyMatch(e ->
                        e.getEventType().getName().equals("tatara.Copy")
                                && e.getLong("bytes") == 400);
        return compiles.getFirst().getBoolean("cached");
    }

    private static Path only(Path folder) throws Exception {
        try (var files = Files.list(folder)) {
            List<Path> all = files.toList();
            assertThat(all).hasSize(1);
            return all.getFirst();
        }
    }

    @Test
    void theSecondTimeComesFromDisk() throws Exception {
        Path folder = temp.resolve("cache");
        assertThat(cached(folder)).isFalse();
        only(folder);
        assertThat(cached(folder)).isTrue();
    }

    @Test
    void damageAndForeignBinariesAreCompiledAnew() throws Exception {
        Path folder = temp.resolve("cache");
        assertThat(cached(folder)).isFalse();
        Path file = only(folder);
        byte[] good = Files.readAllBytes(file);
        Files.write(file, java.util.Arrays.copyOf(good, good.length / 2));
        assertThat(cached(folder)).isFalse();
        assertThat(Files.readAllBytes(file)).hasSizeGreaterThan(good.length / 2);
        // Whole and with the right checksum, but nothing that the driver knows.
        new ProgramCache(folder)
                .put(
                        file.getFileName().toString().replace(".bin", ""),
                        new byte[] {1, 2, 3, 4, 5, 6, 7, 8});
        assertThat(cached(folder)).isFalse();
        assertThat(cached(folder)).isTrue();
    }

    @Test
    void withoutADirectoryAllIsCompiled() throws Exception {
        Path file = Files.writeString(temp.resolve("file"), "");
        assertThat(cached(file)).isFalse();
        assertThat(cached(file)).isFalse();
    }
}
