package io.tatara.kernels.softmax;

import static io.tatara.kernels.check.OnJvm.floats;
import static io.tatara.kernels.check.OnJvm.ints;
import static io.tatara.kernels.check.OnJvm.run;
import static io.tatara.kernels.check.OnJvm.vector;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.tatara.kernels.OpException;
import io.tatara.kernels.RefArray;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.check.ReferenceEmitter;
import org.junit.jupiter.api.Test;

class SoftmaxTest {
    private static final double INF = Double.POSITIVE_INFINITY;

    private static void close(double[] got, double... want) {
        assertThat(got).containsExactly(want, within(1e-6));
    }

    @Test
    void knownProbabilities() {
        // Scores log 1, log 2, log 5 have the probabilities 1/8, 2/8, 5/8.
        RefArray x = vector(0, Math.log(2), Math.log(5));
        close(run(new Softmax(false), x, null)[0].data(), 0.125, 0.25, 0.625);
        close(
                run(new Softmax(true), x, null)[0].data(),
                -Math.log(8),
                -Math.log(4),
                Math.log(0.625));
    }

    @Test
    void maskedRows() {
        RefArray x = floats(TensorSpec.f32(3, 2), 0, 0, 7, Double.NaN, Double.NaN, INF);
        RefArray lengths = ints(2, 1, 0);
        close(run(new Softmax(false), x, lengths)[0].data(), 0.5, 0.5, 1, 0, 0, 0);
        double[] log = run(new Softmax(true), x, lengths)[0].data();
        assertThat(log[2]).isZero();
        assertThat(log).endsWith(-INF, -INF, -INF);
        assertThat(run(new Softmax(false), vector(-INF, -INF), null)[0].data())
                .containsExactly(0, 0);
        assertThat(run(new Softmax(true), vector(-INF, -INF), null)[0].data())
                .containsExactly(-INF, -INF);
    }

    /** Finite differences cannot see this one: the masked outputs are -infinity. */
    @Test
    void gradientOfRaggedLogarithm() {
        RefArray[] in = {floats(TensorSpec.f32(2, 3), 0, Math.log(3), 9, 1, 2, 3), ints(2, 0)};
        ReferenceEmitter ref = new ReferenceEmitter();
        Softmax op = new Softmax(true);
        RefArray dy = floats(TensorSpec.f32(2, 3), 1, 0, 100, 5, 5, 5);
        RefArray[] g =
                ref.gradient(
                        op, in, ref.run(op, in), new RefArray[] {dy}, new boolean[] {true, false});
        // dy - p * sum(dy) with p = 1/4, 3/4.
        close(g[0].data(), 0.75, -0.75, 0, 0, 0, 0);
        RefArray y = run(op, in)[0];
        close(run(new SoftmaxGradient(true), y, dy)[0].data(), 0.75, -0.75, 0, 0, 0, 0);
    }

    @Test
    void crossEntropyOfKnownProbabilities() {
        RefArray x = floats(TensorSpec.f32(2, 2), 0, Math.log(3), 0, 0);
        RefArray labels = ints(1, 0);
        double a = Math.log(4.0 / 3);
        double b = Math.log(2);
        close(run(new CrossEntropy(-100, 0, Reduction.NONE), x, labels)[0].data(), a, b);
        close(run(new CrossEntropy(-100, 0, Reduction.SUM), x, labels)[0].data(), a + b);
        RefArray[] mean = run(new CrossEntropy(-100, 0, Reduction.MEAN), x, labels);
        close(mean[0].data(), (a + b) / 2);
        // The whole part of log 3, the largest logit, and the rest.
        close(mean[1].data(), 1, Math.log(4) - 1, 0, Math.log(2));
        RefArray dx =
                run(
                        new CrossEntropyGradient(-100, 0, Reduction.MEAN),
                        x,
                        labels,
                        mean[1],
                        floats(TensorSpec.f32(), 2),
                        null)[0];
        close(dx.data(), 0.25, -0.25, -0.5, 0.5);
    }

