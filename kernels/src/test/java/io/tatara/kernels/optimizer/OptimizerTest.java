package io.tatara.kernels.optimizer;

import static io.tatara.kernels.TensorSpec.f32;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tatara.kernels.OpException;
import io.tatara.kernels.RefArray;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.check.ReferenceEmitter;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

/** Steps computed by hand, and wrong calls. */
class OptimizerTest {
    private static final Offset<Double> CLOSE = Offset.offset(1e-7);

    private static RefArray of(double... v) {
        return new RefArray(f32(v.length), v);
    }

    private static RefArray scalar(double v) {
        return new RefArray(f32(), new double[] {v});
    }

    /** Adam's first step is rate * sign(g) whatever the gradient's size. */
    @Test
    void adamFirstStepIsTheRate() {
        Adam op = new Adam(1, 0.9f, 0.999f, 0, 0);
        double c1 = 1 / (1 - (double) 0.9f);
        double c2 = 1 / (1 - (double) 0.999f);
        RefArray[] out =
                new ReferenceEmitter()
                        .run(op, of(0.1, 1, c1, c2), of(1, 1), of(3, -0.002), of(0, 0), of(0, 0));
        assertThat(out[0].data()[0]).isCloseTo(0.9, CLOSE);
        assertThat(out[0].data()[1]).isCloseTo(1.1, CLOSE);
        assertThat(out[1].data()[0]).isCloseTo(0.3, CLOSE);
        // 1 - beta2 of the float 0.999 is 1.3e-5 below 0.001, relatively.
        assertThat(out[2].data()[0]).isCloseTo(9 * (1 - (double) 0.999f), CLOSE);
    }

    /**
     * Two steps with beta1 = beta2 = 1/2, gradients 1 then 3: m = 0.5, v = 0.5; m = 1.75, v = 4.75;
     * corrected 7/3 and 19/3.
     */
    @Test
    void adamSecondStep() {
        Adam op = new Adam(1, 0.5f, 0.5f, 0, 0);
        ReferenceEmitter ref = new ReferenceEmitter();
        RefArray[] s = ref.run(op, of(1, 1, 2, 2), of(0), of(1), of(0), of(0));
        assertThat(s[0].data()[0]).isCloseTo(-1, CLOSE);
        RefArray[] t = ref.run(op, of(1, 1, 4 / 3.0, 4 / 3.0), s[0], of(3), s[1], s[2]);
        assertThat(t[1].data()[0]).isEqualTo(1.75);
        assertThat(t[2].data()[0]).isEqualTo(4.75);
        assertThat(t[0].data()[0]).isCloseTo(-1 - 7 / 3.0 / Math.sqrt(19 / 3.0), CLOSE);
    }

    @Test
    void adamDecayIsDecoupled() {
        Adam op = new Adam(1, 0.5f, 0.5f, 1, 0.25f);
        RefArray[] s = new ReferenceEmitter().run(op, of(0.5, 1, 2, 2), of(8), of(0), of(0), of(0));
        assertThat(s[0].data()).containsExactly(8 - 0.5 * 0.25 * 8);
    }

    @Test
    void sgdWithMomentum() {
        // g' = 2 * 1 + 0.5 * 4 = 4; m = 0.5 * 2 + 4 = 5; plain 4 - 0.1 * 5, Nesterov 4 - 0.1 * (4 +
        // 2.5)
        RefArray[] in = {of(0.1, 2), of(4), of(1), of(2)};
        ReferenceEmitter ref = new ReferenceEmitter();
        RefArray[] plain = ref.run(new Sgd(1, 0.5f, false, 0.5f), in);
        assertThat(plain[0].data()[0]).isCloseTo(3.5, CLOSE);
        assertThat(plain[1].data()[0]).isEqualTo(5);
        RefArray[] nesterov = ref.run(new Sgd(1, 0.5f, true, 0.5f), in);
        assertThat(nesterov[0].data()[0]).isCloseTo(3.35, CLOSE);
    }

