package io.tatara.kernels.reduce;

import static io.tatara.kernels.check.OnJvm.floats;
import static io.tatara.kernels.check.OnJvm.run;
import static io.tatara.kernels.check.OnJvm.vector;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tatara.kernels.OpException;
import io.tatara.kernels.RefArray;
import io.tatara.kernels.Shape;
import io.tatara.kernels.TensorSpec;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class ReduceTest {
    private static final RefArray X = floats(TensorSpec.f32(2, 3), 1, 5, 3, 4, 2, 6);
    private static final double NAN = Double.NaN;

    private static double[] reduce(ReduceKind kind, RefArray x, Integer... axes) {
        return run(new Reduce(kind, List.of(axes), false), x)[0].data();
    }

    @Test
    void knownValues() {
        assertThat(reduce(ReduceKind.SUM, X, 1)).containsExactly(9, 12);
        assertThat(reduce(ReduceKind.MEAN, X, 0)).containsExactly(2.5, 3.5, 4.5);
        assertThat(reduce(ReduceKind.MAX, X)).containsExactly(6);
        assertThat(reduce(ReduceKind.MAX, vector(1, NAN, 3))).containsExactly(NAN);
        assertThat(reduce(ReduceKind.SUM, vector())).containsExactly(0);
        assertThat(reduce(ReduceKind.MEAN, vector())).containsExactly(NAN);
        assertThat(reduce(ReduceKind.MAX, vector())).containsExactly(Double.NEGATIVE_INFINITY);
    }

    @Test
    void sumsOfAMillionTermsStayAtRoundingLevel() {
        // In float, 0.1 added a million times one after the other is off by one per cent.
        double[] tenths = new double[1_000_000];
        Arrays.fill(tenths, 0.1f);
        double want = (float) (0.1f * 1e6);
        assertThat(reduce(ReduceKind.SUM, vector(tenths))[0])
                .isCloseTo(want, org.assertj.core.data.Percentage.withPercentage(1e-4));
        RefArray tall = floats(TensorSpec.f32(50_000, 20), tenths);
        assertThat(Arrays.stream(reduce(ReduceKind.MEAN, tall, 0)).boxed())
                .allSatisfy(v ->
                        assertThat(v)
                                .isCloseTo(
                                        0.1f,
                                        org.assertj.core.data.Percentage.withPercentage(1e-4)));
    }

    @Test
    void shapes() {
        TensorSpec x = TensorSpec.f32(2, 3, 4);
        assertThat(new Reduce(ReduceKind.SUM, List.of(-1, 0), true).infer(x)[0])
                .isEqualTo(TensorSpec.f32(1, 3, 1));
        assertThat(new Reduce(ReduceKind.SUM, List.of(-1, 0), false).infer(x)[0])
                .isEqualTo(TensorSpec.f32(3));
        assertThat(new ArgMax(-2).infer(x)[0]).isEqualTo(TensorSpec.i32(2, 4));
        assertThat(new TopK(3).infer(x))
                .containsExactly(TensorSpec.f32(2, 3, 3), TensorSpec.i32(2, 3, 3));
    }

    @Test
    void passesMergeAxes() {
        Shape x = Shape.of(2, 1, 3, 4, 5);
        Axes middle = new Axes(new boolean[] {false, true, true, true, false});
        assertThat(Pass.of(x, middle)).containsExactly(new Pass(2, 12, 5));
        Axes outside = new Axes(new boolean[] {true, false, false, false, true});
        assertThat(Pass.of(x, outside)).containsExactly(new Pass(24, 5, 1), new Pass(1, 2, 12));
    }

    @Test
    void maximumSharesItsGradient() {
        ReduceGradient op = new ReduceGradient(ReduceKind.MAX, List.of(1), false, Shape.of(3, 3));
        RefArray x = floats(TensorSpec.f32(3, 3), 1, 2, 2, 5, 4, 3, NAN, 1, NAN);
        assertThat(run(op, x, vector(2, 5, NAN), vector(6, 7, 8))[0].data())
                .containsExactly(0, 3, 3, 7, 0, 0, 4, 0, 4);
    }

    @Test
    void selection() {
        RefArray x = floats(TensorSpec.f32(2, 4), 3, 7, 7, 1, 2, NAN, 9, NAN);
        assertThat(run(new ArgMax(1), x)[0].data()).containsExactly(1, 1);
        RefArray[] top = run(new TopK(3), x);
        assertThat(top[0].data()).containsExactly(7, 7, 3, NAN, NAN, 9);
        assertThat(top[1].data()).containsExactly(1, 2, 0, 1, 3, 2);
        RefArray zeros = vector(-0.0, 0.0, -0.0);
        assertThat(run(new TopK(3), zeros)[1].data()).containsExactly(0, 1, 2);
        RefArray indices = new RefArray(TensorSpec.i32(2, 2), new double[] {2, 0, 1, 3});
        assertThat(
                        run(new TopKGradient(4), indices, floats(TensorSpec.f32(2, 2), 5, 6, 7, 8))[
                                0]
                                .data())
                .containsExactly(6, 0, 5, 0, 0, 7, 0, 8);
    }

    @Test
    void wrongCalls() {
        TensorSpec x = TensorSpec.f32(2, 3);
        assertThatThrownBy(() -> new Reduce(ReduceKind.SUM, List.of(2), false).infer(x))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("reduce: argument 'axes'");
        assertThatThrownBy(() -> new Reduce(ReduceKind.SUM, List.of(1, -1), false).infer(x))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("at most once");
        assertThatThrownBy(
                        () -> new Reduce(ReduceKind.SUM, List.of(), false).infer(TensorSpec.i32(2)))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("'x'");
        assertThatThrownBy(() ->
                        new ReduceGradient(ReduceKind.MAX, List.of(1), false, x.shape())
                                .infer(null, null, TensorSpec.f32(2)))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("'x'");
        assertThatThrownBy(() -> new ArgMax(1).infer(TensorSpec.f32(2, 0)))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("arg_max: argument 'x'");
        assertThatThrownBy(() -> new TopK(0))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("'k'");
        assertThatThrownBy(() -> new TopK(4).infer(x))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("top_k");
        assertThatThrownBy(() -> new TopKGradient(3).infer(TensorSpec.i32(4), TensorSpec.f32(4)))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("'indices'");
    }
}