    @Test
    void labelSmoothing() {
        // Targets 0.1 and 0.9 against the probabilities 1/4 and 3/4.
        RefArray x = floats(TensorSpec.f32(1, 2), 0, Math.log(3));
        RefArray[] y = run(new CrossEntropy(-100, 0.2f, Reduction.SUM), x, ints(1));
        close(y[0].data(), 0.1 * Math.log(4) + 0.9 * Math.log(4.0 / 3));
        RefArray dx =
                run(
                        new CrossEntropyGradient(-100, 0.2f, Reduction.SUM),
                        x,
                        ints(1),
                        y[1],
                        floats(TensorSpec.f32(), 1),
                        null)[0];
        close(dx.data(), 0.15, -0.15);
    }

    @Test
    void ignoredAndWrongLabels() {
        RefArray x = floats(TensorSpec.f32(3, 2), 0, 0, Double.NaN, INF, 0, 0);
        RefArray labels = ints(0, -100, 2);
        RefArray[] rows = run(new CrossEntropy(-100, 0, Reduction.NONE), x, labels);
        close(rows[0].data(), Math.log(2), 0, Double.NaN);
        close(rows[1].data(), 0, Math.log(2), 0, 0, 0, Math.log(2));
        RefArray dx =
                run(
                        new CrossEntropyGradient(-100, 0, Reduction.NONE),
                        x,
                        labels,
                        rows[1],
                        vector(1, 1, 1),
                        null)[0];
        close(dx.data(), -0.5, 0.5, 0, 0, Double.NaN, Double.NaN);
        RefArray nothing = ints(-100, -100, -100);
        RefArray[] mean = run(new CrossEntropy(-100, 0, Reduction.MEAN), x, nothing);
        assertThat(mean[0].data()).containsExactly(0);
        assertThat(
                        run(
                                new CrossEntropyGradient(-100, 0, Reduction.MEAN),
                                x,
                                nothing,
                                mean[1],
                                floats(TensorSpec.f32(), 1),
                                null)[0]
                                .data())
                .containsOnly(0);
    }

    /** Near 1000 a float32 of log Σ exp would be wrong by 3e-5, and so would probabilities. */
    @Test
    void probabilitiesOfLargeLogitsAreExact() {
        RefArray x = floats(TensorSpec.f32(1, 3), 1000.25, 998.5, 1001.75);
        RefArray[] y = run(new CrossEntropy(-100, 0, Reduction.SUM), x, ints(0));
        RefArray dx =
                run(
                        new CrossEntropyGradient(-100, 0, Reduction.SUM),
                        x,
                        ints(0),
                        y[1],
                        floats(TensorSpec.f32(), 1),
                        null)[0];
        double sum = Math.exp(-1.5) + Math.exp(-3.25) + 1;
        assertThat(dx.data())
                .containsExactly(
                        new double[] {Math.exp(-1.5) / sum - 1, Math.exp(-3.25) / sum, 1 / sum},
                        within(3e-7));
    }

    @Test
    void wrongCalls() {
        TensorSpec x = TensorSpec.f32(4, 3);
        assertThatThrownBy(() -> new Softmax(false).infer(x, TensorSpec.i32(3)))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("softmax: argument 'lengths'");
        assertThatThrownBy(() -> new Softmax(false).infer(TensorSpec.f32(), null))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("'x'");
        assertThatThrownBy(() -> new SoftmaxGradient(false).infer(x, TensorSpec.f32(4)))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("'dy'");
        assertThatThrownBy(() -> new CrossEntropy(-100, 1.5f, Reduction.MEAN))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("smoothing");
        assertThatThrownBy(
                        () -> new CrossEntropy(-100, 0, Reduction.MEAN).infer(x, TensorSpec.i32(3)))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("'labels'");
        assertThatThrownBy(() ->
                        new CrossEntropyGradient(-100, 0, Reduction.NONE)
                                .infer(
                                        x,
                                        TensorSpec.i32(4),
                                        TensorSpec.f32(4, 2),
                                        TensorSpec.f32(),
                                        null))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("'dloss'");
    }
}