    @Test
    void adamPenaltyIsAddedToTheGradient() {
        // g' = 1 + 0.25 * 8 = 3: m = 1.5, v = 4.5, corrected 3 and 9, so the step is the rate.
        Adam op = new Adam(1, 0.5f, 0.5f, 0, 0.25f, false);
        RefArray[] s = new ReferenceEmitter().run(op, of(0.5, 1, 2, 2), of(8), of(1), of(0), of(0));
        assertThat(s[0].data()).containsExactly(7.5);
        assertThat(s[1].data()).containsExactly(1.5);
        assertThat(s[2].data()).containsExactly(4.5);
    }

    @Test
    void adagradDividesByTheRootOfTheSumOfSquares() {
        // g' = 0.5 * 4 + 0.5 * 2 = 3; s = 7 + 9 = 16; 2 - 0.1 * 3 / (4 + 1)
        RefArray[] s =
                new ReferenceEmitter()
                        .run(new Adagrad(1, 1, 0.5f), of(0.1, 0.5), of(2), of(4), of(7));
        assertThat(s[0].data()[0]).isCloseTo(1.94, CLOSE);
        assertThat(s[1].data()).containsExactly(16);
    }

    @Test
    void rmsPropByHand() {
        // v = 0.75 * 20 + 0.25 * 4 = 16; d = 2 / 4
        ReferenceEmitter ref = new ReferenceEmitter();
        RmsProp plain = new RmsProp(1, 0.75f, 0, false, 0, 0);
        RefArray[] s = ref.run(plain, of(0.1, 2), of(1), of(1), of(20));
        assertThat(s[0].data()[0]).isCloseTo(0.95, CLOSE);
        assertThat(s[1].data()).containsExactly(16);
        // a = 0.75 * 2 + 0.25 * 2 = 2; variance 13 - 4 = 9; d = 2 / 3; m = 0.5 * 2 + 2 / 3
        RmsProp all = new RmsProp(1, 0.75f, 0, true, 0.5f, 0);
        s = ref.run(all, of(0.1, 2), of(1), of(1), of(16), of(2), of(2));
        assertThat(s[1].data()).containsExactly(13);
        assertThat(s[2].data()).containsExactly(2);
        assertThat(s[3].data()[0]).isCloseTo(5 / 3.0, CLOSE);
        assertThat(s[0].data()[0]).isCloseTo(1 - 0.1 * 5 / 3, CLOSE);
        // A variance that would be negative counts as 0.
        s = ref.run(new RmsProp(1, 0.75f, 2, true, 0, 0), of(1, 1), of(1), of(1), of(0), of(5));
        assertThat(s[0].data()).containsExactly(0.5);
    }

    @Test
    void anInfiniteScaleSkipsTheStep() {
        double skip = Double.POSITIVE_INFINITY;
        ReferenceEmitter ref = new ReferenceEmitter();
        RefArray[] s =
                ref.run(
                        new Adam(1, 0.5f, 0.5f, 0, 1),
                        of(1, skip, 2, 2),
                        of(3),
                        of(7),
                        of(4),
                        of(5));
        assertThat(new double[] {s[0].data()[0], s[1].data()[0], s[2].data()[0]})
                .containsExactly(3, 4, 5);
    }

    @Test
    void theScaleOfTheLossFallsAndGrows() {
        ReferenceEmitter ref = new ReferenceEmitter();
        LossScale op = new LossScale(2, 0.5f, 2, 0);
        RefArray[] s = ref.run(op, scalar(Double.NaN), of(1024, 1, 0, 0));
        assertThat(s[0].data()).containsExactly(512, 0, 0, 1);
        assertThat(s[1].data()).containsExactly(Double.POSITIVE_INFINITY);
        s = ref.run(op, scalar(8), s[0]);
        assertThat(s[0].data()).containsExactly(512, 1, 1, 1);
        assertThat(s[1].data()).containsExactly(1 / 512.0);
        s = ref.run(op, scalar(8), s[0]);
        assertThat(s[0].data()).containsExactly(1024, 0, 2, 1);
    }

