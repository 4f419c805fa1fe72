package io.tatara.kernels.conv;

import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuProgram;
import io.tatara.kernels.gpu.GpuTraits;
import io.tatara.kernels.pointwise.Activation;
import java.util.List;

/** {@link SeparableConv2d} by {@code separable.cl}, or by two kernels where groups are small. */
final class SeparableGpu {
    private static final int ITEMS = 256;

    private SeparableGpu() {}

    static GpuPlan plan(SeparableConv2d op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        ConvShape s = op.shape(in);
        if (s.n() == 0) {
            return GpuPlan.NOTHING;
        }
        GpuPlan.Builder plan = GpuPlan.builder();
        if (traits.maxWorkGroup() < ITEMS) {
            return apart(plan, op, in, s, traits);
        }
        int m = op.m(in);
        int columns = s.n() * s.ho() * s.wo();
        boolean large = !traits.cpu() && m >= 96 && columns >= 128 * traits.computeUnits();
        int tile = large ? 128 : 64;
        Object[] buffers = buffers(in);
        List<Object> defines = ConvGpu.finish(buffers, op.outer().activation());
        defines.addAll(List.of("INNER", op.inner().activation().ordinal()));
        defines.addAll(List.of("INNER_BIAS", in[SeparableConv2d.DEPTHWISE_BIAS] != null ? 1 : 0));
        if (s.kh() == 3 && s.kw() == 3) {
            defines.addAll(List.of("TX", 3, "TY", 3));
        }
        if (large) {
            defines.addAll(List.of("TM", 128, "TN", 64, "TK", 16, "WM", 8, "WN", 4));
        }
        defines.addAll(List.of("STORAGE", GpuProgram.storage(in[0].dtype())));
        String text = ConvGpu.text("sums.cl") + ConvGpu.text("separable.cl");
        ConvWindow v = s.window();
        Object[] args = {
            GpuPlan.in(0),
            GpuPlan.in(1),
            in[SeparableConv2d.DEPTHWISE_BIAS] != null ? GpuPlan.in(2) : null,
            GpuPlan.in(3),
            buffers[2],
            buffers[3],
            GpuPlan.out(0),
            s.n(),
            s.c(),
            s.h(),
            s.w(),
            m,
            s.ho(),
            s.wo(),
            s.kh(),
            s.kw(),
            v.strideY(),
            v.strideX(),
            v.padTop(),
            v.padLeft(),
            v.dilationY(),
            v.dilationX()
        };
        plan.launch(
                GpuProgram.of("conv/separable.cl", text, defines.toArray()),
                "separable_tiled",
                new int[] {ConvGpu.ceil(columns, 64), ConvGpu.ceil(m, tile), 1},
                new int[] {ITEMS, 1, 1},
                args);
        return plan.build();
    }

    /** Of the pointwise convolution, as {@link ConvGpu#finish} wants them. */
    private static Object[] buffers(TensorSpec[] in) {
        boolean bias = Conv2d.optional(in, SeparableConv2d.BIAS) != null;
        boolean residual = Conv2d.optional(in, SeparableConv2d.RESIDUAL) != null;
        return new Object[] {
            null,
            GpuPlan.in(3),
            bias ? GpuPlan.in(4) : null,
            residual ? GpuPlan.in(5) : null,
            GpuPlan.out(0)
        };
    }

    /** One convolution after the other, with a temporary between them. */
    private static GpuPlan apart(
            GpuPlan.Builder plan,
            SeparableConv2d op,
            TensorSpec[] in,
            ConvShape s,
            GpuTraits traits) {
        TensorSpec z = in[0].withShape(s.output());
        GpuPlan.Arg inside = plan.temporary(z.bytes());
        Sums first = Sums.forward(s, null, null, null, null, null);
        Object[] given = {
            GpuPlan.in(0),
            GpuPlan.in(1),
            in[SeparableConv2d.DEPTHWISE_BIAS] != null ? GpuPlan.in(2) : null,
            null,
            inside
        };
        launch(plan, first, given, op.inner().activation(), in[0], traits);
        ConvShape t = new Conv2d(ConvWindow.UNIT, 1).shape(new TensorSpec[] {z, in[3]});
        Object[] then = buffers(in);
        then[0] = inside;
        Sums second = Sums.forward(t, null, null, null, null, null);
        launch(plan, second, then, op.outer().activation(), in[0], traits);
        return plan.build();
    }

    private static void launch(
            GpuPlan.Builder plan,
            Sums s,
            Object[] buffers,
            Activation f,
            TensorSpec x,
            GpuTraits traits) {
        Axis y = s.ys().getFirst();
        Axis columns = s.xs().getFirst();
        List<Object> defines = ConvGpu.finish(buffers, f);
        ConvGpu.launch(plan, s, y, columns, buffers, defines, x.dtype(), traits);
    }
}
