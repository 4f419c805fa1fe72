package io.tatara.kernels.conv;

import io.tatara.kernels.DType;
import io.tatara.kernels.Op;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.gpu.GpuKernel;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuTraits;
import io.tatara.kernels.matmul.TapProduct;
import io.tatara.kernels.pointwise.Activation;

/**
 * Pointwise convolutions and their data gradients in float16 and bfloat16 on Hopper's wgmma where
 * planes are no whole 16 bytes, as the copy engine asks ({@link PointwiseHopper}), but whole 8,
 * such as 14 × 14 pixels: threads gather the pixels of all images from where they are. Only a
 * kernel of channels that are no whole eights is laid out before.
 *
 * @param problem what an op asks for
 * @param planes what reads planes by the copy engine, where it can run
 * @param everywhere whether it takes all that it can run, fast or not
 */
record GatheredHopper<O extends Op>(
        ConvCpu.Problem<O> problem, PointwiseHopper<O> planes, boolean everywhere)
        implements GpuKernel<O> {
    static final GatheredHopper<Conv2d> CONV =
            new GatheredHopper<>(ConvImplicit.CONV.problem(), PointwiseHopper.CONV, false);

    static final GatheredHopper<Conv2dDataGradient> DATA =
            new GatheredHopper<>(ConvImplicit.DATA.problem(), PointwiseHopper.DATA, false);

    /** As {@link ShiftedHopper}. */
    private static final double CLEARLY = 1.5;

    /** Wherever it can run, for suites and the tuner. */
    GatheredHopper<O> anywhere() {
        return new GatheredHopper<>(problem, planes, true);
    }

    @Override
    public String variant() {
        return "gathered";
    }

    @Override
    public boolean supports(O op, TensorSpec[] in, GpuTraits traits) {
        if (!traits.hopper() || in[0].dtype() == DType.FLOAT32) {
            return false;
        }
        Sums s = problem.of(op, in);
        if (s.shape().n() == 0
                || s.shape().groups() != 1
                || !ConvImplicit.pointwise(s)
                || !ShiftedImages.fit(s.shape())
                || !ShiftedImages.fit(ShiftedHopper.rows(s), s.in(), s.out())) {
            return false;
        }
        TapProduct p = product(op, in, s, null);
        return p.supported(traits)
                && (everywhere
                        || !planes.possible(op, in, traits)
                                && p.clocks(traits)
                                        < CLEARLY * ConvImplicit.clocks(s, in[0].dtype(), traits));
    }

    private TapProduct product(O op, TensorSpec[] in, Sums s, Object w) {
        Object[] buffers = ConvGpu.buffers(in);
        return new TapProduct(
                in[0].dtype(),
                ShiftedHopper.rows(s),
                s.out(),
                s.in(),
                s.gradient(),
                ShiftedImages.line(s.shape()),
                w,
                buffers[0],
                true,
                buffers[2],
                buffers[3],
                op instanceof Conv2d c ? c.epilogue().activation() : Activation.NONE,
                buffers[4]);
    }

    @Override
    public GpuPlan plan(O op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        Sums s = problem.of(op, in);
        ConvShape c = s.shape();
        GpuPlan.Builder plan = GpuPlan.builder();
        GpuPlan.Arg w = GpuPlan.in(1);
        int line = ShiftedImages.line(c);
        if (line != c.cg()) {
            w = plan.temporary(2L * c.m() * line);
            ShiftedImages.addKernel(plan, in[0].dtype(), GpuPlan.in(1), w, c);
        }
        product(op, in, s, w).add(plan, traits);
        return plan.build();
    }
}
