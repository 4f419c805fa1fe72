package io.tatara.models.optim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.tatara.models.OnJvm;
import io.tatara.models.nn.Parameters;
import io.tatara.runtime.Scope;
import io.tatara.runtime.Tape;
import io.tatara.runtime.Tensor;
import io.tatara.runtime.io.HostTensor;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

class OptimizerTest extends OnJvm {

    /** A step on the loss 3·x + 4·y, whose gradient is (3, 4), of norm 5. */
    private static void step(Parameters p, Optimizer o, double rate) {
        try (Scope s = device.scope()) {
            Tape t = s.tape().watch(p.tensors());
            Tensor loss = t.ops().add(t.ops().mul(p.get("x"), 3), t.ops().mul(p.get("y"), 4));
            o.step(s, t.backward(t.ops().sum(loss)), rate);
        }
    }

    private static Parameters parameters() {
        Parameters p = new Parameters(device, 1);
        p.full("x", 1, 1);
        p.full("y", 1, 1);
        return p;
    }

    @Test
    void sgdFollowsTheGradientAndItsMomentum() {
        try (Parameters p = parameters();
                Optimizer o = new SgdOptimizer(p, 0, 0.5, false, 0)) {
            step(p, o, 0.1);
            assertThat(p.get("x").item()).isCloseTo(0.7f, within(1e-6f));
            // velocity 0.5 · 3 + 3
            step(p, o, 0.1);
            assertThat(p.get("x").item()).isCloseTo(0.25f, within(1e-6f));
        }
    }

    @Test
    void weightsThatAreSparedDoNotDecay() {
        List<Function<Parameters, Optimizer>> optimizers =
                List.of(
                        p -> new AdamOptimizer(p, 0, 0.999, 0.5),
                        p -> new SgdOptimizer(p, 0, 0.9, true, 0.5),
                        p -> new AdagradOptimizer(p, 0, 0, 100, 1e-10, 2),
                        p -> new RmsPropOptimizer(p, 0, 0.99, 1, false, 0, 2),
                        p -> new RmsPropOptimizer(p, 0, 0.99, 1, true, 0.9, 2));
        for (Function<Parameters, Optimizer> optimizer : optimizers) {
            try (Parameters p = parameters();
                    Optimizer all = optimizer.apply(p);
                    Parameters q = parameters();
                    Optimizer one = optimizer.apply(q)) {
                Tensor y = q.get("y");
                one.decayOnly(t -> t == y);
                for (int i = 0; i < 2; i++) {
                    step(p, all, 0.1);
                    step(q, one, 0.1);
                }
                assertThat(q.get("y").item()).isEqualTo(p.get("y").item());
                assertThat(q.get("x").item()).isGreaterThan(p.get("x").item() + 0.01f);
            }
        }
    }

    @Test
    void gradientsAreClippedByTheirCommonNorm() {
        try (Parameters p = parameters();
                Optimizer o = new SgdOptimizer(p, 1)) {
            step(p, o, 1);
            assertThat(p.get("x").item()).isCloseTo(0.4f, within(1e-5f));
            assertThat(p.get("y").item()).isCloseTo(0.2f, within(1e-5f));
        }
    }

    @Test
    void adamTakesStepsOfTheLearningRate() {
        // With a constant gradient both corrected moments are exact: each step is the learning
        // rate.
        try (Parameters p = parameters();
                Optimizer o = new AdamOptimizer(p, 0)) {
            step(p, o, 0.1);
            step(p, o, 0.1);
            assertThat(p.get("x").item()).isCloseTo(0.8f, within(1e-5f));
            assertThat(p.get("y").item()).isCloseTo(0.8f, within(1e-5f));
            assertThat(o.steps()).isEqualTo(2);
        }
    }

    /** First the plain mean of 0.7 and 0.4, then a quarter of what comes. */
    @Test
    void meansOfTheWeightsAreKept() {
        try (Parameters p = parameters();
                Optimizer o = new SgdOptimizer(p, 0).average(0.75)) {
            step(p, o, 0.1);
            step(p, o, 0.1);
            assertMean(o, p, 0.4f, 0.55f);
            step(p, o, 0.1);
            assertMean(o, p, 0.1f, 0.4f);
            step(p, o, 0.1);
            assertMean(o, p, -0.2f, 0.25f);
            step(p, o, 0.1);
            assertMean(o, p, -0.5f, 0.0625f);
            Map<String, HostTensor> saved = o.save();
            assertThat(saved).containsKeys("mean.x", "mean.y");
            assertThatThrownBy(() -> o.average(0.5)).hasMessageContaining("second time");
        }
        try (Parameters p = parameters();
                Optimizer o = new SgdOptimizer(p, 0).average(0)) {
            step(p, o, 0.1);
            assertMean(o, p, 0.7f, 0.7f);
            assertThat(o.save()).doesNotContainKey("mean.x");
            assertThatThrownBy(() -> o.average(1)).hasMessageContaining("average");
        }
    }

