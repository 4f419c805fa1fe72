package io.tatara.kernels.conv;

import io.tatara.kernels.DType;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.gpu.GpuKernel;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuProgram;
import io.tatara.kernels.gpu.GpuTraits;
import java.util.ArrayList;
import java.util.List;

/**
 * Weight gradients as implicit products on CUDA; see weight_simt.cu (float32) and weight_sm80.cu
 * (float16 and bfloat16, on the matrix units).
 */
final class WeightImplicit implements GpuKernel<Conv2dWeightGradient> {
    /** Least rows and columns that are worth a tile. */
    private static final int LEAST = 8;

    private static final int DEPTH = 8;
    private static final int STAGES = 4;
    private static final int THREADS = 128;
    private static final int MATRIX_DEPTH = 32;
    private static final int MATRIX_STAGES = 3;

    /** Fewest pixels of a part that are worth its sums. */
    private static final int LEAST_PIXELS = 128;

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
        if (!traits.cuda(80)) {
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
        boolean matrix = in[0].dtype() != DType.FLOAT32;
        boolean tall = s.mg() > 64 && (matrix || k <= 64);
        int bm = tall ? 128 : 64;
        int bn = k > 64 && (matrix || !tall) ? 128 : 64;
        boolean small = bm == 64 && bn == 64;
        boolean large = bm == 128 && bn == 128;
        int tiles = ConvGpu.ceil(s.mg(), bm) * ConvGpu.ceil(k, bn);
        boolean copyDy = matrix && s.ho() * s.wo() % 8 == 0;
        boolean copyX = copyDy && same(s);
        // What is held on its way through registers leaves room for fewer blocks.
        int blocks = small ? (matrix && !copyDy ? 2 : 3) : large || matrix && !copyX ? 1 : 2;
        // Two rounds of blocks on every multiprocessor.
        long wanted = 2L * blocks * traits.computeUnits() / ((long) tiles * s.groups());
        long most = Math.min(Math.max(1, pixels / LEAST_PIXELS), Math.max(1, MAX_PARTS / size));
        int parts = (int) Math.clamp(wanted, 1, most);
        int step = matrix ? MATRIX_DEPTH : DEPTH;
        int each = ConvGpu.ceil(ConvGpu.ceil(pixels, parts), step) * step;
        parts = ConvGpu.ceil(pixels, each);
        List<Object> defines = new ArrayList<>();
        defines.addAll(List.of("BM", bm, "BN", bn, "BLOCKS", blocks, "PARTS", parts > 1 ? 1 : 0));
        defines.addAll(List.of("TY", s.kh(), "TX", s.kw()));
        GpuProgram program;
        int threads;
        int shared;
        if (matrix) {
            defines.addAll(List.of("WM", large ? 64 : 32, "WN", 32));
            defines.addAll(List.of("COPY_DY", copyDy ? 1 : 0, "COPY_X", copyX ? 1 : 0));
            defines.addAll(List.of("STORAGE", GpuProgram.storage(in[0].dtype())));
            program =
                    GpuProgram.of("conv/weight_sm80.cu", text("weight_sm80.cu"), defines.toArray())
                            .withHeaders(List.of("warp.cuh", "tensor.cuh"));
            threads = small ? 128 : 256;
            shared = 2 * MATRIX_DEPTH * (bm + bn) * MATRIX_STAGES;
        } else {
            defines.addAll(List.of("WM", small || bm == 64 ? 32 : 64, "WN", bn == 128 ? 64 : 32));
            defines.addAll(List.of("DEPTH", DEPTH, "STAGES", STAGES));
            program =
                    GpuProgram.of("conv/weight_simt.cu", text("weight_simt.cu"), defines.toArray())
                            .withHeaders(List.of("warp.cuh", "tensor.cuh", "simt.cuh"));
            threads = THREADS;
            shared = 4 * DEPTH * (bm + 4 + bn + 4) * STAGES;
        }
        GpuPlan.Builder plan = GpuPlan.builder();
        GpuPlan.Arg sums = parts > 1 ? plan.temporary(4L * size * parts) : null;
        plan.launch(
                program,
                matrix ? "weight_sm80" : "weight_simt",
                new int[] {tiles, parts, Math.min(s.groups(), 1 << 15)},
                new int[] {threads, 1, 1},
                shared,
                false,
                ConvGpu.weightArgs(s, sums, parts, each));
        if (parts > 1) {
            plan.launch1d(program, "weight_total", size, 128, sums, GpuPlan.out(0), size, parts);
        }
        return plan.build();
    }

    private static String text(String file) {
        return ConvGpu.text("weights.cl") + ConvGpu.text("weights.cuh") + ConvGpu.text(file);
    }

    /** Whether a product is of pixel with pixel. */
    private static boolean same(ConvShape s) {
        ConvWindow v = s.window();
        return s.taps() == 1
                && v.strideY() == 1
                && v.strideX() == 1
                && v.padTop() + v.padBottom() + v.padLeft() + v.padRight() == 0;
    }
}
