package io.tatara.kernels.conv;

import io.tatara.kernels.DType;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.gpu.GpuKernel;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuTraits;
import io.tatara.kernels.matmul.ShiftedRows;
import io.tatara.kernels.matmul.TapWeights;
import io.tatara.kernels.matmul.TapWeights.From;

/**
 * Dense weight gradients (one group) in float16 and bfloat16 on Hopper's wgmma: as {@link
 * ShiftedHopper}, images and output gradients are laid out in {@link ShiftedRows} of the same
 * geometry, so that the gradient of a tap is the product of one with the other, shifted. Pointwise
 * layers with planes of whole 16 bytes are read as they are; those with planes of whole 8, such as
 * 14 × 14 pixels, may be gathered.
 *
 * @param gathered whether it gathers, and takes what can be, else it lays out what it must
 * @param everywhere whether it takes all that it can run, fast or not
 */
record ShiftedWeight(boolean gathered, boolean everywhere)
        implements GpuKernel<Conv2dWeightGradient> {
    static final ShiftedWeight WEIGHT = new ShiftedWeight(false, false);
    static final ShiftedWeight GATHERED = new ShiftedWeight(true, false);

    /**
     * Pixels of all images up to which gathering is faster: of 512 channels an H200 took 13 µs,
     * else 15, with 1568, and 46, else 35, with 12544 (docs/h200.md).
     */
    private static final int FEW = 4096;

    // What WeightImplicit takes, from what an H200 took for it (docs/h200.md, 2026-11-26): 45 to
    // 230 products and sums of a multiprocessor in a clock, at 1.8 GHz, and no less than two
    // launches. By this the same layers took 0.15 to 0.8 of it (docs/h200.md).
    private static final double OTHER_RATE = 100;
    private static final double OTHER_START = 8000;

    /** Wherever it can run, for suites and the tuner. */
    ShiftedWeight anywhere() {
        return new ShiftedWeight(gathered, true);
    }

    @Override
    public String variant() {
        return gathered ? "gathered" : "shifted";
    }

    @Override
    public boolean supports(Conv2dWeightGradient op, TensorSpec[] in, GpuTraits traits) {
        if (!dense(op, in, traits)) {
            return false;
        }
        ConvShape s = op.shape(in);
        ShiftedRows r = rows(s);
        if (!ShiftedImages.fit(r, s.c(), s.m())) {
            return false;
        }
        TapWeights w = weights(op, in, null, null);
        if (gathered != (w.from() == From.GATHERED) || !w.supported(traits)) {
            return false;
        }
        if (everywhere) {
            return true;
        }
        if (gathered && (long) s.n() * s.h() * s.w() > FEW) {
            return false;
        }
        double clocks = w.clocks(traits);
        if (w.from() == From.ROWS) {
            clocks += ShiftedImages.weightClocks(r, s.c(), s.m(), traits);
        }
        return clocks < other(s, traits);
    }

    /** Whether it is a dense layer of 16-bit elements on Hopper. */
    static boolean dense(Conv2dWeightGradient op, TensorSpec[] in, GpuTraits traits) {
        if (!traits.hopper() || in[0].dtype() == DType.FLOAT32) {
            return false;
        }
        ConvShape s = op.shape(in);
        return s.n() > 0 && s.groups() == 1;
    }

    /** Clocks that {@link WeightImplicit} takes. */
    static double other(ConvShape s, GpuTraits traits) {
        return OTHER_START + s.flops() / 2 / (OTHER_RATE * traits.computeUnits());
    }

    static ShiftedRows rows(ConvShape s) {
        return ShiftedHopper.rows(Sums.forward(s, null, null, null, null, null));
    }

    private TapWeights weights(
            Conv2dWeightGradient op, TensorSpec[] in, GpuPlan.Arg dy, GpuPlan.Arg x) {
        ConvShape s = op.shape(in);
        Sums sums = Sums.forward(s, null, null, null, null, null);
        From from = From.ROWS;
        if (ConvImplicit.pointwise(sums)) {
            int pixels = s.h() * s.w();
            from = pixels % 8 == 0 ? From.PLANES : gathered ? From.GATHERED : From.ROWS;
        }
        return new TapWeights(
                in[0].dtype(),
                ShiftedHopper.rows(sums),
                from,
                s.m(),
                s.c(),
                from == From.ROWS ? dy : GpuPlan.in(1),
                from == From.ROWS ? x : GpuPlan.in(0),
                GpuPlan.in(1),
                GpuPlan.in(0),
                GpuPlan.out(0));
    }

    @Override
    public GpuPlan plan(
            Conv2dWeightGradient op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        ConvShape s = op.shape(in);
        GpuPlan.Builder plan = GpuPlan.builder();
        ShiftedRows r = rows(s);
        GpuPlan.Arg x = null;
        GpuPlan.Arg dy = null;
        if (weights(op, in, null, null).from() == From.ROWS) {
            x = plan.temporary(2 * ShiftedImages.elements(r, s.c()));
            dy = plan.temporary(2L * r.length() * ShiftedRows.line(s.m()));
            GpuPlan.Arg images = GpuPlan.in(0);
            GpuPlan.Arg results = GpuPlan.in(1);
            DType type = in[0].dtype();
            ShiftedImages.add(plan, type, r, images, x, s.c(), results, dy, s.m());
        }
        weights(op, in, dy, x).add(plan, traits);
        return plan.build();
    }
}
