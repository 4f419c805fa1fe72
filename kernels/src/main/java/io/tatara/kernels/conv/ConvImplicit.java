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
import java.util.List;

/**
 * Convolutions and their data gradients as implicit products on CUDA; see conv_simt.cu (float32)
 * and conv_sm80.cu (float16 and bfloat16, on the matrix units).
 *
 * @param problem what an op asks for
 */
record ConvImplicit<O extends Op>(ConvCpu.Problem<O> problem) implements GpuKernel<O> {
    static final ConvImplicit<Conv2d> CONV =
            new ConvImplicit<>(
                    (op, in) -> Sums.forward(op.shape(in), null, null, null, null, null));

    static final ConvImplicit<Conv2dDataGradient> DATA =
            new ConvImplicit<>(
                    (op, in) -> Sums.gradient(op.shape(in), null, null, null, null, null));

    /** Least result channels and terms that are worth a tile. */
    private static final int LEAST = 8;

    private static final int MOST_TAPS = 63;

    /** Furthest term from a patch's beginning, so that the table's words hold it. */
    private static final long MOST_DISTANCE = 1L << 25;

    static final List<ConvTile.Shape> SIMT =
            List.of(
                    new ConvTile.Shape(128, 128, 64, 64, 8, 4, 2, 0.9, false),
                    new ConvTile.Shape(64, 128, 32, 64, 8, 4, 2, 0.85, true),
                    new ConvTile.Shape(128, 64, 64, 32, 8, 4, 2, 0.8, false),
                    new ConvTile.Shape(64, 64, 32, 32, 16, 4, 3, 0.78, true),
                    new ConvTile.Shape(32, 64, 16, 32, 16, 4, 3, 0.65, true));

    static final List<ConvTile.Shape> MATRIX =
            List.of(
                    new ConvTile.Shape(128, 128, 64, 32, 32, 3, 2, 0.7, false),
                    new ConvTile.Shape(64, 128, 32, 32, 32, 3, 2, 0.6, true),
                    new ConvTile.Shape(64, 64, 32, 32, 32, 3, 3, 0.5, true),
                    new ConvTile.Shape(32, 64, 16, 32, 32, 3, 4, 0.35, true));

    @Override
    public String variant() {
        return "implicit";
    }

    @Override
    public boolean supports(O op, TensorSpec[] in, GpuTraits traits) {
        if (!traits.cuda(80)) {
            return false;
        }
        Sums s = problem.of(op, in);
        return s.shape().n() > 0
                && s.ys().stream().anyMatch(y -> s.xs().stream().anyMatch(x -> worth(s, y, x)));
    }

    /** Whether a place within the stride is for this kernel; the others take the portable one. */
    static boolean worth(Sums s, Axis y, Axis x) {
        int taps = y.taps() * x.taps();
        return taps > 0
                && taps <= MOST_TAPS
                && s.out() >= LEAST
                && s.in() * taps >= LEAST
                && distance(s, y, x) < MOST_DISTANCE;
    }

    /** No term is further from its patch's beginning, which may stand in the padding. */
    private static long distance(Sums s, Axis y, Axis x) {
        long rows = (long) s.in() * s.height() + reach(y);
        return rows * s.width() + reach(x);
    }

    private static long reach(Axis a) {
        return Math.abs((long) a.tapIn()) * (a.taps() - 1);
    }

    @Override
    public GpuPlan plan(O op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        Sums s = problem.of(op, in);
        Activation f = op instanceof Conv2d c ? c.epilogue().activation() : Activation.NONE;
        Object[] buffers = ConvGpu.buffers(in);
        GpuPlan.Builder plan = GpuPlan.builder();
        if (ConvPlaces.add(plan, s, buffers, in[0].dtype(), traits)) {
            return plan.build();
        }
        ConvGpu.zeros(plan, s, in[0].dtype(), traits);
        for (Axis y : s.ys()) {
            for (Axis x : s.xs()) {
                if (!ConvGpu.tapped(y, x)) {
                    continue;
                }
                List<Object> defines = ConvGpu.finish(buffers, f);
                if (!worth(s, y, x)) {
                    ConvGpu.launch(plan, s, y, x, buffers, defines, in[0].dtype(), traits);
                } else if (in[0].dtype() == DType.FLOAT32) {
                    simt(plan, s, y, x, buffers, defines, traits);
                } else {
                    matrix(plan, s, y, x, buffers, defines, in[0].dtype(), traits);
                }
            }
        }
        return plan.build();
    }

    /** Whether float32 pixels are copied 16 bytes at a time. */
    private static boolean planes(Sums s, Axis y, Axis x) {
        return y.count() * x.count() % 4 == 0 && onto(s, y, x);
    }

    private static int tables(Sums s, Axis y, Axis x) {
        return s.gradient() ? 2 : planes(s, y, x) ? 0 : 1;
    }

