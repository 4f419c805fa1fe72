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

class MultiplicativeAttentionTest {
    /** Scores 0 and 0.5 · 2 · log 3: weights 1/4 and 3/4. */
    private static final float LOG3 = (float) Math.log(3);

    private static final TensorSpec PAIR = TensorSpec.f32(1, 2, 1);
    private static final TensorSpec ONE = TensorSpec.f32(1, 1, 1);
    private static final MultiplicativeAttention OP = new MultiplicativeAttention(0.5f);
    private static final MultiplicativeAttentionGradient GRADIENT =
            new MultiplicativeAttentionGradient(0.5f);

    private static JvmArray[] inputs(int... lengths) {
        return new JvmArray[] {
            JvmArray.of(ONE, new float[] {2}),
            JvmArray.of(PAIR, new float[] {0, LOG3}),
            JvmArray.of(PAIR, new float[] {4, 8}),
            lengths.length == 0 ? null : JvmArray.of(TensorSpec.i32(1), lengths)
        };
    }

    private static JvmArray[] gradientInputs(Float dcontext, float[] dweights, int... lengths) {
        JvmArray[] in = Arrays.copyOf(inputs(lengths), 7);
        in[4] = JvmArray.of(TensorSpec.f32(1, 1, 2), new float[] {0.25f, 0.75f});
        in[5] = dcontext == null ? null : JvmArray.of(ONE, new float[] {dcontext});
        in[6] = dweights == null ? null : JvmArray.of(TensorSpec.f32(1, 1, 2), dweights);
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
        float[][] out = KernelChecks.run(OP, inputs());
        near(out[1], 0.25, 0.75);
        near(out[0], 7);
    }

    @Test
    void lengthsMask() {
        near(KernelChecks.run(OP, inputs(1))[0], 4);
        float[][] none = KernelChecks.run(OP, inputs(0));
        near(none[0], 0);
        near(none[1], 0, 0);
    }

    @Test
    void gradientByHand() {
        float[][] g = KernelChecks.run(GRADIENT, gradientInputs(1f, null));
        // dw = 4, 8; their mean 7; ds = 1/4 · −3, 3/4 · 1; times the scale ∓0.375.
        near(g[0], 0.375 * LOG3);
        near(g[1], -0.75, 0.75);
        near(g[2], 0.25, 0.75);
    }

    @Test
    void bothGradientsAdd() {
        // dw = 4 + 4, 8 + 0: all alike, so that no score matters.
        float[][] g = KernelChecks.run(GRADIENT, gradientInputs(1f, new float[] {4, 0}));
        near(g[0], 0);
        near(g[1], 0, 0);
        near(g[2], 0.25, 0.75);
    }

    @Test
    void gradientOfNothingIsZero() {
        float[][] g = KernelChecks.run(GRADIENT, gradientInputs(1f, new float[] {Float.NaN, 0}, 0));
        near(g[0], 0);
        near(g[1], 0, 0);
        near(g[2], 0, 0);
    }

    @Test
    void wrongCallsNameTheArgument() {
        assertThatThrownBy(() -> new MultiplicativeAttention(Float.NaN))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("multiplicative_attention")
                .hasMessageContaining("'scale'");
        TensorSpec q = TensorSpec.f32(2, 3, 4);
        TensorSpec k = TensorSpec.f32(2, 5, 4);
        assertThatThrownBy(() -> OP.infer(q, TensorSpec.f32(2, 5, 3), k, null))
                .hasMessageContaining("'keys'");
        assertThatThrownBy(() -> OP.infer(q, k, k, TensorSpec.i32(3)))
                .hasMessageContaining("'lengths'");
        assertThatThrownBy(() -> GRADIENT.infer(q, k, k, null, q, q, null))
                .hasMessageContaining("'weights'");
    }
}
