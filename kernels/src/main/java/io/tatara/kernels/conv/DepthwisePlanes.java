package io.tatara.kernels.conv;

import io.tatara.kernels.DType;
import io.tatara.kernels.Op;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.gpu.GpuKernel;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuProgram;
import io.tatara.kernels.gpu.GpuTraits;
import io.tatara.kernels.pointwise.Activation;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Depthwise convolutions of small planes and their data gradients on CUDA, several whole planes a
 * block; see depthwise_planes.cu. Stands before {@link DepthwiseCuda} where an H200 was faster by
 * it, and behind it wherever it can run, for measurements to choose.
 *
 * @param kind what an op asks for
 * @param bytes of the larger of source and result that a block should take
 * @param rows of a tile, 0 for what {@link DepthwiseTile} chooses
 * @param faster whether it takes only what it was measured to be faster at
 */
record DepthwisePlanes<O extends Op>(
        DepthwiseCuda.Kind<O> kind, int bytes, int rows, boolean faster) implements GpuKernel<O> {
    /** Several blocks fit a multiprocessor, which together should have 32 KB under way. */
    private static final int BYTES = 8192;

    /** For gradients, where each element that is read makes several, more was faster. */
    private static final int GRADIENT_BYTES = 16384;

    /**
     * Elements of planes that an H200 was faster at (docs/h200.md): 7 × 7, and of data gradients
     * with a stride up to 28 × 28.
     */
    private static final int SMALL = 64;

    private static final int SMALL_GRADIENT = 784;

    /** Of source, result and kernel together, what every architecture gives without asking. */
    private static final int MOST_SHARED = 40960;

    private static final int MOST_PLANES = 64;

    /** Of a multiprocessor: what the compiler should leave registers for. */
    private static final int THREADS = 1024;

    /** Where a thread has more than 16 sums; a gradient's, more than 8. */
    private static final int FEW_THREADS = 640;

    static final DepthwisePlanes<Conv2d> CONV =
            new DepthwisePlanes<>(DepthwiseCuda.CONV.kind(), BYTES, 0, true);

    static final DepthwisePlanes<Conv2dDataGradient> DATA =
            new DepthwisePlanes<>(DepthwiseCuda.DATA.kind(), GRADIENT_BYTES, 0, true);

    /** Wherever it can run. */
    DepthwisePlanes<O> anywhere() {
        return new DepthwisePlanes<>(kind, bytes, rows, false);
    }

    private int usual() {
        return kind.gradient() ? GRADIENT_BYTES : BYTES;
    }

    /**
     * Which planes a block takes.
     *
     * @param source elements of a plane
     * @param result elements of a plane
     * @param in elements of a word that is copied in
     * @param out elements of a word that is copied out
     */
    private record Group(int planes, int block, int source, int result, int in, int out) {}

    @Override
    public String variant() {
        String which = bytes == usual() && rows == 0 ? "" : "/" + bytes / 1024 + "k";
        return "depthwise-planes" + which + (rows == 0 ? "" : "x" + rows);
    }

    @Override
    public boolean supports(O op, TensorSpec[] in, GpuTraits traits) {
        ConvShape s = kind.depthwise(op, in, traits);
        if (s == null) {
            return false;
        }
        if (faster) {
            int larger = Math.max(s.h() * s.w(), s.ho() * s.wo());
            boolean strided = s.window().strideY() * s.window().strideX() > 1;
            if (larger > (kind.gradient() && strided ? SMALL_GRADIENT : SMALL)) {
                return false;
            }
        }
        DepthwiseTile tile = tile(s, in[0].dtype());
        return tile != null
                && (long) s.h() * s.w() + (long) s.ho() * s.wo() + s.taps()
                        < MOST_SHARED / in[0].dtype().bytes();
    }

    @Override
    public List<GpuKernel<O>> candidates(O op, TensorSpec[] in, GpuTraits traits) {
        ConvShape s = kind.shape(op, in);
        Set<Object> seen = new HashSet<>();
        seen.add(List.of(tile(s, in[0].dtype()), group(s, in[0].dtype(), traits)));
        List<GpuKernel<O>> all = new ArrayList<>();
        for (int r : new int[] {0, 2, 4, 7}) {
            for (int b : new int[] {4096, BYTES, 16384}) {
                DepthwisePlanes<O> k = new DepthwisePlanes<>(kind, b, r, false);
                if (k.supports(op, in, traits)) {
                    DepthwiseTile tile = k.tile(s, in[0].dtype());
                    if (seen.add(List.of(tile, k.group(s, in[0].dtype(), traits)))) {
                        all.add(k);
                    }
                }
            }
        }
        return all;
    }

    private DepthwiseTile tile(ConvShape s, DType type) {
        DepthwiseTile rule = DepthwiseTile.wide(s, kind.gradient(), type.bytes());
        if (rows == 0 || rule == null) {
            return rule;
        }
        DepthwiseTile.Form form = new DepthwiseTile.Form(rows, rule.store(), 1);
        return DepthwiseTile.of(s, kind.gradient(), type.bytes(), form);
    }

    /** Planes whose words are wide and whose tiles leave few threads of the blocks idle. */
    private Group group(ConvShape s, DType type, GpuTraits traits) {
        boolean g = kind.gradient();
        int source = g ? s.ho() * s.wo() : s.h() * s.w();
        int result = g ? s.h() * s.w() : s.ho() * s.wo();
        int larger = Math.max(source, result);
        int size = type.bytes();
        int tiles = (int) tile(s, type).tiles();
        int all = s.n() * s.c();
        Group best = null;
        double most = 0;
        for (int p = 1; p <= Math.min(MOST_PLANES, all); p++) {
            if (p > 1
                    && (p * larger * size > bytes
                            || p * (source + result + s.taps() + 1) > MOST_SHARED / size)) {
                break;
            }
            int in = word(p * source, all * source, size);
            int out = word(p * result, all * result, size);
            // As many bytes a block as asked for, unless multiprocessors would have less than two.
            double filled = Math.min(1, p * larger * size / (0.75 * bytes));
            double spread = Math.min(1, ConvGpu.ceil(all, p) / (2.0 * traits.computeUnits()));
            double words = (Math.sqrt(in) + Math.sqrt(out)) / (2 * Math.sqrt(16.0 / size));
            for (int block = 128; block <= 256; block += 32) {
                double busy = (double) p * tiles / (ConvGpu.ceil(p * tiles, block) * block);
                double worth = filled * spread * words * busy;
                if (worth > most * 1.001) {
                    most = worth;
                    best = new Group(p, block, source, result, in, out);
                }
            }
        }
        return best;
    }

    /** Elements of the widest word that both are made of. */
    private static int word(int one, int all, int size) {
        return Math.min(16 / size, Integer.lowestOneBit(one | all));
    }

    @Override
    public GpuPlan plan(O op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        ConvShape s = kind.shape(op, in);
        DType type = in[0].dtype();
        DepthwiseTile tile = tile(s, type);
        Group group = group(s, type, traits);
        Activation f = op instanceof Conv2d c ? c.epilogue().activation() : Activation.NONE;
        Object[] buffers = ConvGpu.buffers(in);
        boolean g = kind.gradient();
        List<Object> defines = ConvGpu.finish(buffers, f);
        defines.addAll(List.of("PLANES", group.planes(), "CI", group.in(), "CO", group.out()));
        defines.addAll(List.of("H", g ? s.ho() : s.h(), "WD", g ? s.wo() : s.w()));
        defines.addAll(List.of("OH", g ? s.h() : s.ho(), "OW", g ? s.w() : s.wo()));
        // Rows of the window come one by one: registers are for sums and taps.
        int sums = tile.oy() * tile.ox();
        int threads = sums > 32 || s.taps() > 9 ? 1 : sums > (g ? 8 : 16) ? FEW_THREADS : THREADS;
        defines.addAll(List.of("RESIDENT", Math.max(1, threads / group.block())));
        GpuProgram program =
                DepthwiseCuda.program("depthwise_planes.cu", tile, type, group.block(), defines);
        List<Object> args = new ArrayList<>(Arrays.asList(buffers));
        args.addAll(List.of(s.c(), s.n() * s.c()));
        int blocks = ConvGpu.ceil(s.n() * s.c(), group.planes());
        return GpuPlan.builder()
                .launch(
                        program,
                        "depthwise_planes",
                        new int[] {blocks, 1, 1},
                        new int[] {group.block(), 1, 1},
                        args.toArray())
                .build();
    }
}