    /** The tile for a type, 16-bit ones on the matrix units; null where none fits. */
    private static ConvTile tile(Sums s, Axis y, Axis x, DType type, GpuTraits traits) {
        boolean simt = type == DType.FLOAT32;
        return ConvTile.of(
                simt ? SIMT : MATRIX,
                s.out(),
                s.shape().n() * y.count() * x.count(),
                s.in() * y.taps() * x.taps(),
                s.shape().groups(),
                type.bytes(),
                simt ? rate(traits) : matrixRate(traits),
                t -> shared(t, s, y, x, type),
                traits);
    }

    private static int shared(ConvTile t, Sums s, Axis y, Axis x, DType type) {
        return type == DType.FLOAT32
                ? shared(t, tables(s, y, x))
                : sharedMatrix(t, copied(s, y, x) != 0);
    }

    /** Clocks that sums of one place should take here; infinitely many where no tile fits. */
    static double clocks(Sums s, DType type, GpuTraits traits) {
        Axis y = s.ys().getFirst();
        Axis x = s.xs().getFirst();
        ConvTile t = worth(s, y, x) ? tile(s, y, x, type, traits) : null;
        if (t == null) {
            return Double.POSITIVE_INFINITY;
        }
        double rate = type == DType.FLOAT32 ? rate(traits) : matrixRate(traits);
        return t.clocks(type.bytes(), rate, shared(t, s, y, x, type), traits);
    }

    /** Where the table of the terms fits no tile, the portable kernel. */
    private static void simt(
            GpuPlan.Builder plan,
            Sums s,
            Axis y,
            Axis x,
            Object[] buffers,
            List<Object> defines,
            GpuTraits traits) {
        ConvShape c = s.shape();
        int pixels = y.count() * x.count();
        boolean linear = !s.gradient();
        boolean whole = y.outStep() == 1 && x.outStep() == 1;
        boolean pointwise = planes(s, y, x);
        int tables = tables(s, y, x);
        ConvTile tile = tile(s, y, x, DType.FLOAT32, traits);
        if (tile == null) {
            ConvGpu.launch(plan, s, y, x, buffers, defines, DType.FLOAT32, traits);
            return;
        }
        ConvTile.Shape t = tile.shape();
        defines.addAll(
                List.of(
                        "BM", t.bm(), "BN", t.bn(), "WM", t.wm(), "WN", t.wn(), "DEPTH",
                        t.slice()));
        defines.addAll(
                List.of(
                        "STAGES",
                        t.stages(),
                        "BLOCKS",
                        t.blocks(),
                        "TY",
                        y.taps(),
                        "TX",
                        x.taps(),
                        "LINEAR",
                        linear ? 1 : 0,
                        "POINTWISE",
                        pointwise ? 1 : 0,
                        "OVEC",
                        whole && pixels % 4 == 0 ? 1 : 0,
                        "SPLIT",
                        tile.splits() > 1 ? 1 : 0));
        GpuProgram program = program(defines);
        GpuPlan.Arg partial = tile.partial(plan);
        List<Object> args = new ArrayList<>(Arrays.asList(ConvGpu.args(s, y, x, buffers)));
        args.add(tile.depth());
        args.add(partial);
        args.add(partial == null ? null : new GpuPlan.Arg.Semaphores());
        plan.launch(
                program,
                "conv_simt",
                new int[] {tile.tiles(), tile.splits(), Math.min(c.groups(), 1 << 15)},
                new int[] {t.threads(), 1, 1},
                shared(tile, tables),
                false,
                args.toArray());
    }

    /** The source for float32. */
    static GpuProgram program(List<Object> defines) {
        return GpuProgram.of(
                        "conv/conv_simt.cu",
                        ConvGpu.text("sums.cl")
                                + ConvGpu.text("implicit.cuh")
                                + ConvGpu.text("conv_simt.cu"),
                        defines.toArray())
                .withHeaders(
                        List.of("warp.cuh", "grid.cuh", "tensor.cuh", "tiles.cuh", "simt.cuh"));
    }

    /** The source for 16-bit types. */
    static GpuProgram matrixProgram(List<Object> defines) {
        return GpuProgram.of(
                        "conv/conv_sm80.cu",
                        ConvGpu.text("sums.cl")
                                + ConvGpu.text("implicit.cuh")
                                + ConvGpu.text("conv_sm80.cu"),
                        defines.toArray())
                .withHeaders(
                        List.of("warp.cuh", "grid.cuh", "tensor.cuh", "lanes.cuh", "tiles.cuh"));
    }

    /** Products and sums of a multiprocessor in a clock, float32. */
    static double rate(GpuTraits traits) {
        return traits.arch() == 80 ? 64 : 128;
    }

    /** The same on the matrix units, 16-bit types. */
    static double matrixRate(GpuTraits traits) {
        return traits.arch() == 80 || traits.arch() == 90 || traits.arch() == 100 ? 1024 : 512;
    }

