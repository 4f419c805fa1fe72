package io.tatara.kernels.matmul;

import static org.assertj.core.api.Assertions.assertThat;

import io.tatara.kernels.DType;
import io.tatara.kernels.Shape;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuTraits;
import java.util.List;
import org.junit.jupiter.api.Test;

class MatMulHopperTest {
    private static final GpuTraits H200 = GpuTraits.cuda(90, 132);
    private static final MatMulHopper KERNEL = new MatMulHopper();

    private static TensorSpec bf16(int... dims) {
        return new TensorSpec(DType.BFLOAT16, Shape.of(dims));
    }

    private static Product product(MatMul op, TensorSpec... in) {
        return MatMulGpu.products(op, in, op.infer(in)).getFirst();
    }

    private static boolean supported(MatMul op, TensorSpec... in) {
        return KERNEL.supports(product(op, in), H200);
    }

    private static GpuPlan plan(MatMul op, TensorSpec... in) {
        GpuPlan.Builder plan = GpuPlan.builder();
        KERNEL.add(plan, product(op, in), H200);
        return plan.build();
    }

    @Test
    void onlyHalvesOnHopperInLinesOf16Bytes() {
        MatMul op = MatMul.plain();
        assertThat(supported(op, bf16(100, 64), bf16(64, 72))).isTrue();
        assertThat(supported(op, TensorSpec.f32(100, 64), TensorSpec.f32(64, 72))).isFalse();
        Product p = product(op, bf16(100, 64), bf16(64, 72));
        assertThat(KERNEL.supports(p, GpuTraits.cuda(80, 108))).isFalse();
        assertThat(KERNEL.supports(p, GpuTraits.cuda(100, 148))).isFalse();
        assertThat(supported(op, bf16(100, 60), bf16(60, 72))).as("k").isFalse();
        assertThat(supported(op, bf16(100, 64), bf16(64, 70))).as("n").isFalse();
        assertThat(supported(MatMul.of(false, true), bf16(100, 64), bf16(70, 64))).isTrue();
        assertThat(supported(MatMul.of(true, false), bf16(61, 104), bf16(61, 72))).isTrue();
        assertThat(supported(op, bf16(100, 0), bf16(0, 72))).as("no depth").isFalse();
        assertThat(KERNEL.suits(product(op, bf16(8, 64), bf16(64, 72)), H200)).isFalse();
    }

    @Test
    void aBatchIsOneAxis() {
        assertThat(MatMulHopper.Batch.of(new int[] {1, 2, 3, 4}, new int[] {0, 60, 20, 5}))
                .isEqualTo(new MatMulHopper.Batch(1, 24, 5));
        assertThat(MatMulHopper.Batch.of(new int[] {1, 2, 3, 4}, new int[] {0, 60, 20, 0}))
                .as("groups that share a matrix")
                .isEqualTo(new MatMulHopper.Batch(4, 6, 20));
        assertThat(MatMulHopper.Batch.of(new int[] {1, 2, 3, 4}, new int[] {0, 0, 20, 5}))
                .as("the same matrices again")
                .isEqualTo(new MatMulHopper.Batch(1, 12, 5));
        assertThat(MatMulHopper.Batch.of(new int[] {1, 1, 1, 7}, new int[4]))
                .as("one matrix for all")
                .isEqualTo(new MatMulHopper.Batch(1, 1, 0));
        assertThat(MatMulHopper.Batch.of(new int[] {1, 2, 3, 4}, new int[] {0, 64, 20, 5}))
                .isNull();
        assertThat(MatMulHopper.Batch.of(new int[] {1, 2, 3, 4}, new int[] {0, 20, 0, 5})).isNull();
        MatMul op = MatMul.plain();
        assertThat(supported(op, bf16(3, 100, 64), bf16(3, 64, 72))).isTrue();
        assertThat(supported(op, bf16(100, 64), bf16(3, 64, 72))).isTrue();
        assertThat(supported(op, bf16(3, 1, 100, 64), bf16(1, 2, 64, 72))).isTrue();
    }

    @Test
    void mapsFollowTheLayout() {
        GpuPlan plan = plan(MatMul.of(true, false), bf16(3, 512, 4096), bf16(512, 4096));
        GpuPlan.Launch launch = plan.launches().getFirst();
        assertThat(launch.args().get(0))
                .isEqualTo(
                        new GpuPlan.Arg.TensorMap(
                                GpuPlan.in(0),
                                0,
                                DType.BFLOAT16,
                                List.of(4096L, 512L, 3L),
                                List.of(8192L, 4194304L),
                                List.of(64, 64, 1),
                                128));
        assertThat(launch.args().get(1))
                .isEqualTo(
                        new GpuPlan.Arg.TensorMap(
                                GpuPlan.in(1),
                                0,
                                DType.BFLOAT16,
                                List.of(4096L, 512L, 1L),
                                List.of(8192L, 4194304L),
                                List.of(64, 64, 1),
                                128));
        assertThat(launch.args().get(2))
                .isEqualTo(
                        new GpuPlan.Arg.TensorMap(
                                GpuPlan.out(0),
                                0,
                                DType.BFLOAT16,
                                List.of(4096L, 4096L, 3L),
                                List.of(8192L, 33554432L),
                                List.of(64, 64, 1),
                                128));
        assertThat(launch.groups()).containsExactly(132, 1, 1);
        assertThat(launch.program().defines()).containsEntry("TA", "1").containsEntry("TB", "0");
    }

    @Test
    void splitSumsNeedASecondLaunch() {
        GpuPlan plan = plan(MatMul.plain(), bf16(256, 8192), bf16(8192, 256));
        assertThat(plan.launches())
                .extracting(GpuPlan.Launch::entry)
                .containsExactly("matmul_hopper", "matmul_hopper_sum");
        assertThat(plan.temporaries()).hasSize(1);
        assertThat(plan.launches().getFirst().program())
                .isEqualTo(plan.launches().get(1).program());
    }

    @Test
    void chosenWhereItSuits() {
        Product large = product(MatMul.plain(), bf16(512, 512), bf16(512, 512));
        assertThat(ProductKernels.best(large, H200).variant()).isEqualTo("sm90");
        Product ragged = product(MatMul.plain(), bf16(512, 513), bf16(513, 512));
        assertThat(ProductKernels.best(ragged, H200).variant()).isNotEqualTo("sm90");
    }
}
