package io.tatara.kernels.causal;

import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.gpu.GpuKernel;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuProgram;
import io.tatara.kernels.gpu.GpuTraits;

/** The convolution and its data's gradient on CPUs through OpenCL; see causal_cpu.cl. */
final class CausalCpu {
    /** Floats of a work-item's own array, which has its place on a thread's stack. */
    private static final int MOST_FLOATS = 1 << 16;

    private CausalCpu() {}

    record Strips(int lanes) implements CausalGpu.Shifted {
        @Override
        public GpuProgram program(TensorSpec x, int depth, int before, int bias, int carried) {
            return CausalCpu.program(x, depth, lanes);
        }

        @Override
        public int local() {
            return 1;
        }

        @Override
        public int places() {
            return lanes == 16 ? 3 * lanes : lanes;
        }

        @Override
        public int outputs() {
            return 0;
        }
    }

    /** Room for the strips is rounded up, so that few programs are compiled. */
    private static GpuProgram program(TensorSpec x, int depth, int lanes) {
        return GpuProgram.vectors(
                CausalCpu.class,
                "causal_cpu.cl",
                "STORAGE",
                GpuProgram.storage(x.dtype()),
                "VEC",
                lanes,
                "DEPTH",
                Integer.highestOneBit(2 * Math.max(64, depth) - 1));
    }

    static boolean takes(int depth, GpuTraits traits) {
        int places = new Strips(traits.lanes()).places();
        return traits.cpu()
                && traits.api() == GpuTraits.Api.OPENCL
                && (long) depth * places <= MOST_FLOATS;
    }

    static final GpuKernel<CausalConv1d> CONVOLUTION =
            new GpuKernel<>() {
                @Override
                public String variant() {
                    return "cpu";
                }

                @Override
                public boolean supports(CausalConv1d op, TensorSpec[] in, GpuTraits traits) {
                    CausalShape s = op.shape(in);
                    return takes(s.c() * s.k(), traits);
                }

                @Override
                public GpuPlan plan(
                        CausalConv1d op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
                    return CausalGpu.convolution(op, in, new Strips(traits.lanes()), traits);
                }
            };

    static final GpuKernel<CausalConv1dDataGradient> DATA_GRADIENT =
            new GpuKernel<>() {
                @Override
                public String variant() {
                    return "cpu";
                }

                @Override
                public boolean supports(
                        CausalConv1dDataGradient op, TensorSpec[] in, GpuTraits traits) {
                    CausalShape s = op.shape(in);
                    return takes(s.m() * s.k(), traits);
                }

                @Override
                public GpuPlan plan(
                        CausalConv1dDataGradient op,
                        TensorSpec[] in,
                        TensorSpec[] out,
                        GpuTraits traits) {
                    return CausalGpu.dataGradient(op, in, new Strips(traits.lanes()));
                }
            };

    static final GpuKernel<CausalConv1dWeightGradient> WEIGHT_GRADIENT =
            new GpuKernel<>() {
                @Override
                public String variant() {
                    return "cpu";
                }

                @Override
                public boolean supports(
                        CausalConv1dWeightGradient op, TensorSpec[] in, GpuTraits traits) {
                    return takes(1, traits);
                }

                @Override
                public GpuPlan plan(
                        CausalConv1dWeightGradient op,
                        TensorSpec[] in,
                        TensorSpec[] out,
                        GpuTraits traits) {
                    GpuProgram p = program(in[0], 1, traits.lanes());
                    return CausalGpu.weightGradient(op, in, p, 1);
                }
            };
}
