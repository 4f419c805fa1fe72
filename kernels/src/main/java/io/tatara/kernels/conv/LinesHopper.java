package io.tatara.kernels.conv;

import io.tatara.kernels.DType;
import io.tatara.kernels.Op;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.gpu.GpuKernel;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuTraits;
import io.tatara.kernels.matmul.LineForm;
import io.tatara.kernels.matmul.LineProduct;
import io.tatara.kernels.matmul.ShiftedRows;
import io.tatara.kernels.matmul.TapProduct;
import io.tatara.kernels.pointwise.Activation;
import java.util.ArrayList;
import java.util.List;

/**
 * Dense convolutions (one group) and their data gradients, strides up to 2, in float16 and bfloat16
 * on Hopper's wgmma as {@link ShiftedHopper}'s sums of shifted products, without laying the images
 * out first: {@link LineProduct} turns them on the way. Only the kernel is brought into an order
 * tap by tap before, unless it has one tap and whole 16 bytes of channels.
 *
 * @param problem what an op asks for
 * @param everywhere whether it takes all that it can run, fast or not
 * @param form of the tiles, null for what the model chooses
 */
record LinesHopper<O extends Op>(ConvCpu.Problem<O> problem, boolean everywhere, LineForm form)
        implements GpuKernel<O> {
    static final LinesHopper<Conv2d> CONV =
            new LinesHopper<>(ConvImplicit.CONV.problem(), false, null);

    static final LinesHopper<Conv2dDataGradient> DATA =
            new LinesHopper<>(ConvImplicit.DATA.problem(), false, null);

    /** As {@link ShiftedHopper}. */
    private static final double CLEARLY = 1.5;

    /** Fewer taps leave the warps that turn images no time. */
    private static final int LEAST_TAPS = 4;

    private static final int MOST_STRIDE = 2;

    private static final int MOST_PLACES = 1 << 29;

    /** Lines from here on may have three places more, or one. */
    private static final int LONG = 48;

    private static final int MIDDLE = 14;

    /** A line of fewer elements is read in words where it has so many places. */
    private static final int SHORT = 8;

    /** Wherever it can run, for suites and the tuner. */
    LinesHopper<O> anywhere() {
        return new LinesHopper<>(problem, true, form);
    }

    @Override
    public String variant() {
        return form == null ? "lines" : "lines/" + form;
    }

    @Override
    public boolean supports(O op, TensorSpec[] in, GpuTraits traits) {
        if (!traits.hopper() || in[0].dtype() == DType.FLOAT32) {
            return false;
        }
        Sums s = problem.of(op, in);
        ConvShape c = s.shape();
        if (c.n() == 0
                || c.groups() != 1
                || c.window().strideY() > MOST_STRIDE
                || c.window().strideX() > MOST_STRIDE
                || !ShiftedImages.fit(c)
                || taps(s.ys()) * taps(s.xs()) > TapProduct.MOST_TAPS
                || !counted(s)
                || !everywhere && c.taps() < LEAST_TAPS) {
            return false;
        }
        LineProduct p = product(op, in, s, null);
        return p.supported(traits)
                && (everywhere || !strided(s) || p.fetched(traits))
                && (everywhere
                        || p.clocks(traits) + pack(c, traits)
                                < CLEARLY
                                        * s.ys().size()
                                        * s.xs().size()
                                        * ConvImplicit.clocks(s, in[0].dtype(), traits));
    }

    @Override
    public List<GpuKernel<O>> candidates(O op, TensorSpec[] in, GpuTraits traits) {
        return LineForm.all().stream()
                .map(f -> new LinesHopper<>(problem, true, f))
                .filter(k -> k.supports(op, in, traits))
                .<GpuKernel<O>>map(k -> k)
                .toList();
    }

    /** Of all classes of places along an axis. */
    private static long taps(List<Axis> axes) {
        return axes.stream().mapToLong(Axis::taps).sum();
    }

    /** Whether ints count all places. */
    private static boolean counted(Sums s) {
        double lines = extent(s.ys(), s.height());
        double places = extent(s.xs(), s.width()) + 3.0;
        return s.shape().n() * lines * places < MOST_PLACES;
    }

    /**
     * Whether a source has phases: unless the copy engine fetched it an H200 was no faster by this
     * then than by a launch before.
     */
    private static boolean strided(Sums s) {
        return s.ys().getFirst().inStep() * s.xs().getFirst().inStep() > 1;
    }

    /** Clocks that bringing the kernel into order should take. */
    private static double pack(ConvShape c, GpuTraits traits) {
        double bytes = 4.0 * c.taps() * c.m() * c.cg();
        return ShiftedImages.LAUNCH + bytes / (ShiftedImages.BYTES * traits.computeUnits());
    }

    private static boolean packed(ConvShape c) {
        return c.taps() > 1 || ShiftedImages.line(c) != c.cg();
    }

    private LineProduct product(O op, TensorSpec[] in, Sums s, Object w) {
        Object[] buffers = ConvGpu.buffers(in);
        return new LineProduct(
                in[0].dtype(),
                source(s),
                new LineProduct.Target(
                        s.outHeight(),
                        s.outWidth(),
                        s.ys().getFirst().outStep(),
                        s.xs().getFirst().outStep()),
                classes(s),
                s.out(),
                s.in(),
                s.gradient(),
                ShiftedImages.line(s.shape()),
                w,
                buffers[0],
                buffers[2],
                buffers[3],
                op instanceof Conv2d c ? c.epilogue().activation() : Activation.NONE,
                buffers[4],
                form);
    }

    private static ShiftedRows.Along along(Axis a, int source) {
        return new ShiftedRows.Along(
                a.taps(), a.inStart(), a.tapIn(), a.inStep(), source, a.count());
    }

    private static int extent(List<Axis> axes, int source) {
        return axes.stream().mapToInt(a -> along(a, source).extent()).max().orElse(1);
    }

    /** Places from a line to the next, some more where lines are read in words by it. */
    private static int pitch(int least, int width, int stride) {
        if (stride > 1) {
            return least;
        }
        if (width % 4 == 0 && width >= LONG) {
            return ConvGpu.ceil(least, 4) * 4;
        }
        if (width % 2 == 0 && width >= MIDDLE) {
            return ConvGpu.ceil(least, 2) * 2;
        }
        return width % 2 == 1 && least == SHORT - 1 ? SHORT : least;
    }

    private static LineProduct.Source source(Sums s) {
        ShiftedRows.Along y = along(s.ys().getFirst(), s.height());
        ShiftedRows.Along x = along(s.xs().getFirst(), s.width());
        int pitch = pitch(extent(s.xs(), s.width()), s.width(), x.stride());
        return new LineProduct.Source(
                s.shape().n(),
                s.height(),
                s.width(),
                y.stride(),
                y.first(),
                y.phases(),
                x.stride(),
                x.first(),
                x.phases(),
                extent(s.ys(), s.height()) * pitch,
                pitch);
    }

    private static List<LineProduct.Places> classes(Sums s) {
        List<LineProduct.Places> all = new ArrayList<>();
        for (Axis y : s.ys()) {
            for (Axis x : s.xs()) {
                all.add(places(s, y, x));
            }
        }
        return all;
    }

    private static LineProduct.Places places(Sums s, Axis y, Axis x) {
        LineProduct.Source from = source(s);
        List<LineProduct.Tap> taps = new ArrayList<>();
        for (int i = 0; i < y.taps(); i++) {
            for (int j = 0; j < x.taps(); j++) {
                int atY = y.inStart() + y.tapIn() * i;
                int atX = x.inStart() + x.tapIn() * j;
                int dy = Math.floorDiv(atY, y.inStep());
                int dx = Math.floorDiv(atX, x.inStep());
                int tap =
                        (y.tapStart() + y.tapStep() * i) * s.shape().kw()
                                + x.tapStart()
                                + x.tapStep() * j;
                taps.add(
                        new LineProduct.Tap(
                                atY - dy * y.inStep() - from.firstY(),
                                atX - dx * x.inStep() - from.firstX(),
                                dy * from.pitch() + dx,
                                tap));
            }
        }
        return new LineProduct.Places(
                y.outStart(), x.outStart(), y.count(), x.count(), List.copyOf(taps));
    }

    @Override
    public GpuPlan plan(O op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        Sums s = problem.of(op, in);
        ConvShape c = s.shape();
        GpuPlan.Builder plan = GpuPlan.builder();
        GpuPlan.Arg w = GpuPlan.in(1);
        if (packed(c)) {
            w = plan.temporary(2L * c.taps() * c.m() * ShiftedImages.line(c));
            ShiftedImages.addKernel(plan, in[0].dtype(), GpuPlan.in(1), w, c);
        }
        product(op, in, s, w).add(plan, traits);
        return plan.build();
    }
}
