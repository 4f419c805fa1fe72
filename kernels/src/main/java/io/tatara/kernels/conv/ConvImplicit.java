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
 * Convolutions and their data gradients as implicit products on CUDA; see conv_simt.cu.
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

    private static final int MOST_TAPS = 64;

    /** Elements of a group's channels of an image, so that the table's words hold a distance. */
    private static final long MOST_DISTANCE = 1L << 25;

    private static final List<ConvTile.Shape> SIMT =
            List.of(
                    new ConvTile.Shape(128, 128, 64, 64, 8, 4, 2, 0.9, false),
                    new ConvTile.Shape(64, 128, 32, 64, 8, 4, 2, 0.85, true),
                    new ConvTile.Shape(128, 64, 64, 32, 8, 4, 2, 0.8, true),
                    new ConvTile.Shape(64, 64, 32, 32, 16, 4, 3, 0.78, true),
                    new ConvTile.Shape(32, 64, 16, 32, 16, 4, 3, 0.65, true));

    @Override
    public String variant() {
        return "implicit";
    }

    @Override
    public boolean supports(O op, TensorSpec[] in, GpuTraits traits) {
        if (!traits.cuda(80) || in[0].dtype() != DType.FLOAT32) {
            return false;
        }
        Sums s = problem.of(op, in);
        return s.shape().n() > 0
                && s.ys().stream().anyMatch(y -> s.xs().stream().anyMatch(x -> worth(s, y, x)));
    }

    /** Whether a place within the stride is for this kernel; the others take the portable one. */
    private static boolean worth(Sums s, Axis y, Axis x) {
        int taps = y.taps() * x.taps();
        return taps > 0
                && taps <= MOST_TAPS
                && s.out() >= LEAST
                && s.in() * taps >= LEAST
                && (long) s.in() * s.height() * s.width() < MOST_DISTANCE;
    }

    @Override
    public GpuPlan plan(O op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        Sums s = problem.of(op, in);
        Activation f = op instanceof Conv2d c ? c.epilogue().activation() : Activation.NONE;
        Object[] buffers = ConvGpu.buffers(in);
        GpuPlan.Builder plan = GpuPlan.builder();
        for (Axis y : s.ys()) {
            for (Axis x : s.xs()) {
                List<Object> defines = ConvGpu.finish(buffers, f);
                if (worth(s, y, x)) {
                    launch(plan, s, y, x, buffers, defines, traits);
                } else {
                    ConvGpu.launch(plan, s, y, x, buffers, defines, in[0].dtype(), traits);
                }
            }
        }
        return plan.build();
    }

    private static void launch(
            GpuPlan.Builder plan,
            Sums s,
            Axis y,
            Axis x,
            Object[] buffers,
            List<Object> defines,
            GpuTraits traits) {
        ConvShape c = s.shape();
        int pixels = y.count() * x.count();
        int taps = y.taps() * x.taps();
        boolean linear = !s.gradient();
        boolean whole = y.outStep() == 1 && x.outStep() == 1;
        boolean pointwise = whole && pixels % 4 == 0 && same(y, s.height()) && same(x, s.width());
        double rate = traits.arch() == 80 ? 64 : 128;
        int tables = !linear ? 2 : pointwise ? 0 : 1;
        ConvTile tile =
                ConvTile.of(
                        SIMT,
                        s.out(),
                        c.n() * pixels,
                        s.in() * taps,
                        c.groups(),
                        4,
                        rate,
                        t -> shared(t, tables),
                        traits);
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
        GpuProgram program =
                GpuProgram.of(
                                "conv/conv_simt.cu",
                                ConvGpu.text("sums.cl")
                                        + ConvGpu.text("implicit.cuh")
                                        + ConvGpu.text("conv_simt.cu"),
                                defines.toArray())
                        .withHeaders(List.of("warp.cuh", "grid.cuh", "tensor.cuh"));
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

    /** Whether element upon element meets one tap. */
    private static boolean same(Axis a, int extent) {
        return a.taps() == 1 && a.count() == extent && a.inStart() == 0 && a.inStep() == 1;
    }

    /** Slots, and tables of a word for each term. */
    private static int shared(ConvTile t, int tables) {
        ConvTile.Shape s = t.shape();
        int slots = s.slice() * (s.bm() + 4 + s.bn() + 4) * s.stages();
        return 4 * (slots + tables * (t.depth() + s.stages() * s.slice()));
    }
}
