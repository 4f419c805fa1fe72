package io.tatara.kernels.attention;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.tatara.kernels.OpException;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.check.KernelChecks;
import io.tatara.kernels.jvm.JvmArray;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class AdditiveAttentionTest {
    /** tanh of the second key: with v = 2 the scores are 0 and log 3, the weights 1/4 and 3/4. */
    private static final double T = Math.log(3) / 2;

    private static final TensorSpec PAIR = TensorSpec.f32(1, 2, 1);
    private static final TensorSpec ONE = TensorSpec.f32(1, 1, 1);

    private static JvmArray[] inputs(int... lengths) {
        float atanh = (float) (0.5 * Math.log((1 + T) / (1 - T)));
        return new JvmArray[] {
            JvmArray.of(ONE, new float[] {0}),
            JvmArray.of(PAIR, new float[] {0, atanh}),
            JvmArray.of(PAIR, new float[] {4, 8}),
            JvmArray.of(TensorSpec.f32(1), new float[] {2}),
            lengths.length == 0 ? null : JvmArray.of(TensorSpec.i32(1), lengths)
        };
    }

    private static JvmArray[] gradientInputs(Float dcontext, float[] dweights, int... lengths) {
        JvmArray[] in = Arrays.copyOf(inputs(lengths), 8);
        in[5] = JvmArray.of(TensorSpec.f32(1, 1, 2), new float[] {0.25f, 0.75f});
        in[6] = dcontext == null ? null : JvmArray.of(ONE, new float[] {dcontext});
        in[7] = dweights == null ? null : JvmArray.of(TensorSpec.f32(1, 1, 2), dweights);
        return in;
    }

    private static void near(float[] got, double... want) {
        assertThat(got).hasSize(want.length);
        for (int i = 0; i < want.length; i++) {
            assertThat((double) got[i]).as("element %d", i).isCloseTo(want[i], within(2e-6));
        }
    }

    @Test
    void weightsAndContextByHand() {
        float[][] out = KernelChecks.run(new AdditiveAttention(), inputs());
        near(out[1], 0.25, 0.75);
        near(out[0], 7);
    }

    @Test
    void lengthsMask() {
        float[][] one = KernelChecks.run(new AdditiveAttention(), inputs(1));
        near(one[1], 1, 0);
        near(one[0], 4);
        float[][] none = KernelChecks.run(new AdditiveAttention(), inputs(0));
        near(none[1], 0, 0);
        near(none[0], 0);
    }

    @Test
    void gradientByHand() {
        float[][] g = KernelChecks.run(new AdditiveAttentionGradient(), gradientInputs(1f, null));
        // dw = 4, 8; their mean 7; ds = 1/4 · −3, 3/4 · 1.
        double slope = 1 - T * T;
        near(g[0], 2 * (-0.75 + 0.75 * slope));
        near(g[1], -1.5, 1.5 * slope);
        near(g[2], 0.25, 0.75);
        near(g[3], 0.75 * T);
    }

    @Test
    void gradientOfTheWeightsAlone() {
        float[][] g =
                KernelChecks.run(
                        new AdditiveAttentionGradient(), gradientInputs(null, new float[] {0, 1}));
        // dw = 0, 1; their mean 3/4; ds = ∓3/16.
        near(g[3], 0.1875 * T);
        near(g[2], 0, 0);
    }

    @Test
    void gradientOfNothingIsZero() {
        float[][] g =
                KernelChecks.run(
                        new AdditiveAttentionGradient(),
                        gradientInputs(1f, new float[] {Float.NaN, Float.NaN}, 0));
        near(g[0], 0);
        near(g[1], 0, 0);
        near(g[2], 0, 0);
        near(g[3], 0);
    }

    @Test
    void wrongCallsNameTheArgument() {
        AdditiveAttention op = new AdditiveAttention();
        TensorSpec q = TensorSpec.f32(2, 3, 4);
        TensorSpec k = TensorSpec.f32(2, 5, 4);
        TensorSpec v = TensorSpec.f32(4);
        assertThatThrownBy(() -> op.infer(q, k, k))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("additive_attention")
                .hasMessageContaining("'inputs'");
        assertThatThrownBy(() -> op.infer(null, k, k, v, null)).hasMessageContaining("'queries'");
        assertThatThrownBy(() -> op.infer(q, TensorSpec.f32(2, 5, 3), k, v, null))
                .hasMessageContaining("'keys'");
        assertThatThrownBy(() -> op.infer(q, k, TensorSpec.f32(2, 6, 4), v, null))
                .hasMessageContaining("'values'");
        assertThatThrownBy(() -> op.infer(q, k, k, TensorSpec.f32(5), null))
                .hasMessageContaining("'v'");
        assertThatThrownBy(() -> op.infer(q, k, k, v, TensorSpec.f32(2)))
                .hasMessageContaining("'lengths'");
        TensorSpec w = TensorSpec.f32(2, 3, 5);
        assertThatThrownBy(() ->
                        new AdditiveAttentionGradient().infer(q, k, k, v, null, w, null, null))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("'dcontext'");
        assertThatThrownBy(
                        () -> new AdditiveAttentionGradient().infer(q, k, k, v, null, q, q, null))
                .hasMessageContaining("'weights'");
    }
}
