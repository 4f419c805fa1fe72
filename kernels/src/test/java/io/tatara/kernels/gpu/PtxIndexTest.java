package io.tatara.kernels.gpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class PtxIndexTest {
    private static final String A = PtxIndex.key(GpuProgram.of("a", "void a();", "N", 1));
    private static final PtxIndex INDEX =
            new PtxIndex(
                    List.of(
                            new PtxIndex.Entry(A, 75, false, "a75.ptx"),
                            new PtxIndex.Entry(A, 90, true, "a90a.ptx"),
                            new PtxIndex.Entry(A, 80, false, "a80.ptx")));

    @Test
    void theNewestThatTheDeviceRuns() {
        assertThat(INDEX.find(A, 75)).get().extracting("file").isEqualTo("a75.ptx");
        assertThat(INDEX.find(A, 89)).get().extracting("file").isEqualTo("a80.ptx");
        assertThat(INDEX.find(A, 90)).get().extracting("file").isEqualTo("a90a.ptx");
        assertThat(INDEX.find(A, 100)).get().extracting("file").isEqualTo("a80.ptx");
        assertThat(INDEX.find(A, 70)).isEmpty();
    }

    @Test
    void theKeyTellsDefinesAndHeadersApart() {
        assertThat(A).isEqualTo(PtxIndex.key(GpuProgram.of("a", "void a();", "N", 1)));
        assertThat(PtxIndex.key(GpuProgram.of("a", "void a();", "N", 2))).isNotEqualTo(A);
        assertThat(INDEX.find(PtxIndex.key(GpuProgram.of("a", "void b();", "N", 1)), 90)).isEmpty();
    }

    @Test
    void textAndBack() {
        assertThat(PtxIndex.parse(INDEX.text())).isEqualTo(INDEX);
        assertThat(PtxIndex.parse("\n# nothing\n").entries()).isEmpty();
        assertThatThrownBy(() -> PtxIndex.parse(A + " 90a"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("90a");
        assertThatThrownBy(() -> PtxIndex.parse(A + " 90 ../../etc"))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
