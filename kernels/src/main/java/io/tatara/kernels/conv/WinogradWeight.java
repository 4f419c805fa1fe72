package io.tatara.kernels.conv;

import io.tatara.kernels.DType;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.gpu.GpuKernel;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuProgram;
import io.tatara.kernels.gpu.GpuTraits;
import io.tatara.kernels.matmul.SimtBatch;
import java.util.ArrayList;
import java.util.List;

/**
 * Dense weight gradients (one group) of 3 × 3 taps and stride 1 in float32 by the transposed form
 * of {@link WinogradSums}; see {@code winograd_weight.cl}. Later rounds of images add to the sums
 * of those before.
 *
 * @param most bytes of the transformed tiles of a round of images
 */
record WinogradWeight(long most) implements GpuKernel<Conv2dWeightGradient> {
    static final WinogradWeight WEIGHT = new WinogradWeight(WinogradTiles.MOST);

    /** Kernels that a block of the last launch has. */
    private static final int KERNELS = 128;

    // What WeightImplicit takes for float32, from what an H200 took for it (docs/h200.md,
    // 2026-11-26): 38 to 50 of 128 products and sums of a multiprocessor in a clock at batch 8, at
    // 1.8 GHz; of larger batches, which were not measured, somewhat more is assumed.
    private static final double OTHER_SHARE = 60.0 / 128;
    private static final double OTHER_START = 8000;

    @Override
    public String variant() {
        return "winograd";
    }

    private WinogradTiles tiles(Conv2dWeightGradient op, TensorSpec[] in) {
        return WinogradTiles.of(Sums.forward(op.shape(in), null, null, null, null, null), most);
    }

    @Override
    public boolean supports(Conv2dWeightGradient op, TensorSpec[] in, GpuTraits traits) {
        if (!traits.cuda(80) || in[0].dtype() != DType.FLOAT32) {
            return false;
        }
        WinogradTiles t = tiles(op, in);
        double products = op.shape(in).flops() / 2;
        double rate = OTHER_SHARE * ConvImplicit.rate(traits);
        double other = OTHER_START + products / (rate * traits.computeUnits());
        return t != null && t.worth() && clocks(t, traits) < WinogradTiles.CLEARLY * other;
    }

    /** Clocks that it should take. */
    static double clocks(WinogradTiles t, GpuTraits traits) {
        return t.clocks(r -> products(t, r, null, null, null).clocks(traits), traits);
    }

    /** sums[place] += z[place] · v[place]ᵀ. */
    private static SimtBatch products(
            WinogradTiles t, WinogradTiles.Round r, Object z, Object v, Object sums) {
        int pitch = t.pitch(r.images());
        return new SimtBatch(
                WinogradTiles.PLACES,
                t.out(),
                t.in(),
                t.tiles(r.images()),
                new SimtBatch.Matrices(z, pitch, 1, t.out() * pitch),
                new SimtBatch.Matrices(v, 1, pitch, t.in() * pitch),
                sums,
                WinogradTiles.whole(t.in()),
                r.first() > 0);
    }

    @Override
    public GpuPlan plan(
            Conv2dWeightGradient op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        WinogradTiles t = tiles(op, in);
        List<Object> defines = List.of("VEC", t.outWidth() % 4 == 0 ? 4 : 1);
        GpuProgram program = WinogradTiles.program("winograd_weight.cl", defines);
        GpuPlan.Builder plan = GpuPlan.builder();
        int line = WinogradTiles.whole(t.in());
        GpuPlan.Arg v = plan.temporary(4 * WinogradTiles.floats(t.in(), t.largestPitch()));
        GpuPlan.Arg z = plan.temporary(4 * WinogradTiles.floats(t.out(), t.largestPitch()));
        GpuPlan.Arg sums = plan.temporary(4 * WinogradTiles.floats(t.out(), line));
        for (WinogradTiles.Round r : t.rounds()) {
            int sources = ConvGpu.ceil(t.in() * t.pitch(r.images()), WinogradTiles.THREADS);
            int results = ConvGpu.ceil(t.out() * t.pitch(r.images()), WinogradTiles.THREADS);
            List<Object> args = new ArrayList<>(List.of(GpuPlan.in(0), v));
            args.addAll(List.of(t.in(), t.height(), t.width()));
            args.addAll(t.args(r));
            args.addAll(List.of(t.lowY(), t.lowX(), GpuPlan.in(1), z));
            args.addAll(List.of(t.out(), t.outHeight(), t.outWidth(), sources));
            plan.launch(
                    program,
                    "winograd_gradients",
                    new int[] {sources + results, 1, 1},
                    new int[] {WinogradTiles.THREADS, 1, 1},
                    args.toArray());
            products(t, r, z, v, sums).add(plan, traits);
        }
        List<Object> args = new ArrayList<>(List.of(sums, GpuPlan.out(0)));
        args.addAll(List.of(GpuPlan.in(0), GpuPlan.in(1), t.in(), t.out(), line, t.images()));
        args.addAll(List.of(t.height(), t.width(), t.outHeight(), t.outWidth()));
        args.addAll(List.of(t.lowY(), t.lowX()));
        plan.launch1d(
                program, "winograd_weights", (long) t.out() * t.in(), KERNELS, args.toArray());
        return plan.build();
    }
}
