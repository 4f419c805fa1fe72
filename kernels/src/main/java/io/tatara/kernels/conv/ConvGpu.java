package io.tatara.kernels.conv;

import io.tatara.kernels.DType;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuProgram;
import io.tatara.kernels.gpu.GpuSources;
import io.tatara.kernels.gpu.GpuTraits;
import io.tatara.kernels.pointwise.Activation;
import java.util.ArrayList;
import java.util.List;

/** The ops of this room on GPUs: {@code conv.cl} and {@code weight.cl}, every device. */
final class ConvGpu {
    /** Largest extent of a grid in y and z; kernels loop over what is beyond. */
    private static final int MAX_GRID = 32768;

    /** Floats that the parts of a weight gradient may take together. */
    private static final long MAX_PARTS = 1L << 24;

    private ConvGpu() {}

    static int ceil(int x, int step) {
        return (x + step - 1) / step;
    }

    static GpuPlan conv(Conv2d op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        Sums s = Sums.forward(op.shape(in), null, null, null, null, null);
        Object[] buffers = buffers(in);
        return sums(s, buffers, op.epilogue().activation(), in[0].dtype(), traits);
    }

    /** Source, kernel, bias, residual, result. */
    static Object[] buffers(TensorSpec[] in) {
        return new Object[] {
            GpuPlan.in(0),
            GpuPlan.in(1),
            Conv2d.optional(in, 2) != null ? GpuPlan.in(2) : null,
            Conv2d.optional(in, 3) != null ? GpuPlan.in(3) : null,
            GpuPlan.out(0)
        };
    }

    static GpuPlan data(
            Conv2dDataGradient op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        Sums s = Sums.gradient(op.shape(in), null, null, null, null, null);
        return sums(s, buffers(in), Activation.NONE, in[0].dtype(), traits);
    }

    private static GpuPlan sums(
            Sums s, Object[] buffers, Activation activation, DType type, GpuTraits traits) {
        GpuPlan.Builder plan = GpuPlan.builder();
        if (s.shape().n() == 0) {
            return GpuPlan.NOTHING;
        }
        zeros(plan, s, type, traits);
        for (Axis y : s.ys()) {
            for (Axis x : s.xs()) {
                if (tapped(y, x)) {
                    launch(plan, s, y, x, buffers, finish(buffers, activation), type, traits);
                }
            }
        }
        return plan.build();
    }

    /** Whether a place within the stride meets a tap. */
    static boolean tapped(Axis y, Axis x) {
        return y.taps() > 0 && x.taps() > 0;
    }

    /** Fills the result where a place within the stride meets no tap: gradients alone. */
    static void zeros(GpuPlan.Builder plan, Sums s, DType type, GpuTraits traits) {
        if (s.ys().stream().allMatch(y -> s.xs().stream().allMatch(x -> tapped(y, x)))) {
            return;
        }
        ConvShape c = s.shape();
        int size = Math.multiplyExact(c.n() * c.groups() * s.out(), s.outHeight() * s.outWidth());
        int local = Math.min(128, traits.maxWorkGroup());
        plan.launch1d(
                program("conv.cl", type, List.of()),
                "conv_zeros",
                size / (type == DType.FLOAT32 ? 4 : 8) + 1,
                local,
                GpuPlan.out(0),
                size);
    }

    /** The definitions of what follows the sums. */
    static List<Object> finish(Object[] buffers, Activation activation) {
        List<Object> defines = new ArrayList<>();
        if (activation != Activation.NONE) {
            defines.addAll(List.of("ACTIVATION", activation.ordinal()));
        }
        if (buffers[2] != null) {
            defines.addAll(List.of("BIAS", 1));
        }
        if (buffers[3] != null) {
            defines.addAll(List.of("RESIDUAL", 1));
        }
        return defines;
    }

    static void launch(
            GpuPlan.Builder plan,
            Sums s,
            Axis y,
            Axis x,
            Object[] buffers,
            List<Object> defines,
            DType type,
            GpuTraits traits) {
        taps(defines, y.taps(), x.taps());
        int pixels = y.count() * x.count();
        ConvShape c = s.shape();
        if (s.out() < 8 || traits.maxWorkGroup() < 256) {
            int local = Math.min(pixels <= 64 ? 64 : 128, traits.maxWorkGroup());
            int planes = c.n() * c.groups() * s.out();
            plan.launch(
                    program("conv.cl", type, defines),
                    "conv_direct",
                    new int[] {ceil(pixels, local), Math.min(planes, MAX_GRID), 1},
                    new int[] {local, 1, 1},
                    args(s, y, x, buffers));
            return;
        }
        int columns = c.n() * pixels;
        // Large tiles only where enough of them are left to fill the device.
        boolean large =
                !traits.cpu()
                        && (long) ceil(s.out(), 128) * ceil(columns, 128) * c.groups()
                                >= 2L * traits.computeUnits();
        int tile = large ? 128 : s.out() < 48 || columns < 48 ? 32 : 64;
        int each = tile / 16;
        if (tile != 64) {
            defines.addAll(
                    List.of("TM", tile, "TN", tile, "TK", large ? 8 : 16, "WM", each, "WN", each));
        }
        plan.launch(
                program("conv.cl", type, defines),
                "conv_tiled",
                new int[] {
                    ceil(columns, tile), ceil(s.out(), tile), Math.min(c.groups(), MAX_GRID)
                },
                new int[] {256, 1, 1},
                args(s, y, x, buffers));
    }

