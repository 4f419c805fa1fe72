package io.tatara.kernels.batchnorm;

import static io.tatara.kernels.check.OnJvm.floats;
import static io.tatara.kernels.check.OnJvm.run;
import static io.tatara.kernels.check.OnJvm.vector;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.tatara.kernels.OpException;
import io.tatara.kernels.RefArray;
import io.tatara.kernels.TensorSpec;
import org.junit.jupiter.api.Test;

class BatchNormTest {
    /** Population variance for the result, unbiased variance for the running one. */
    @Test
    void oneChannelByHand() {
        RefArray x = floats(TensorSpec.f32(2, 1, 2), 1, 2, 3, 6);
        RefArray[] y =
                run(new BatchNorm(0.5f, 0.25f), x, vector(2), vector(1), vector(7), vector(5));
        assertThat(y[0].data()).containsExactly(new double[] {-1, 0, 1, 4}, within(1e-6));
        assertThat(y[1].data()).containsExactly(new double[] {3, 0.5}, within(1e-6));
        assertThat(y[2].data()).containsExactly(new double[] {6}, within(1e-6));
        assertThat(y[3].data())
                .containsExactly(new double[] {0.75 * 5 + 0.25 * 14 / 3}, within(1e-6));
    }

    @Test
    void anEmptyBatchLeavesTheRunningStatistics() {
        RefArray x = RefArray.zeros(TensorSpec.f32(0, 2, 3));
        RefArray[] y = run(new BatchNorm(0, 0.5f), x, null, null, vector(1, 2), vector(3, 4));
        assertThat(y[1].data()).containsOnly(Double.NaN);
        assertThat(y[2].data()).containsExactly(1, 2);
        assertThat(y[3].data()).containsExactly(3, 4);
    }

    @Test
    void wrongCalls() {
        BatchNorm op = new BatchNorm(1e-5f, 0.1f);
        TensorSpec x = TensorSpec.f32(2, 3, 4);
        TensorSpec c = TensorSpec.f32(3);
        assertThatThrownBy(() -> new BatchNorm(-1, 0)).isInstanceOf(OpException.class);
        assertThatThrownBy(() -> new BatchNorm(0, Float.NaN)).isInstanceOf(OpException.class);
        assertThatThrownBy(() -> op.infer(TensorSpec.f32(3))).isInstanceOf(OpException.class);
        assertThatThrownBy(() -> op.infer(x, TensorSpec.f32(4))).isInstanceOf(OpException.class);
        assertThatThrownBy(() -> op.infer(x, c, c, c, null))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("both");
    }
}
