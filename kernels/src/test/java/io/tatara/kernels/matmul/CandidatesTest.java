package io.tatara.kernels.matmul;

import static org.assertj.core.api.Assertions.assertThat;

import io.tatara.kernels.DType;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.gpu.GpuKernel;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuTraits;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** What the tuner may try, planned without a device. */
class CandidatesTest {
    @Test
    void eachCandidateHasANameAndAPlanThatFits() {
        for (int arch : GpuTraits.CUDA_ARCHES) {
            GpuTraits traits = GpuTraits.cuda(arch, 80);
            for (DType type : new DType[] {DType.FLOAT32, DType.FLOAT16, DType.BFLOAT16}) {
                assertSound(traits, type, arch == 75 && type != DType.FLOAT32 ? 0 : 5);
            }
        }
        for (int vector : new int[] {1, 8, 16}) {
            GpuTraits cpu =
                    new GpuTraits(
                            GpuTraits.Api.OPENCL, true, 4, 4096, 1 << 16, 0, 0, false, 0, vector);
            assertSound(cpu, DType.FLOAT32, 4);
        }
    }

    /**
     * CUDA's grid ends at 65535 in y and z: products of millions of rows, whatever else they are.
     */
    @Test
    void noProductIsTooLongForAGrid() {
        int m = 8_400_000;
        for (int arch : GpuTraits.CUDA_ARCHES) {
            for (DType type : new DType[] {DType.FLOAT32, DType.FLOAT16}) {
                assertInGrid(GpuTraits.cuda(arch, 80), type, m, 4, 12);
                assertInGrid(GpuTraits.cuda(arch, 80), type, 12, 4, m);
                assertInGrid(GpuTraits.cuda(arch, 80), type, m, 64, 64);
            }
        }
    }

    private static void assertInGrid(GpuTraits traits, DType type, int m, int k, int n) {
        MatMul op = MatMul.plain();
        TensorSpec[] in = {TensorSpec.of(type, m, k), TensorSpec.of(type, k, n)};
        for (GpuKernel<MatMul> kernel : ProductKernels.<MatMul>variants(MatMulGpu::products)) {
            if (kernel.supports(op, in, traits)) {
                for (GpuPlan.Launch l : kernel.plan(op, in, op.infer(in), traits).launches()) {
                    assertThat(Math.max(l.groups()[1], l.groups()[2]))
                            .as("%s of %s %s", l.entry(), traits, type)
                            .isLessThanOrEqualTo(65535);
                }
            }
        }
    }

    private static void assertSound(GpuTraits traits, DType type, int least) {
        MatMul op = MatMul.of(false, true);
        TensorSpec[] in = {TensorSpec.of(type, 96, 1040), TensorSpec.of(type, 200, 1040)};
        Set<String> names = new HashSet<>();
        for (GpuKernel<MatMul> k : ProductKernels.<MatMul>variants(MatMulGpu::products)) {
            if (!k.supports(op, in, traits)) {
                continue;
            }
            for (GpuKernel<MatMul> c : k.candidates(op, in, traits)) {
                assertThat(names.add(c.variant())).as(c.variant()).isTrue();
                assertThat(c.supports(op, in, traits)).isTrue();
                GpuPlan plan = c.plan(op, in, op.infer(in), traits);
                assertThat(plan.launches()).isNotEmpty();
                assertThat(plan.launches())
                        .allMatch(l -> l.dynamicShared() <= Math.max(0, traits.maxShared()));
            }
        }
        assertThat(names).as("%s %s", traits, type).hasSizeGreaterThanOrEqualTo(least);
        assertThat(names).allMatch(n -> n.contains("/"));
    }
}
