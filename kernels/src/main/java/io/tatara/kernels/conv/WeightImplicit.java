package io.tatara.kernels.conv;

import io.tatara.kernels.DType;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.gpu.GpuKernel;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuProgram;
import io.tatara.kernels.gpu.GpuTraits;
import java.util.ArrayList;
import java.util.List;

/** Weight gradients in float32 as implicit products on CUDA; see weight_simt.cu. */
final class WeightImplicit implements GpuKernel<Conv2dWeightGradient> {
    /** Least rows and columns that are worth a tile. */
    private static final int LEAST = 8;

    private static final int DEPTH = 8;
    private static final int STAGES = 4;
    private static final int THREADS = 128;

    /** Fewest pixels of a part that are worth its sums. */
    private static final int LEAST_PIXELS = 256;

    /** Floats that all parts may take together. */
    private static final long MAX_PARTS = 1L << 24;

    /** Furthest tap, so that its distance is a 16-bit number. */
    private static final int FURTHEST = 32767;

    @Override
    public String variant() {
        return "implicit";
    }

    @Override
    public boolean supports(Conv2dWeightGradient op, TensorSpec[] in, GpuTraits traits) {
        if (!traits.cuda(80) || in[0].dtype() != DType.FLOAT32) {
            return false;
        }
        ConvShape s = op.shape(in);
        ConvWindow v = s.window();
        return s.n() > 0
                && s.mg() >= LEAST
                && s.cg() * s.taps() >= LEAST
                && (s.kh() - 1L) * v.dilationY() <= FURTHEST
                && (s.kw() - 1L) * v.dilationX() <= FURTHEST;
    }

    @Override
    public GpuPlan plan(
            Conv2dWeightGradient op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        ConvShape s = op.shape(in);
        int k = s.cg() * s.taps();
        int size = s.m() * k;
        int pixels = s.n() * s.ho() * s.wo();
        boolean tall = s.mg() > 64 && k <= 64;
        int bm = tall ? 128 : 64;
        int bn = tall || k <= 64 ? 64 : 128;
        boolean small = bm == 64 && bn == 64;
        int tiles = ConvGpu.ceil(s.mg(), bm) * ConvGpu.ceil(k, bn);
        int blocks = small ? 3 : 2;
        // Two rounds of blocks on every multiprocessor.
        long wanted = 2L * blocks * traits.computeUnits() / ((long) tiles * s.groups());
        long most = Math.min(Math.max(1, pixels / LEAST_PIXELS), Math.max(1, MAX_PARTS / size));
        int parts = (int) Math.clamp(wanted, 1, most);
        int each = ConvGpu.ceil(ConvGpu.ceil(pixels, parts), DEPTH) * DEPTH;
        parts = ConvGpu.ceil(pixels, each);
        List<Object> defines = new ArrayList<>();
        defines.addAll(List.of("BM", bm, "BN", bn, "WM", small || bm == 64 ? 32 : 64));
        defines.addAll(List.of("WN", bn == 128 ? 64 : 32, "DEPTH", DEPTH, "STAGES", STAGES));
        defines.addAll(List.of("BLOCKS", blocks, "PARTS", parts > 1 ? 1 : 0));
        defines.addAll(List.of("TY", s.kh(), "TX", s.kw()));
        GpuProgram program =
                GpuProgram.of(
                                "conv/weight_simt.cu",
                                ConvGpu.text("weights.cl")
                                        + ConvGpu.text("simt.cuh")
                                        + ConvGpu.text("weight_simt.cu"),
                                defines.toArray())
                        .withHeaders(List.of("warp.cuh", "tensor.cuh"));
        GpuPlan.Builder plan = GpuPlan.builder();
        GpuPlan.Arg sums = parts > 1 ? plan.temporary(4L * size * parts) : null;
        int groups = Math.min(s.groups(), 1 << 15);
        plan.launch(
                program,
                "weight_simt",
                new int[] {tiles, parts, groups},
                new int[] {THREADS, 1, 1},
                4 * DEPTH * (bm + 4 + bn + 4) * STAGES,
                false,
                ConvGpu.weightArgs(s, sums, parts, each));
        if (parts > 1) {
            plan.launch1d(program, "weight_total", size, 128, sums, GpuPlan.out(0), size, parts);
        }
        return plan.build();
    }
}
