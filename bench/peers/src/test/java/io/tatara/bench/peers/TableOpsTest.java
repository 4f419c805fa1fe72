package io.tatara.bench.peers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tatara.kernels.TataraException;
import io.tatara.kernels.softmax.CrossEntropy;
import io.tatara.kernels.softmax.Reduction;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TableOpsTest {
    @Test
    void makesWhatTheTableHolds() {
        Map<String, Object> all = Map.of("ignoreIndex", -1, "smoothing", 0.1f, "reduction", "SUM");
        assertThat(TableOps.make("cross_entropy", all))
                .isEqualTo(new CrossEntropy(-1, 0.1f, Reduction.SUM));
        assertThat(TableOps.make("no_such_op", all)).isNull();
    }

    @Test
    void namesWhatIsMissing() {
        assertThatThrownBy(() -> TableOps.make("cross_entropy", Map.of("ignoreIndex", -1)))
                .isInstanceOf(TataraException.class)
                .hasMessageContaining("smoothing");
    }
}
