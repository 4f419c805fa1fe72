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
                            new PtxIndex.Entry(A, 75, false, "a75.xz", 7, 9),
                            new PtxIndex.Entry(A, 90, true, "a90a.xz", 7, 9),
                            new PtxIndex.Entry(A, 80, false, "a80.xz", 0, 1 << 20)));

    @Test
    void theNewestThatTheDeviceRuns() {
        assertThat(INDEX.find(A, 75)).get().extracting("file").isEqualTo("a75.xz");
        assertThat(INDEX.find(A, 89)).get().extracting("file").isEqualTo("a80.xz");
        assertThat(INDEX.find(A, 90)).get().extracting("file").isEqualTo("a90a.xz");
        assertThat(INDEX.find(A, 100)).get().extracting("file").isEqualTo("a80.xz");
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
        assertThatThrownBy(() -> PtxIndex.parse(A + " 90a a.xz 0"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("90a");
        assertThatThrownBy(() -> PtxIndex.parse(A + " 90 ../../etc 0 1"))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> PtxIndex.parse(A + " 90 a.xz -1 99999999999"))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
