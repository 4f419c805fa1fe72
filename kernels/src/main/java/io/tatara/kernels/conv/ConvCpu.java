package io.tatara.kernels.conv;

import io.tatara.kernels.DType;
import io.tatara.kernels.Op;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.gpu.GpuKernel;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuProgram;
import io.tatara.kernels.gpu.GpuSources;
import io.tatara.kernels.gpu.GpuTraits;
import io.tatara.kernels.pointwise.Activation;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * OpenCL on CPUs: {@code conv_cpu.cl}, packed panels and register tiles, and {@code rows_cpu.cl}
 * for depthwise convolutions of float32.
 *
 * @param problem what an op asks for
 */
record ConvCpu<O extends Op>(Problem<O> problem) implements GpuKernel<O> {
    /** Rows of a tile of sums, times two vectors, that fit the registers. */
    static final int PANELS = 16;

    /** What an op comes down to. */
    interface Problem<O extends Op> {
        Sums of(O op, TensorSpec[] in);
    }

    static final ConvCpu<Conv2d> CONV =
            new ConvCpu<>((op, in) -> Sums.forward(op.shape(in), null, null, null, null, null));

    static final ConvCpu<Conv2dDataGradient> DATA =
            new ConvCpu<>((op, in) -> Sums.gradient(op.shape(in), null, null, null, null, null));

    @Override
    public String variant() {
        return "cpu";
    }

    @Override
    public boolean supports(O op, TensorSpec[] in, GpuTraits traits) {
        if (!traits.cpu() || traits.api() != GpuTraits.Api.OPENCL) {
            return false;
        }
        Sums s = problem.of(op, in);
        if (s.shape().depthwise()) {
            return in[0].dtype() == DType.FLOAT32;
        }
        boolean gaps =
                s.ys().stream().anyMatch(a -> a.taps() == 0)
                        || s.xs().stream().anyMatch(a -> a.taps() == 0);
        return !gaps && s.out() >= 4;
    }

    static int rows(GpuTraits traits) {
        return traits.lanes() == 16 ? 12 : traits.lanes() == 8 ? 4 : 8;
    }

    @Override
    public GpuPlan plan(O op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        Sums s = problem.of(op, in);
        if (s.shape().n() == 0) {
            return GpuPlan.NOTHING;
        }
        Activation f = op instanceof Conv2d c ? c.epilogue().activation() : Activation.NONE;
        GpuPlan.Builder plan = GpuPlan.builder();
        for (Axis y : s.ys()) {
            for (Axis x : s.xs()) {
                Object[] buffers = ConvGpu.buffers(in);
                if (s.shape().depthwise()) {
                    rows(plan, s, y, x, buffers, f, traits);
                } else {
                    launch(plan, s, y, x, buffers, f, in[0].dtype(), traits);
                }
            }
        }
        return plan.build();
    }

    private static GpuProgram program(
            String file, Object[] buffers, Activation f, DType type, GpuTraits traits) {
        List<Object> defines = ConvGpu.finish(buffers, f);
        defines.addAll(List.of("VEC", traits.lanes(), "STORAGE", GpuProgram.storage(type)));
        if (file.equals("conv_cpu.cl")) {
            defines.addAll(List.of("MR", rows(traits)));
        }
        String text =
                GpuSources.load(GpuSources.class, "vectors.cl")
                        + (file.equals("conv_cpu.cl") ? ConvGpu.text("tile_cpu.cl") : "")
                        + ConvGpu.text("sums.cl")
                        + ConvGpu.text("sums_cpu.cl")
                        + ConvGpu.text(file);
        return GpuProgram.of("conv/" + file, text, defines.toArray());
    }

    /** Depthwise. */
    private static void rows(
            GpuPlan.Builder plan,
            Sums s,
            Axis y,
            Axis x,
            Object[] buffers,
            Activation f,
            GpuTraits traits) {
        int planes = s.shape().n() * s.shape().groups() * s.out();
        plan.launch(
                program("rows_cpu.cl", buffers, f, DType.FLOAT32, traits),
                "conv_rows",
                new int[] {planes, 1, 1},
                new int[] {1, 1, 1},
                ConvGpu.args(s, y, x, buffers));
    }

    private static void launch(
            GpuPlan.Builder plan,
            Sums whole,
            Axis y,
            Axis x,
            Object[] buffers,
            Activation f,
            DType type,
            GpuTraits traits) {
        Sums s = whole;
        Axis ay = y;
        Axis ax = x;
        if (s.plane().as() && y.count() == s.height() && x.count() == s.width() && dense(y, x)) {
            // One tap, pixel upon pixel: the image is one row.
            int pixels = s.height() * s.width();
            s = s.row();
            ay = new Axis(1, 0, 1, 0, 1, y.tapIn(), 1, y.tapStart(), y.tapStep());
            ax = new Axis(pixels, 0, 1, 0, 1, x.tapIn(), 1, x.tapStart(), x.tapStep());
        }
        ConvShape c = s.shape();
        int mr = rows(traits);
        int k = s.in() * ay.taps() * ax.taps();
        int panels = ConvGpu.ceil(s.out(), mr);
        int columns = ConvGpu.ceil(c.n() * ay.count() * ax.count(), 2 * traits.lanes());
        int mp = Math.min(PANELS, panels);
        while ((long) columns * ConvGpu.ceil(panels, mp) * c.groups() < 4L * traits.computeUnits()
                && mp > 4) {
            mp = ConvGpu.ceil(mp, 2);
        }
        GpuProgram program = program("conv_cpu.cl", buffers, f, type, traits);
        GpuPlan.Arg packed = plan.temporary(4L * c.groups() * panels * mr * k);
        Object[] args = ConvGpu.args(s, ay, ax, buffers);
        List<Object> pack = new ArrayList<>(List.of(buffers[1], packed, c.groups(), s.in()));
        pack.addAll(List.of(s.out(), args[13], args[14], args[15], args[16]));
        pack.addAll(List.of(ay.taps(), ay.tapStart(), ay.tapStep()));
        pack.addAll(List.of(ax.taps(), ax.tapStart(), ax.tapStep()));
        int groups = Math.min(c.groups(), 1 << 15);
        int[] one = {1, 1, 1};
        plan.launch(program, "conv_pack", new int[] {panels, groups, 1}, one, pack.toArray());
        List<Object> all = new ArrayList<>(Arrays.asList(args));
        all.add(packed);
        all.add(mp);
        int[] grid = {columns, ConvGpu.ceil(panels, mp), groups};
        plan.launch(program, "conv_blocks", grid, one, all.toArray());
    }

    private static boolean dense(Axis y, Axis x) {
        return y.taps() == 1
                && x.taps() == 1
                && y.inStep() == 1
                && y.outStep() == 1
                && x.outStep() == 1;
    }
}