    @Test
    void clippingByNorm() {
        ReferenceEmitter ref = new ReferenceEmitter();
        RefArray norm = ref.run(new GlobalNorm(2), of(3), of(0, 4))[0];
        assertThat(norm.data()).containsExactly(5);
        RefArray scale = ref.run(new ClipScale(1), norm)[0];
        assertThat(scale.data()[0]).isCloseTo(0.2, Offset.offset(1e-6));
        assertThat(ref.run(new ClipScale(1), scalar(0.5))[0].data()).containsExactly(1);
        assertThat(ref.run(new ClipScale(1), scalar(Double.NaN))[0].data())
                .containsExactly(Double.NaN);
        assertThat(ref.run(new ScaleAll(2), scalar(2), of(1), of(2, 3))[1].data())
                .containsExactly(4, 6);
    }

    @Test
    void outputsOverwriteTheirInputs() {
        Sgd sgd = new Sgd(2, 0.9f, false, 0);
        assertThat(new int[] {sgd.alias(0), sgd.alias(1), sgd.alias(2), sgd.alias(3)})
                .containsExactly(1, 2, 5, 6);
        Adam adam = new Adam(2, 0.9f, 0.99f, 0, 0);
        assertThat(new int[] {adam.alias(0), adam.alias(1), adam.alias(2), adam.alias(5)})
                .containsExactly(1, 2, 5, 8);
        assertThat(new ScaleAll(2).alias(1)).isEqualTo(2);
    }

    @Test
    void wrongCallsSayWhatIsWrong() {
        TensorSpec hyper = f32(2);
        Sgd sgd = new Sgd(1, 0, false, 0);
        assertThatThrownBy(() -> sgd.infer(hyper, f32(3), f32(4)))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("sgd")
                .hasMessageContaining("'g0'");
        assertThatThrownBy(() -> sgd.infer(f32(3), f32(3), f32(3)))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("'hyper'");
        assertThatThrownBy(() -> sgd.infer(hyper, f32(3))).isInstanceOf(OpException.class);
        assertThatThrownBy(() -> sgd.infer(hyper, f32(3), null)).isInstanceOf(OpException.class);
        assertThatThrownBy(() -> new Sgd(1, 0, true, 0)).hasMessageContaining("'nesterov'");
        assertThatThrownBy(() -> new Sgd(0, 0, false, 0)).hasMessageContaining("'tensors'");
        assertThatThrownBy(() -> new Adam(1, 1, 0.9f, 0, 0)).hasMessageContaining("'beta1'");
        assertThatThrownBy(() ->
                        new Adam(1, 0.9f, 0.9f, 0, 0).infer(f32(4), f32(3), f32(3), f32(3), f32(2)))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("'v0'");
        assertThatThrownBy(() -> new Adagrad(1, 0, 0).infer(hyper, f32(3), f32(3), f32(2)))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("'s0'");
        RmsProp rms = new RmsProp(1, 0.9f, 0, true, 0.9f, 0);
        assertThatThrownBy(() -> rms.infer(hyper, f32(3), f32(3), f32(3), f32(2), f32(3)))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("'a0'");
        assertThatThrownBy(() -> rms.infer(hyper, f32(3), f32(3), f32(3)))
                .isInstanceOf(OpException.class);
        assertThatThrownBy(() -> new RmsProp(1, 1, 0, false, 0, 0)).hasMessageContaining("'alpha'");
        assertThatThrownBy(() -> new LossScale(0.5f, 0.5f, 1, 0)).hasMessageContaining("'growth'");
        assertThatThrownBy(() -> new LossScale(2, 0, 1, 0)).hasMessageContaining("'backoff'");
        assertThatThrownBy(() -> new GlobalNorm(1).infer(TensorSpec.i32(3)))
                .isInstanceOf(OpException.class);
        assertThatThrownBy(() -> new ClipScale(0)).isInstanceOf(OpException.class);
        assertThatThrownBy(() -> new ClipScale(Float.NaN)).isInstanceOf(OpException.class);
    }
}