    /** Numbers of taps that are met so often that they get programs of their own. */
    private static void taps(List<Object> defines, int y, int x) {
        if (y == x && (y == 1 || y == 3)) {
            defines.addAll(List.of("TX", x, "TY", y));
        }
    }

    private static GpuProgram program(String file, DType type, List<Object> defines) {
        List<Object> all = new ArrayList<>(defines);
        all.addAll(List.of("STORAGE", GpuProgram.storage(type)));
        String text = text(file.equals("conv.cl") ? "sums.cl" : "weights.cl") + text(file);
        return GpuProgram.of("conv/" + file, text, all.toArray());
    }

    /** A source of this room, its lines counted from its beginning. */
    static String text(String file) {
        return "#line 1 \"conv/" + file + "\"\n" + GpuSources.load(ConvGpu.class, file);
    }

    static Object[] args(Sums s, Axis y, Axis x, Object[] buffers) {
        ConvShape c = s.shape();
        List<Object> all = new ArrayList<>(java.util.Arrays.asList(buffers));
        int outer = c.cg() * c.taps();
        int inner = c.taps();
        all.addAll(
                List.of(
                        c.n(),
                        c.groups(),
                        s.in(),
                        s.height(),
                        s.width(),
                        s.out(),
                        s.outHeight(),
                        s.outWidth(),
                        c.mg() * outer,
                        s.gradient() ? inner : outer,
                        s.gradient() ? outer : inner,
                        c.kw()));
        axis(all, y);
        axis(all, x);
        return all.toArray();
    }

    private static void axis(List<Object> all, Axis a) {
        all.addAll(
                List.of(
                        a.count(),
                        a.outStart(),
                        a.outStep(),
                        a.inStart(),
                        a.inStep(),
                        a.tapIn(),
                        a.taps(),
                        a.tapStart(),
                        a.tapStep()));
    }

    static GpuPlan weight(
            Conv2dWeightGradient op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        ConvShape s = op.shape(in);
        int k = s.cg() * s.taps();
        int size = s.m() * k;
        int pixels = s.n() * s.ho() * s.wo();
        boolean tiled = s.mg() >= 8 && k >= 8 && traits.maxWorkGroup() >= 256;
        boolean large = tiled && !traits.cpu() && s.mg() >= 64 && k >= 64;
        int tile = large ? 64 : 32;
        int runs = ceil(s.taps(), 9);
        long groups =
                tiled
                        ? (long) ceil(s.mg(), tile) * ceil(k, tile) * s.groups()
                        : (long) s.m() * s.cg() * runs;
        int parts = parts(pixels, size, groups, traits);
        int each = Math.max(1, ceil(pixels, parts));
        parts = Math.max(1, ceil(pixels, each));
        List<Object> defines = new ArrayList<>();
        taps(defines, s.kh(), s.kw());
        if (parts > 1) {
            defines.addAll(List.of("PARTS", 1));
        }
        if (large) {
            defines.addAll(List.of("TM", 64, "TN", 64, "TK", 16, "WM", 4, "WN", 4));
        }
        int local = Math.min(64, traits.maxWorkGroup());
        if (local < 64) {
            defines.addAll(List.of("GROUP", local));
        }
        GpuPlan.Builder plan = GpuPlan.builder();
        GpuPlan.Arg sums = parts > 1 ? plan.temporary(4L * size * parts) : null;
        Object[] args = weightArgs(s, sums, parts, each);
        GpuProgram program = program("weight.cl", in[0].dtype(), defines);
        if (tiled) {
            int z = (int) Math.min((long) s.groups() * parts, MAX_GRID);
            int[] grid = {ceil(k, tile), ceil(s.mg(), tile), z};
            plan.launch(program, "weight_tiled", grid, new int[] {256, 1, 1}, args);
        } else {
            int[] grid = {s.m() * s.cg() * runs, Math.min(parts, MAX_GRID), 1};
            plan.launch(program, "weight_direct", grid, new int[] {local, 1, 1}, args);
        }
        if (parts > 1) {
            plan.launch1d(program, "weight_total", size, local, sums, GpuPlan.out(0), size, parts);
        }
        return plan.build();
    }

    /** Enough to fill the device, each long enough to be worth its sums. */
    static int parts(int pixels, int size, long groups, GpuTraits traits) {
        long wanted = (4L * traits.computeUnits() + groups - 1) / groups;
        long most = Math.min(Math.max(1, pixels / 512), Math.max(1, MAX_PARTS / size));
        return (int) Math.clamp(wanted, 1, most);
    }

    static Object[] weightArgs(ConvShape s, GpuPlan.Arg sums, int parts, int each) {
        ConvWindow v = s.window();
        List<Object> all = new ArrayList<>();
        all.add(GpuPlan.in(0));
        all.add(GpuPlan.in(1));
        all.add(GpuPlan.out(0));
        all.add(sums);
        all.addAll(
                List.of(s.n(), s.groups(), s.cg(), s.h(), s.w(), s.mg(), s.ho(), s.wo(), s.kh()));
        all.addAll(List.of(s.kw(), v.strideY(), v.strideX(), v.padTop(), v.padLeft()));
        all.addAll(List.of(v.dilationY(), v.dilationX(), parts, each));
        return all.toArray();
    }
}
