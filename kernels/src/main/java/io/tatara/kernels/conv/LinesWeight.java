package io.tatara.kernels.conv;

import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.gpu.GpuKernel;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuTraits;
import io.tatara.kernels.matmul.LineWeightForm;
import io.tatara.kernels.matmul.LineWeights;
import java.util.List;

/**
 * Dense weight gradients (one group) of stride 1 and 2 × 2 to 3 × 3 taps, or stride 2 and 3 × 3
 * taps, in float16 and bfloat16 on Hopper's wgmma, as {@link ShiftedWeight} sums them, but from the
 * images as they are. With a stride an H200 was faster where a launch lays them out first, so that
 * is for the tuner.
 *
 * @param everywhere whether it takes all that it can run, fast or not
 * @param form of the pieces, null for what the model chooses
 */
record LinesWeight(boolean everywhere, LineWeightForm form)
        implements GpuKernel<Conv2dWeightGradient> {
    static final LinesWeight WEIGHT = new LinesWeight(false, null);

    /** Wherever it can run, for suites and the tuner. */
    LinesWeight anywhere() {
        return new LinesWeight(true, form);
    }

    @Override
    public String variant() {
        return form == null ? "lines" : "lines/" + form;
    }

    @Override
    public boolean supports(Conv2dWeightGradient op, TensorSpec[] in, GpuTraits traits) {
        if (!ShiftedWeight.dense(op, in, traits)) {
            return false;
        }
        ConvShape s = op.shape(in);
        LineWeights w = weights(op, in);
        return w.supported(traits)
                && (everywhere
                        || s.window().strideX() == 1
                                && w.clocks(traits) < ShiftedWeight.other(s, traits));
    }

    @Override
    public List<GpuKernel<Conv2dWeightGradient>> candidates(
            Conv2dWeightGradient op, TensorSpec[] in, GpuTraits traits) {
        return LineWeightForm.all().stream()
                .map(f -> new LinesWeight(true, f))
                .filter(k -> k.supports(op, in, traits))
                .<GpuKernel<Conv2dWeightGradient>>map(k -> k)
                .toList();
    }

    private LineWeights weights(Conv2dWeightGradient op, TensorSpec[] in) {
        ConvShape s = op.shape(in);
        return new LineWeights(in[0].dtype(), ShiftedWeight.rows(s), s.m(), s.c(), form);
    }

    @Override
    public GpuPlan plan(
            Conv2dWeightGradient op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        GpuPlan.Builder plan = GpuPlan.builder();
        LineWeights w = weights(op, in);
        w.add(plan, traits, GpuPlan.in(1), GpuPlan.in(0), GpuPlan.out(0));
        return plan.build();
    }
}
