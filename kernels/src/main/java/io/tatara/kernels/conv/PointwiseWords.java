package io.tatara.kernels.conv;

import io.tatara.kernels.DType;
import io.tatara.kernels.Op;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.gpu.GpuKernel;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuTraits;

/**
 * Pointwise convolutions in float32 and their data gradients as products of whole words, image by
 * image as {@link PointwiseHopper} has them in 16 bits: channels in sixteens, 128 pixels and
 * channels of the result or more, pixels in fours. Not measured, so it stands behind {@link
 * ConvImplicit} for the tuner to compare.
 *
 * @param planes the same in 16 bits, which knows the product
 */
record PointwiseWords<O extends Op>(PointwiseHopper<O> planes) implements GpuKernel<O> {
    static final PointwiseWords<Conv2d> CONV = new PointwiseWords<>(PointwiseHopper.CONV);

    static final PointwiseWords<Conv2dDataGradient> DATA =
            new PointwiseWords<>(PointwiseHopper.DATA);

    @Override
    public String variant() {
        return "pointwise/words";
    }

    @Override
    public boolean supports(O op, TensorSpec[] in, GpuTraits traits) {
        if (!traits.cuda(80) || in[0].dtype() != DType.FLOAT32) {
            return false;
        }
        Sums s = planes.problem().of(op, in);
        return s.shape().groups() == 1
                && ConvImplicit.pointwise(s)
                && planes.product(op, in).supported(traits);
    }

    @Override
    public GpuPlan plan(O op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        return planes.plan(op, in, out, traits);
    }
}
