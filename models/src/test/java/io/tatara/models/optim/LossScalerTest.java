package io.tatara.models.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.tatara.kernels.DType;
import io.tatara.models.nn.Parameters;
import io.tatara.runtime.Device;
import io.tatara.runtime.Ops;
import io.tatara.runtime.Scope;
import io.tatara.runtime.Tape;
import io.tatara.runtime.Tatara;
import io.tatara.runtime.Tensor;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/** Training in float16 with a scaled loss. */
class LossScalerTest {
    private static final float[] X = new float[24];
    private static final float[] Y = new float[8];

    static {
        for (int i = 0; i < 8; i++) {
            for (int j = 0; j < 3; j++) {
                X[3 * i + j] = ((i * 5 + j * 3) % 7 - 3) / 2f;
            }
            Y[i] = X[3 * i] - 2 * X[3 * i + 1] + 0.5f * X[3 * i + 2];
        }
    }

    private static Parameters parameters(Device d) {
        Parameters p = new Parameters(d, 1);
        p.full("w", 0.25f, 3, 1);
        return p;
    }

    /** One step on the mean squared error of X w, computed in float16; gives the loss. */
    private static float step(Device d, Parameters p, Optimizer o, double rate) {
        try (Scope s = d.scope()) {
            Tape tape = s.tape().watch(p.tensors());
            Ops ops = tape.ops();
            Tensor x = s.tensor(DType.FLOAT16, X, 8, 3);
            Tensor y = s.tensor(DType.FLOAT16, Y, 8, 1);
            Tensor error = ops.sub(ops.matmul(x, ops.cast(p.get("w"), DType.FLOAT16)), y);
            Tensor loss = ops.mean(ops.cast(ops.mul(error, error), DType.FLOAT32));
            o.step(s, o.backward(tape, loss), rate);
            return loss.item();
        }
    }

    /**
     * A scale of 2²⁰ makes the gradients of float16 infinite; it falls until they are finite, while
     * weights and moments stay as they are, and then grows again.
     */
    @Test
    void trainingThatOverflowsAtFirstRecovers() {
        try (Device d = Tatara.open("jvm")) {
            train(d);
        }
    }

    private static float[] train(Device d) {
        try (Parameters p = parameters(d);
                Optimizer o =
                        new AdamOptimizer(p, 0).scaleLoss(new LossScaler(0x1p20, 2, 0.5, 20))) {
            float first = step(d, p, o, 0.05);
            assertThat(p.get("w").toFloats()).containsOnly(0.25f);
            assertThat(o.save().get("m.w").floats()).containsOnly(0);
            assertThat(o.save().get("v.w").floats()).containsOnly(0);
            assertThat(o.lossScale()).isEqualTo(0x1p19);
            int skipped = 1;
            while (p.get("w").toFloats()[0] == 0.25f) {
                step(d, p, o, 0.05);
                assertThat(++skipped).isLessThan(20);
            }
            assertThat(o.skipped()).isEqualTo(skipped - 1);
            // Adam's first step that is taken is of the learning rate: skipped ones do not count.
            assertThat(p.get("w").toFloats()[0]).isCloseTo(0.3f, within(1e-4f));
            double scale = o.lossScale();
            for (int i = 0; i < 100; i++) {
                step(d, p, o, 0.05);
            }
            assertThat(step(d, p, o, 0.05)).isLessThan(0.01f * first);
            assertThat(o.lossScale()).isGreaterThan(scale);
            float[] w = p.get("w").toFloats();
            return new float[] {w[0], w[1], w[2], (float) o.lossScale(), o.skipped()};
        }
    }

    @Test
    void openClTakesTheSameSteps() {
        Assumptions.assumeTrue(
                Tatara.devices().stream().anyMatch(i -> i.id().startsWith("opencl")), "no OpenCL");
        try (Device jvm = Tatara.open("jvm");
                Device cl = Tatara.open("opencl")) {
            float[] expected = train(jvm);
            float[] got = train(cl);
            for (int i = 0; i < expected.length; i++) {
                assertThat(got[i]).isCloseTo(expected[i], within(i < 3 ? 2e-3f : 0));
            }
        }
    }

    /** Where nothing overflows a scaled loss changes no weight: scales are powers of two. */
    @Test
    void aScaleThatFitsChangesNothing() {
        try (Device d = Tatara.open("jvm");
                Parameters p = parameters(d);
                Parameters q = parameters(d);
                Optimizer plain = new SgdOptimizer(p, 0.5, 0.9, false, 0.01);
                Optimizer scaled =
                        new SgdOptimizer(q, 0.5, 0.9, false, 0.01).scaleLoss(LossScaler.fixed(8))) {
            for (int i = 0; i < 10; i++) {
                step(d, p, plain, 0.1);
                step(d, q, scaled, 0.1);
            }
            float[] w = p.get("w").toFloats();
            for (int i = 0; i < 3; i++) {
                assertThat(q.get("w").toFloats()[i]).isCloseTo(w[i], within(1e-5f));
            }
            assertThat(w[0]).isNotEqualTo(0.25f);
            assertThat(scaled.lossScale()).isEqualTo(8);
            assertThat(plain.lossScale()).isEqualTo(1);
        }
    }

    @Test
    void theScaleIsSaved() {
        try (Device d = Tatara.open("jvm");
                Parameters p = parameters(d);
                Optimizer o = new AdamOptimizer(p, 1).scaleLoss(LossScaler.dynamic());
                Optimizer r = new AdamOptimizer(p, 1).scaleLoss(LossScaler.fixed(1));
                Optimizer plain = new AdamOptimizer(p, 1)) {
            for (int i = 0; i < 3; i++) {
                step(d, p, o, 0.1);
            }
            r.load(o.save());
            assertThat(r.lossScale()).isEqualTo(o.lossScale());
            assertThat(r.skipped()).isEqualTo(o.skipped()).isPositive();
            assertThatThrownBy(() -> r.load(plain.save())).hasMessageContaining("lossScale");
            assertThatThrownBy(() -> o.scaleLoss(LossScaler.dynamic()))
                    .hasMessageContaining("already");
            assertThatThrownBy(() -> LossScaler.fixed(0)).hasMessageContaining("initial");
        }
    }
}
