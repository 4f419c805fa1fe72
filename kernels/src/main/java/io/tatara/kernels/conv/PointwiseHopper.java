package io.tatara.kernels.conv;

import io.tatara.kernels.DType;
import io.tatara.kernels.Op;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.gpu.GpuKernel;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuTraits;
import io.tatara.kernels.matmul.ImageProduct;
import io.tatara.kernels.pointwise.Activation;

/**
 * Pointwise convolutions (one tap, stride 1, no padding, one group) in float16 and bfloat16 and
 * their data gradients on Hopper's wgmma: image by image they are the product of the kernel, or of
 * its transpose, with a matrix of channels by pixels, for which the source of matrix products
 * serves as it is.
 *
 * <p>The copy engine asks for planes and rows of the kernel of whole 16 bytes: pixels and the
 * convolution's input channels in eights. Tiles are 128 channels by 64 to 256 pixels of one image,
 * so few channels, small images and small batches are for {@link ConvImplicit}: this one takes what
 * the models of both say is clearly faster here.
 *
 * @param problem what an op asks for
 * @param everywhere whether it takes all that it can run, fast or not
 */
record PointwiseHopper<O extends Op>(ConvCpu.Problem<O> problem, boolean everywhere)
        implements GpuKernel<O> {
    /** Of the other's estimated time, so that a close guess changes nothing. */
    private static final double CLEARLY = 0.9;

    /**
     * Where tiles of 128 channels by 256 pixels are half as many as multiprocessors, or more: there
     * an H200 took 1.5 to 2.5 of the other's estimated clocks, and little more than this one's.
     */
    private static final double MANY = 1.5;

    static final PointwiseHopper<Conv2d> CONV =
            new PointwiseHopper<>(ConvImplicit.CONV.problem(), false);

    static final PointwiseHopper<Conv2dDataGradient> DATA =
            new PointwiseHopper<>(ConvImplicit.DATA.problem(), false);

    /** Wherever it can run, for suites and the tuner. */
    PointwiseHopper<O> anywhere() {
        return new PointwiseHopper<>(problem, true);
    }

    @Override
    public String variant() {
        return "pointwise";
    }

    @Override
    public boolean supports(O op, TensorSpec[] in, GpuTraits traits) {
        if (!possible(op, in, traits)) {
            return false;
        }
        if (everywhere) {
            return true;
        }
        Sums s = problem.of(op, in);
        int pixels = s.height() * s.width();
        double tiles =
                (double) s.shape().n() * ConvGpu.ceil(s.out(), 128) * ConvGpu.ceil(pixels, 256);
        double clearly = 2 * tiles < traits.computeUnits() ? CLEARLY : MANY;
        return product(op, in).clocks(traits)
                < clearly * ConvImplicit.clocks(s, in[0].dtype(), traits);
    }

    /** Whether it could run, fast or not. */
    boolean possible(O op, TensorSpec[] in, GpuTraits traits) {
        if (!traits.hopper() || in[0].dtype() == DType.FLOAT32) {
            return false;
        }
        Sums s = problem.of(op, in);
        return s.shape().groups() == 1
                && ConvImplicit.pointwise(s)
                && product(op, in).supported(traits);
    }

    @Override
    public GpuPlan plan(O op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        GpuPlan.Builder plan = GpuPlan.builder();
        product(op, in).add(plan, traits);
        return plan.build();
    }

    private ImageProduct product(O op, TensorSpec[] in) {
        Sums s = problem.of(op, in);
        Object[] buffers = ConvGpu.buffers(in);
        return new ImageProduct(
                in[0].dtype(),
                s.shape().n(),
                s.out(),
                s.height() * s.width(),
                s.in(),
                s.gradient(),
                buffers[1],
                buffers[0],
                buffers[2],
                buffers[3],
                op instanceof Conv2d c ? c.epilogue().activation() : Activation.NONE,
                buffers[4]);
    }
}
