package io.tatara.kernels.conv;

import io.tatara.kernels.DType;
import io.tatara.kernels.Op;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.gpu.GpuKernel;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuProgram;
import io.tatara.kernels.gpu.GpuTraits;
import io.tatara.kernels.matmul.SimtBatch;
import io.tatara.kernels.pointwise.Activation;
import java.util.ArrayList;
import java.util.List;

/**
 * Dense convolutions (one group) of 3 × 3 taps and stride 1 in float32, and their data gradients,
 * by Winograd's minimal filtering F(4 × 4, 3 × 3) (Lavin and Gray 2016, section 4.3): source and
 * kernel are transformed, 36 products of matrices take a quarter of the products of the plain sums,
 * and their results are transformed back; see {@code winograd.cl}. As on the JVM ({@link
 * Winograd}), integers are not exact here; a NaN or an infinity reaches the pixels alone that it
 * belongs to.
 *
 * @param problem what an op asks for
 * @param most bytes of the transformed tiles of a round of images
 */
record WinogradSums<O extends Op>(ConvCpu.Problem<O> problem, long most) implements GpuKernel<O> {
    static final WinogradSums<Conv2d> CONV =
            new WinogradSums<>(ConvImplicit.CONV.problem(), WinogradTiles.MOST);

    static final WinogradSums<Conv2dDataGradient> DATA =
            new WinogradSums<>(ConvImplicit.DATA.problem(), WinogradTiles.MOST);

    @Override
    public String variant() {
        return "winograd";
    }

    @Override
    public boolean supports(O op, TensorSpec[] in, GpuTraits traits) {
        if (!traits.cuda(80) || in[0].dtype() != DType.FLOAT32) {
            return false;
        }
        Sums s = problem.of(op, in);
        WinogradTiles t = WinogradTiles.of(s, most);
        if (t == null || !t.worth()) {
            return false;
        }
        double other = WinogradTiles.MEASURED * ConvImplicit.clocks(s, DType.FLOAT32, traits);
        return Double.isFinite(other) && clocks(t, traits) < WinogradTiles.CLEARLY * other;
    }

    /** Clocks that it should take. */
    static double clocks(WinogradTiles t, GpuTraits traits) {
        return t.clocks(r -> products(t, r, null, null, null).clocks(traits), traits);
    }

    /** m[place] = u[place]ᵀ · v[place]. */
    private static SimtBatch products(
            WinogradTiles t, WinogradTiles.Round r, Object u, Object v, Object m) {
        int pitch = t.pitch(r.images());
        int line = WinogradTiles.whole(t.out());
        return new SimtBatch(
                WinogradTiles.PLACES,
                t.out(),
                t.tiles(r.images()),
                t.in(),
                new SimtBatch.Matrices(u, 1, line, t.in() * line),
                new SimtBatch.Matrices(v, pitch, 1, t.in() * pitch),
                m,
                pitch,
                false);
    }

    @Override
    public GpuPlan plan(O op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        Sums s = problem.of(op, in);
        WinogradTiles t = WinogradTiles.of(s, most);
        Object[] buffers = ConvGpu.buffers(in);
        Activation f = op instanceof Conv2d c ? c.epilogue().activation() : Activation.NONE;
        int flip = s.gradient() ? 1 : 0;
        int width = t.outWidth();
        List<Object> defines = ConvGpu.finish(buffers, f);
        defines.addAll(List.of("FLIP", flip));
        defines.addAll(List.of("VEC", width % 4 == 0 ? 4 : width % 2 == 0 ? 2 : 1));
        GpuProgram program = WinogradTiles.program("winograd.cl", defines);
        GpuPlan.Builder plan = GpuPlan.builder();
        int line = WinogradTiles.whole(t.out());
        GpuPlan.Arg u = plan.temporary(4 * WinogradTiles.floats(t.in(), line));
        GpuPlan.Arg v = plan.temporary(4 * WinogradTiles.floats(t.in(), t.largestPitch()));
        GpuPlan.Arg m = plan.temporary(4 * WinogradTiles.floats(t.out(), t.largestPitch()));
        for (WinogradTiles.Round r : t.rounds()) {
            prepare(plan, program, t, r, buffers, v, u);
            products(t, r, u, v, m).add(plan, traits);
            finish(plan, program, t, r, buffers, m);
        }
        return plan.build();
    }

    private static void prepare(
            GpuPlan.Builder plan,
            GpuProgram program,
            WinogradTiles t,
            WinogradTiles.Round r,
            Object[] buffers,
            GpuPlan.Arg v,
            GpuPlan.Arg u) {
        int line = WinogradTiles.whole(t.out());
        int sources = ConvGpu.ceil(t.in() * t.pitch(r.images()), WinogradTiles.THREADS);
        // Blocks of 32 result channels and 8 of the source; the kernel stays for later rounds.
        int kernel = r.first() == 0 ? ConvGpu.ceil(t.out(), 32) * ConvGpu.ceil(t.in(), 8) : 0;
        List<Object> args = new ArrayList<>(List.of(buffers[0], v));
        args.addAll(List.of(t.in(), t.height(), t.width()));
        args.addAll(t.args(r));
        args.addAll(List.of(t.lowY(), t.lowX(), buffers[1], u, t.out(), line, sources));
        plan.launch(
                program,
                "winograd_prepare",
                new int[] {sources + kernel, 1, 1},
                new int[] {WinogradTiles.THREADS, 1, 1},
                args.toArray());
    }

    private static void finish(
            GpuPlan.Builder plan,
            GpuProgram program,
            WinogradTiles t,
            WinogradTiles.Round r,
            Object[] buffers,
            GpuPlan.Arg m) {
        List<Object> args = new ArrayList<>(List.of(m, buffers[4]));
        args.add(buffers[2]);
        args.add(buffers[3]);
        args.addAll(List.of(buffers[0], buffers[1], t.out(), t.outHeight(), t.outWidth()));
        args.addAll(t.args(r));
        args.addAll(List.of(t.in(), t.height(), t.width(), t.lowY(), t.lowX()));
        plan.launch1d(
                program,
                "winograd_finish",
                (long) t.out() * t.pitch(r.images()),
                WinogradTiles.THREADS,
                args.toArray());
    }
}
