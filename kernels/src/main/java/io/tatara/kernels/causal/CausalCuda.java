package io.tatara.kernels.causal;

import static io.tatara.kernels.causal.CausalShape.at;

import io.tatara.kernels.Op;
import io.tatara.kernels.Shape;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.conv.Conv2d;
import io.tatara.kernels.conv.Conv2dDataGradient;
import io.tatara.kernels.conv.Conv2dWeightGradient;
import io.tatara.kernels.conv.ConvKernels;
import io.tatara.kernels.conv.ConvWindow;
import io.tatara.kernels.gpu.GpuKernel;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuTraits;
import java.util.ArrayList;
import java.util.List;

/**
 * The convolution and its gradients on CUDA as convolutions of images of one row, padded by the
 * reach on the left: the implicit products of the room {@code conv}, on the same buffers. Calls
 * with a state before the samples, or a gradient of one, are for the portable kernels.
 *
 * @param same what an op is as a convolution of images
 */
record CausalCuda<O extends Op, C extends Op>(Same<O, C> same, GpuKernel<C> kernel)
        implements GpuKernel<O> {
    /** Elements of a padded image that the room {@code conv} allows. */
    private static final long MOST_PADDED = 1L << 30;

    /** An op of this room as one of images. */
    interface Same<O extends Op, C extends Op> {
        CausalShape shape(O op, TensorSpec[] in);

        C op(O op, CausalShape s);

        /** Whether no state is there. */
        boolean stateless(O op, TensorSpec[] in);

        default boolean carry(O op) {
            return false;
        }
    }

    static final CausalCuda<CausalConv1d, Conv2d> CONVOLUTION =
            new CausalCuda<>(
                    new Same<>() {
                        @Override
                        public CausalShape shape(CausalConv1d op, TensorSpec[] in) {
                            return op.shape(in);
                        }

                        @Override
                        public Conv2d op(CausalConv1d op, CausalShape s) {
                            return new Conv2d(window(s), 1);
                        }

                        @Override
                        public boolean stateless(CausalConv1d op, TensorSpec[] in) {
                            return at(in, CausalConv1d.STATE) == null;
                        }

                        @Override
                        public boolean carry(CausalConv1d op) {
                            return op.carry();
                        }
                    },
                    ConvKernels.CONV);

    static final CausalCuda<CausalConv1dDataGradient, Conv2dDataGradient> DATA_GRADIENT =
            new CausalCuda<>(
                    new Same<>() {
                        @Override
                        public CausalShape shape(CausalConv1dDataGradient op, TensorSpec[] in) {
                            return op.shape(in);
                        }

                        @Override
                        public Conv2dDataGradient op(CausalConv1dDataGradient op, CausalShape s) {
                            return new Conv2dDataGradient(window(s), 1, 1, s.t());
                        }

                        @Override
                        public boolean stateless(CausalConv1dDataGradient op, TensorSpec[] in) {
                            return !op.state() && at(in, CausalConv1dDataGradient.CARRIED) == null;
                        }
                    },
                    ConvKernels.DATA_GRADIENT);

    static final CausalCuda<CausalConv1dWeightGradient, Conv2dWeightGradient> WEIGHT_GRADIENT =
            new CausalCuda<>(
                    new Same<>() {
                        @Override
                        public CausalShape shape(CausalConv1dWeightGradient op, TensorSpec[] in) {
                            return op.shape(in);
                        }

                        @Override
                        public Conv2dWeightGradient op(
                                CausalConv1dWeightGradient op, CausalShape s) {
                            return new Conv2dWeightGradient(window(s), 1, 1, s.k());
                        }

                        @Override
                        public boolean stateless(CausalConv1dWeightGradient op, TensorSpec[] in) {
                            return at(in, CausalConv1dWeightGradient.STATE) == null;
                        }
                    },
                    ConvKernels.WEIGHT_GRADIENT);

    private static ConvWindow window(CausalShape s) {
        return ConvWindow.UNIT.pad(0, 0, s.reach(), 0).dilation(1, s.d());
    }

    @Override
    public String variant() {
        return kernel.variant();
    }

    @Override
    public boolean supports(O op, TensorSpec[] in, GpuTraits traits) {
        CausalShape s = same.shape(op, in);
        return traits.cuda(80)
                && same.stateless(op, in)
                && s.n() > 0
                && s.c() > 0
                && s.m() > 0
                && s.t() > 0
                && 2 * (s.t() + s.reach() + 1L) * s.c() <= MOST_PADDED
                && kernel.supports(same.op(op, s), images(in), traits);
    }

    @Override
    public GpuPlan plan(O op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        CausalShape s = same.shape(op, in);
        GpuPlan plan = kernel.plan(same.op(op, s), images(in), images(out), traits);
        if (!same.carry(op)) {
            return plan;
        }
        GpuPlan.Builder more = GpuPlan.builder();
        CausalGpu.carry(more, s, in, CausalConv1d.STATE, 1, CausalGpu.local(traits));
        List<GpuPlan.Launch> launches = new ArrayList<>(plan.launches());
        launches.addAll(more.build().launches());
        return new GpuPlan(launches, plan.temporaries());
    }

    /** Rows [N, C, T] as images [N, C, 1, T]; a bias stays as it is. */
    private static TensorSpec[] images(TensorSpec[] specs) {
        TensorSpec[] all = new TensorSpec[specs.length];
        for (int i = 0; i < all.length; i++) {
            TensorSpec t = specs[i];
            if (t != null && t.shape().rank() == 3) {
                Shape r = t.shape();
                t = t.withShape(r.dim(0), r.dim(1), 1, r.dim(2));
            }
            all[i] = t;
        }
        return all;
    }
}
