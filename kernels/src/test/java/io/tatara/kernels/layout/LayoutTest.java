package io.tatara.kernels.layout;

import static io.tatara.kernels.check.OnJvm.floats;
import static io.tatara.kernels.check.OnJvm.ints;
import static io.tatara.kernels.check.OnJvm.run;
import static io.tatara.kernels.check.OnJvm.vector;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tatara.kernels.DType;
import io.tatara.kernels.Op;
import io.tatara.kernels.OpException;
import io.tatara.kernels.RefArray;
import io.tatara.kernels.Shape;
import io.tatara.kernels.TensorSpec;
import java.util.List;
import org.junit.jupiter.api.Test;

class LayoutTest {
    private static final RefArray X = floats(TensorSpec.f32(2, 3), 1, 2, 3, 4, 5, 6);

    private static double[] first(Op op, RefArray... in) {
        return run(op, in)[0].data();
    }

    @Test
    void knownValues() {
        assertThat(first(new Transpose(List.of(1, 0)), X)).containsExactly(1, 4, 2, 5, 3, 6);
        assertThat(
                        first(
                                new Slice(
                                        List.of(0, -2),
                                        List.of(2, Integer.MAX_VALUE),
                                        List.of(1, 1)),
                                X))
                .containsExactly(2, 3, 5, 6);
        assertThat(first(Slice.axis(Shape.of(2, 3), -1, 1, 2), X)).containsExactly(2, 5);
        assertThat(
                        first(
                                new SliceScatter(Shape.of(5), List.of(1), List.of(5), List.of(2)),
                                vector(7, 8)))
                .containsExactly(0, 7, 0, 8, 0);
        assertThat(first(new Concat(1), X, floats(TensorSpec.f32(2, 1), 8, 9)))
                .containsExactly(1, 2, 3, 8, 4, 5, 6, 9);
        assertThat(first(new Expand(Shape.of(2, 2)), floats(TensorSpec.f32(2, 1), 3, 4)))
                .containsExactly(3, 3, 4, 4);
        assertThat(first(new Gather(1), X, ints(2, 0))).containsExactly(3, 1, 6, 4);
        assertThat(first(new Gather(0), ints(5, 6), ints(1, 2, -1))).containsExactly(6, 0, 0);
        assertThat(first(new GatherGradient(0, 3), ints(2, 0, 2, 3), vector(1, 2, 4, 8)))
                .containsExactly(2, 0, 5);
        assertThat(first(new SequenceMask(3), ints(2, 0))).containsExactly(1, 1, 0, 0, 0, 0);
        assertThat(first(new Reverse(1), X, null)).containsExactly(3, 2, 1, 6, 5, 4);
        assertThat(first(new Reverse(1), X, ints(2, 3))).containsExactly(2, 1, 3, 6, 5, 4);
        assertThat(first(new Cast(DType.INT32), vector(2.9, -2.9, Double.NaN, 1e20)))
                .containsExactly(2, -2, 0, Integer.MAX_VALUE);
    }

    @Test
    void outOfRangeReadsNaN() {
        assertThat(first(new Gather(0), vector(5, 6), ints(1, 2))).containsExactly(6, Double.NaN);
    }

    @Test
    void reshapeIsAView() {
        assertThat(new Reshape(Shape.of(3, 2)).view()).isTrue();
        assertThat(new Transpose(List.of(1, 0)).view()).isFalse();
    }

    @Test
    void mergesNeighbouringAxes() {
        // Heads to the front: the last two axes stay together.
        Shape x = Shape.of(2, 8, 4, 5, 6);
        Shape y = Shape.of(2, 4, 8, 5, 6);
        Strided s = MoveKernels.transpose(new Transpose(List.of(0, 2, 1, 3, 4)), x, y);
        assertThat(s.dims()).containsExactly(2, 4, 8, 30);
        assertThat(s.crossAxis()).isEqualTo(-1);
        Strided identity =
                MoveKernels.transpose(
                        new Transpose(List.of(0, 1, 2)), Shape.of(3, 4, 5), Shape.of(3, 4, 5));
        assertThat(identity.dims()).containsExactly(60);
        Strided wide =
                MoveKernels.transpose(
                        new Transpose(List.of(0, 3, 1, 2)),
                        Shape.of(2, 3, 4, 5),
                        Shape.of(2, 5, 3, 4));
        assertThat(wide.dims()).containsExactly(2, 5, 12);
        assertThat(wide.crossAxis()).isEqualTo(1);
    }

    private static void rejects(String op, String argument, Runnable call) {
        assertThatThrownBy(call::run)
                .isInstanceOfSatisfying(
                        OpException.class,
                        e -> {
                            assertThat(e.op()).isEqualTo(op);
                            assertThat(e.argument()).isEqualTo(argument);
                        });
    }

    @Test
    void wrongCalls() {
        TensorSpec x = TensorSpec.f32(2, 3);
        TensorSpec ids = TensorSpec.i32(4);
        rejects("transpose", "permutation", () -> new Transpose(List.of(0, 0)));
        rejects("transpose", "x", () -> new Transpose(List.of(0)).infer(x));
        rejects("transpose", "x", () -> new Transpose(List.of(0, 1)).infer((TensorSpec) null));
        rejects("slice", "steps", () -> new Slice(List.of(0), List.of(1), List.of(0)));
        rejects("slice", "ends", () -> new Slice(List.of(0), List.of(), List.of(1)));
        rejects("slice", "x", () -> new Slice(List.of(0), List.of(1), List.of(1)).infer(x));
        rejects(
                "slice",
                "starts",
                () -> new Slice(List.of(3, 0), List.of(1, 1), List.of(1, 1)).infer(x));
        rejects(
                "slice",
                "ends",
                () -> new Slice(List.of(0, 0), List.of(1, 4), List.of(1, 1)).infer(x));
        rejects(
                "slice",
                "ends",
                () -> new Slice(List.of(0, 2), List.of(1, 1), List.of(1, 1)).infer(x));
        rejects(
                "slice_scatter",
                "dy",
                () ->
                        new SliceScatter(Shape.of(4), List.of(0), List.of(2), List.of(1))
                                .infer(TensorSpec.f32(3)));
        rejects("concat", "axis", () -> new Concat(2).infer(x, x));
        rejects("concat", "x1", () -> new Concat(0).infer(x, TensorSpec.f32(2, 4)));
        rejects("concat", "x1", () -> new Concat(0).infer(x, TensorSpec.i32(2, 3)));
        rejects("concat", "inputs", () -> new Concat(0).infer());
        rejects("reshape", "x", () -> new Reshape(Shape.of(5)).infer(x));
        rejects("expand", "x", () -> new Expand(Shape.of(2, 4)).infer(x));
        rejects("gather", "indices", () -> new Gather(0).infer(x, TensorSpec.f32(4)));
        rejects("gather", "axis", () -> new Gather(2).infer(x, ids));
        rejects("gather_gradient", "dy", () -> new GatherGradient(0, 7).infer(ids, x));
        rejects("sequence_mask", "lengths", () -> new SequenceMask(3).infer(x));
        rejects("reverse", "lengths", () -> new Reverse(0).infer(x, TensorSpec.i32(2)));
        rejects("reverse", "x", () -> new Reverse(0).infer(TensorSpec.f32(3), TensorSpec.i32(3)));
        rejects("cast", "to", () -> new Cast(DType.FLOAT64));
    }
}
