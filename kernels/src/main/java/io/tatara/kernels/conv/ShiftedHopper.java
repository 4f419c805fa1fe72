package io.tatara.kernels.conv;

import io.tatara.kernels.DType;
import io.tatara.kernels.Op;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.gpu.GpuKernel;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuTraits;
import io.tatara.kernels.matmul.ShiftedRows;
import io.tatara.kernels.matmul.TapProduct;
import io.tatara.kernels.pointwise.Activation;

/**
 * Dense convolutions (one group) and their data gradients of stride 1 in float16 and bfloat16 on
 * Hopper's wgmma, as sums over taps of shifted products. A first launch turns the images into
 * {@link ShiftedRows}, all channels of a pixel beside each other, where each tap is a shift of the
 * lines, which the copy engine can begin at any, though planes of 14 × 14 or 7 × 7 are no whole 16
 * bytes; it also brings the kernel into an order tap by tap, unless it has one tap and whole 16
 * bytes of channels.
 *
 * <p>Rows cost reading and writing the images once more, and the gaps between lines and images a
 * column for each of their elements; tiles are 128 channels by 64 to 256 columns. So this takes
 * what the models of both kernels say is clearly faster than {@link ConvImplicit}.
 *
 * @param problem what an op asks for
 * @param planes what needs no copy of the images, where it can run
 */
record ShiftedHopper<O extends Op>(ConvCpu.Problem<O> problem, PointwiseHopper<O> planes)
        implements GpuKernel<O> {
    static final ShiftedHopper<Conv2d> CONV =
            new ShiftedHopper<>(ConvImplicit.CONV.problem(), PointwiseHopper.CONV);

    static final ShiftedHopper<Conv2dDataGradient> DATA =
            new ShiftedHopper<>(ConvImplicit.DATA.problem(), PointwiseHopper.DATA);

    /**
     * Of the other's estimated clocks: layers on an H200 took 1.5 to 2.5 of them, at 1.8 GHz, and
     * 1.05 to 3.6 times as long as by this (docs/h200.md).
     */
    private static final double CLEARLY = 1.5;

    @Override
    public String variant() {
        return "shifted";
    }

    @Override
    public boolean supports(O op, TensorSpec[] in, GpuTraits traits) {
        if (!traits.hopper() || in[0].dtype() == DType.FLOAT32) {
            return false;
        }
        Sums s = problem.of(op, in);
        ConvWindow v = s.shape().window();
        if (s.shape().n() == 0
                || s.shape().groups() != 1
                || s.gradient() && v.strideY() * v.strideX() != 1
                || planes.possible(op, in, traits)
                || !ShiftedImages.fit(s.shape())
                || !ShiftedImages.fit(rows(s), s.in(), s.out())) {
            return false;
        }
        TapProduct p = product(op, in, s, null, null);
        if (!p.supported(traits)) {
            return false;
        }
        double clocks = p.clocks(traits);
        clocks += ShiftedImages.clocks(p.at(), s.in(), s.out(), traits);
        return clocks < CLEARLY * ConvImplicit.clocks(s, in[0].dtype(), traits);
    }

    /** Taps in the kernel's order along an axis, all of it in one piece. */
    private static ShiftedRows.Along along(Axis a, int source) {
        return new ShiftedRows.Along(
                a.taps(), a.inStart(), a.tapIn(), a.inStep(), source, a.count());
    }

    static ShiftedRows rows(Sums s) {
        return new ShiftedRows(
                along(s.ys().getFirst(), s.height()),
                along(s.xs().getFirst(), s.width()),
                s.shape().n());
    }

    private TapProduct product(O op, TensorSpec[] in, Sums s, Object w, Object x) {
        Object[] buffers = ConvGpu.buffers(in);
        return new TapProduct(
                in[0].dtype(),
                rows(s),
                s.out(),
                s.in(),
                s.gradient(),
                ShiftedImages.line(s.shape()),
                w,
                x,
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
        ShiftedRows r = rows(s);
        GpuPlan.Arg x = plan.temporary(2 * ShiftedImages.elements(r, s.in()));
        GpuPlan.Arg w = GpuPlan.in(1);
        int line = ShiftedImages.line(c);
        boolean packed = c.taps() > 1 || line != c.cg();
        if (packed) {
            w = plan.temporary(2L * c.taps() * c.m() * line);
        }
        ShiftedImages.add(
                plan,
                in[0].dtype(),
                r,
                GpuPlan.in(0),
                x,
                s.in(),
                packed ? GpuPlan.in(1) : null,
                packed ? w : null,
                c);
        product(op, in, s, w, x).add(plan, traits);
        return plan.build();
    }
}