    private static void assertMean(Optimizer o, Parameters p, float weight, float mean) {
        assertThat(p.get("x").item()).isCloseTo(weight, within(1e-6f));
        o.exchange();
        assertThat(p.get("x").item()).isCloseTo(mean, within(1e-6f));
        o.exchange();
        assertThat(p.get("x").item()).isCloseTo(weight, within(1e-6f));
    }

    @Test
    void adagradAndRmsPropDivideByWhatTheyHaveSeen() {
        try (Parameters p = parameters();
                Optimizer o = new AdagradOptimizer(p, 0, 1, 0, 0, 0)) {
            step(p, o, 0.1);
            assertThat(p.get("x").item()).isCloseTo(0.9f, within(1e-6f));
            // The sum has doubled, and the decay halves the rate.
            step(p, o, 0.1);
            assertThat(p.get("x").item())
                    .isCloseTo((float) (0.9 - 0.05 / Math.sqrt(2)), within(1e-6f));
        }
        try (Parameters p = parameters();
                Optimizer o = new AdagradOptimizer(p, 0, 0, 7, 0, 0)) {
            step(p, o, 0.1);
            assertThat(p.get("x").item()).isCloseTo((float) (1 - 0.3 / 4), within(1e-6f));
        }
        try (Parameters p = parameters();
                Optimizer o = new RmsPropOptimizer(p, 0, 0.75, 0, false, 0.5, 0)) {
            step(p, o, 0.1);
            assertThat(p.get("x").item()).isCloseTo(0.8f, within(1e-6f));
            // Mean square 9 (1 - 0.75²); velocity 0.5 · 2 + 1 / √(7/16)
            step(p, o, 0.1);
            assertThat(p.get("x").item())
                    .isCloseTo((float) (0.7 - 0.1 / Math.sqrt(7 / 16.0)), within(1e-6f));
            assertThat(o.save()).containsKeys("square.x", "momentum.y");
        }
        // Centered and with a constant gradient the variance is v - a² = 9 · (¼ - 1/16).
        try (Parameters p = parameters();
                Optimizer o = new RmsPropOptimizer(p, 0, 0.75, 0, true, 0, 0)) {
            step(p, o, 0.1);
            assertThat(p.get("x").item())
                    .isCloseTo((float) (1 - 0.1 / Math.sqrt(3 / 16.0)), within(1e-6f));
        }
    }

    @Test
    void stateComesBack() {
        try (Parameters p = parameters();
                Parameters q = parameters();
                Optimizer o = new AdamOptimizer(p, 1);
                Optimizer r = new AdamOptimizer(q, 1)) {
            step(p, o, 0.1);
            Map<String, HostTensor> saved = o.save();
            assertThat(saved).containsOnlyKeys("steps", "m.x", "m.y", "v.x", "v.y");
            q.load(p.save());
            r.load(saved);
            step(p, o, 0.1);
            step(q, r, 0.1);
            assertThat(q.get("x").item()).isEqualTo(p.get("x").item());
            assertThat(r.steps()).isEqualTo(2);
            Map<String, HostTensor> less = new HashMap<>(saved);
            less.remove("v.y");
            assertThatThrownBy(() -> r.load(less)).hasMessageContaining("v.y");
        }
        // Means of gradients and of weights, both of them.
        try (Parameters p = parameters();
                Parameters q = parameters();
                Optimizer o = new RmsPropOptimizer(p, 0, 0.75, 0, true, 0, 0).average(0.75);
                Optimizer r = new RmsPropOptimizer(q, 0, 0.75, 0, true, 0, 0).average(0.75)) {
            step(p, o, 0.1);
            q.load(p.save());
            r.load(o.save());
            step(p, o, 0.1);
            step(q, r, 0.1);
            assertThat(q.get("x").item()).isEqualTo(p.get("x").item());
        }
        try (Parameters p = parameters()) {
            assertThatThrownBy(() -> new SgdOptimizer(p, -1)).hasMessageContaining("clip");
        }
    }
}