    /** Blocks at once that the matrix source is compiled for. */
    static int matrixBlocks(ConvTile.Shape t, GpuTraits traits) {
        // Later architectures' code needs more registers than two large blocks leave.
        return traits.arch() >= 100 && t.threads() == 256 ? 1 : t.blocks();
    }

    /** Bytes of source pixels that the matrix source copies at a time; 0 where it cannot. */
    private static int copied(Sums s, Axis y, Axis x) {
        int pixels = y.count() * x.count();
        return !onto(s, y, x) ? 0 : pixels % 8 == 0 ? 16 : pixels % 4 == 0 ? 8 : 0;
    }

    private static void matrix(
            GpuPlan.Builder plan,
            Sums s,
            Axis y,
            Axis x,
            Object[] buffers,
            List<Object> defines,
            DType type,
            GpuTraits traits) {
        ConvShape c = s.shape();
        int pixels = y.count() * x.count();
        int terms = s.in() * y.taps() * x.taps();
        boolean whole = y.outStep() == 1 && x.outStep() == 1;
        int copy = copied(s, y, x);
        ConvTile tile = tile(s, y, x, type, traits);
        if (tile == null) {
            ConvGpu.launch(plan, s, y, x, buffers, defines, type, traits);
            return;
        }
        ConvTile.Shape t = tile.shape();
        defines.addAll(List.of("BM", t.bm(), "BN", t.bn(), "WM", t.wm(), "WN", t.wn()));
        int run = !whole ? 1 : pixels % 8 == 0 ? 8 : pixels % 4 == 0 ? 4 : 1;
        defines.addAll(
                List.of(
                        "BLOCKS",
                        matrixBlocks(t, traits),
                        "TY",
                        y.taps(),
                        "TX",
                        x.taps(),
                        "COPY",
                        copy,
                        "RUN",
                        run,
                        "SPLIT",
                        tile.splits() > 1 ? 1 : 0,
                        "STORAGE",
                        GpuProgram.storage(type)));
        GpuProgram program = matrixProgram(defines);
        List<Object> args = new ArrayList<>(Arrays.asList(ConvGpu.args(s, y, x, buffers)));
        int length = terms;
        if (s.gradient() || terms % 8 != 0) {
            length = ConvGpu.ceil(terms, 8) * 8;
            long size = (long) c.groups() * s.out() * length;
            GpuPlan.Arg packed = plan.temporary(2 * size);
            List<Object> pack = new ArrayList<>(List.of(buffers[1], packed, c.groups(), s.in()));
            pack.addAll(List.of(s.out(), length, args.get(13), args.get(14), args.get(15)));
            pack.addAll(List.of(args.get(16), y.tapStart(), y.tapStep()));
            pack.addAll(List.of(x.tapStart(), x.tapStep()));
            plan.launch1d(program, "conv_pack", size, 256, pack.toArray());
            args.set(1, packed);
        }
        GpuPlan.Arg partial = tile.partial(plan);
        args.addAll(List.of(length, tile.depth()));
        args.add(partial);
        args.add(partial == null ? null : new GpuPlan.Arg.Semaphores());
        plan.launch(
                program,
                "conv_sm80",
                new int[] {tile.tiles(), tile.splits(), Math.min(c.groups(), 1 << 15)},
                new int[] {t.threads(), 1, 1},
                sharedMatrix(tile, copy != 0),
                false,
                args.toArray());
    }

    /** Slots, or what results pass through, and a table of a word for each term. */
    static int sharedMatrix(ConvTile t, boolean copied) {
        ConvTile.Shape s = t.shape();
        int slots = s.slice() * (s.bm() + s.bn()) * s.stages() * 2;
        int staged = s.threads() / 32 * 16 * (s.wn() + 8) * 4;
        return Math.max(slots, staged) + (copied ? 0 : 4 * (t.depth() + s.stages() * s.slice()));
    }

    /** Whether each pixel of the result comes of the same pixel of the source alone. */
    static boolean pointwise(Sums s) {
        return s.ys().size() == 1
                && s.xs().size() == 1
                && onto(s, s.ys().getFirst(), s.xs().getFirst());
    }

    private static boolean onto(Sums s, Axis y, Axis x) {
        return y.outStep() == 1 && x.outStep() == 1 && same(y, s.height()) && same(x, s.width());
    }

    /** Whether element upon element meets one tap. */
    private static boolean same(Axis a, int extent) {
        return a.taps() == 1 && a.count() == extent && a.inStart() == 0 && a.inStep() == 1;
    }

    /** Slots, and tables of a word for each term. */
    static int shared(ConvTile t, int tables) {
        ConvTile.Shape s = t.shape();
        int slots = s.slice() * (s.bm() + 4 + s.bn() + 4) * s.stages();
        return 4 * (slots + tables * (t.depth() + s.stages() * s.slice()));
    }
}
