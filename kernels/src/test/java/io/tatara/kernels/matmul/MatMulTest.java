package io.tatara.kernels.matmul;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tatara.kernels.DType;
import io.tatara.kernels.OpException;
import io.tatara.kernels.Shape;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuTraits;
import io.tatara.kernels.jvm.JvmArray;
import io.tatara.kernels.jvm.PackCache;
import io.tatara.kernels.jvm.Workers;
import io.tatara.kernels.pointwise.Activation;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

class MatMulTest {
    private static TensorSpec f32(int... dims) {
        return TensorSpec.f32(dims);
    }

    private static void refused(ThrowingCallable call, String op, String argument) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        OpException.class,
                        e -> {
                            assertThat(e.op()).isEqualTo(op);
                            assertThat(e.argument()).isEqualTo(argument);
                        });
    }

    @Test
    void wrongInputsAreNamed() {
        MatMul op = MatMul.plain();
        refused(() -> op.infer(f32(2, 3)), "matmul", "inputs");
        refused(() -> op.infer(null, f32(3, 4)), "matmul", "a");
        refused(() -> op.infer(f32(3), f32(3, 4)), "matmul", "a");
        refused(() -> op.infer(f32(2, 3), f32(3)), "matmul", "b");
        refused(() -> op.infer(TensorSpec.i32(2, 3), f32(3, 4)), "matmul", "a");
        refused(() -> op.infer(f32(2, 3), f32(4, 4)), "matmul", "b");
        refused(() -> op.infer(f32(2, 2, 3), f32(3, 3, 4)), "matmul", "b");
        refused(() -> op.infer(f32(2, 3), f32(3, 4), f32(3)), "matmul", "bias");
        refused(() -> op.infer(f32(2, 3), f32(3, 4), null, f32(4)), "matmul", "residual");
        refused(() -> MatMul.of(true, false).infer(f32(2, 3), f32(3, 4)), "matmul", "b");
        refused(() -> new MatMul(false, false, null), "matmul", "epilogue");
        refused(() -> new Epilogue(null), "matmul", "epilogue");
    }

    @Test
    void shapesAndCost() {
        assertThat(MatMul.of(true, true).infer(f32(5, 1, 3, 2), f32(7, 4, 3)))
                .containsExactly(f32(5, 7, 2, 4));
        assertThat(MatMul.plain().cost(f32(2, 3), f32(3, 4)).flops()).isEqualTo(48);
        assertThat(MatMul.plain().cost(f32(2, 3), f32(3, 4)).bytes()).isEqualTo(4 * (6 + 12 + 8));
    }

    @Test
    void wrongViewsAreNamed() {
        MatrixLayout x = new MatrixLayout(0, List.of(), 4, 1);
        refused(() -> new MatrixLayout(-1, List.of(), 1, 1), "matmul_strided", "layout");
        refused(() -> new MatMulStrided(x, x, List.of(3), 2, 2, 4), "matmul_strided", "a");
        refused(() -> new MatMulStrided(x, x, List.of(), 2, -2, 4), "matmul_strided", "m, n, k");
        MatMulStrided op = new MatMulStrided(x, x, List.of(), 2, 4, 4);
        refused(() -> op.infer(f32(7), f32(4, 4)), "matmul_strided", "a");
        refused(() -> op.infer(f32(8), f32(15)), "matmul_strided", "b");
        assertThat(op.infer(f32(8), f32(16))).containsExactly(f32(2, 4));
    }

    @Test
    void overlappingViewsHaveNoReverse() {
        MatrixLayout windows = new MatrixLayout(0, List.of(), 2, 1);
        refused(
                () -> new StridedScatter(windows, List.of(), 3, 4, Shape.of(9)),
                "strided_scatter",
                "layout");
        refused(
                () -> new StridedScatter(windows, List.of(), 3, 2, Shape.of(5)),
                "strided_scatter",
                "shape");
        assertThat(new StridedScatter(windows, List.of(), 3, 2, Shape.of(6)).rows()).isEqualTo(3);
    }

    @Test
    void computedByHand() {
        float[] c = {9, 9, 9, 9, 7};
        JvmArray[] in = {
            JvmArray.of(f32(2, 2), new float[] {1, 2, 3, 4}),
            JvmArray.of(f32(2, 2), new float[] {1, -1, 0, -2}),
            JvmArray.of(f32(2), new float[] {10, 1}),
            null
        };
        MatMul op = new MatMul(false, false, new Epilogue(Activation.RELU));
        new MatMulVector()
                .run(
                        op,
                        in,
                        new JvmArray[] {JvmArray.of(f32(2, 2), c)},
                        Contexts.of(true, Workers.SERIAL));
        assertThat(c).containsExactly(11, 0, 13, 0, 7);
    }

    @Test
    void weightsArePackedOnce() {
        Map<Object, Object> cache = new HashMap<>();
        int[] made = {0};
        PackCache packs =
                new PackCache() {
                    @Override
                    @SuppressWarnings("unchecked")
                    public <T> T get(Object key, Supplier<T> make) {
                        return (T)
                                cache.computeIfAbsent(
                                        key,
                                        k -> {
                                            made[0]++;
                                            return make.get();
                                        });
                    }
                };
        TensorSpec spec = f32(4, 3);
        float[] w = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
        JvmArray weight = new JvmArray(spec, w, null, packs);
        JvmArray x = JvmArray.of(f32(1, 3), new float[] {1, 10, 100});
        for (int i = 0; i < 3; i++) {
            float[] c = new float[4];
            JvmArray[] out = {JvmArray.of(f32(1, 4), c)};
            JvmArray[] in = {x, weight, null, null};
            new MatMulVector()
                    .run(MatMul.of(false, true), in, out, Contexts.of(true, Workers.SERIAL));
            assertThat(c).containsExactly(321, 654, 987, 1320);
        }
        assertThat(made[0]).isEqualTo(1);
    }

    @Test
    void aLaunchForOtherRoomsIsOneLaunch() {
        GpuPlan.Builder plan = GpuPlan.builder();
        MatMulGpu.launch(
                plan,
                GpuTraits.MINIMAL_OPENCL,
                DType.FLOAT32,
                DType.FLOAT32,
                Precision.STRICT,
                false,
                true,
                64,
                64,
                64,
                GpuPlan.in(0),
                0,
                64,
                GpuPlan.in(1),
                0,
                64,
                1,
                GpuPlan.out(0),
                0,
                64);
        MatMulGpu.launch(
                plan,
                GpuTraits.MINIMAL_OPENCL,
                DType.FLOAT32,
                DType.FLOAT32,
                Precision.STRICT,
                false,
                true,
                0,
                64,
                64,
                GpuPlan.in(0),
                0,
                64,
                GpuPlan.in(1),
                0,
                64,
                1,
                GpuPlan.out(0),
                0,
                64);
        assertThat(plan.build().launches()).hasSize(1);
        assertThat(plan.build().launches().getFirst().program().defines())
                .containsEntry("ACCUMULATE", "1");
    }
}
