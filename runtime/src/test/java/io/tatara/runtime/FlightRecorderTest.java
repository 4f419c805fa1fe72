package io.tatara.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the flight recorder sees of a small computation. */
class FlightRecorderTest {
    @TempDir Path folder;

    @Test
    void launchesCopiesAndAllocationsAreRecorded() throws Exception {
        Path file = folder.resolve("r.jfr");
        try (Recording recording = new Recording()) {
            for (String e : List.of("Launch", "Copy", "Allocation")) {
                recording.enable("tatara." + e).withoutThreshold();
            }
            recording.start();
            try (Device device = Tatara.open("jvm");
                    Scope scope = device.scope()) {
                Tensor a = scope.tensor(new float[] {1, 2, 3}, 3);
                assertThat(scope.ops().add(a, a).toFloats()).containsExactly(2, 4, 6);
            }
            recording.stop();
            recording.dump(file);
        }
        List<RecordedEvent> events = RecordingFile.readAllEvents(file);
        assertThat(events)
                .anySatisfy(e -> {
                    assertThat(e.getEventType().getName()).isEqualTo("tatara.Launch");
                    assertThat(e.getString("op")).isEqualTo("pointwise");
                    assertThat(e.getString("device")).isEqualTo("jvm:0");
                })
                .anySatisfy(e -> {
                    assertThat(e.getEventType().getName()).isEqualTo("tatara.Copy");
                    assertThat(e.getLong("bytes")).isEqualTo(12);
                })
                .anySatisfy(
                        e -> assertThat(e.getEventType().getName()).isEqualTo("tatara.Allocation"));
    }
}
