package io.tatara.kernels.norm;

import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuProgram;
import io.tatara.kernels.gpu.GpuSources;
import io.tatara.kernels.gpu.GpuTraits;
import io.tatara.kernels.pointwise.PointwiseFunctions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The norms on OpenCL and CUDA from one text; see norm.cl and norm_gradient.cl. */
final class NormGpu {
    /** Elements of a row that an item keeps in registers; longer rows are read again. */
    private static final int MOST_HELD = 16;

    /** Chunks of rows that the gradient's sums begin with. */
    private static final int CHUNKS = 128;

    private NormGpu() {}

    static GpuPlan layerNorm(LayerNorm op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        return plan(NormCall.of(op), in, traits);
    }

    static GpuPlan rmsNorm(RmsNorm op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        return plan(NormCall.of(op), in, traits);
    }

    /** Items of a row. */
    private static int group(int d, GpuTraits traits) {
        return Integer.highestOneBit(
                Math.min(d <= 64 ? 32 : d <= 512 ? 64 : 256, traits.maxWorkGroup()));
    }

    static GpuPlan.Arg input(TensorSpec[] in, int i) {
        return in[i] == null ? null : GpuPlan.in(i);
    }

    private static int flag(Object there) {
        return there == null || Boolean.FALSE.equals(there) ? 0 : 1;
    }

    /** A program behind the random numbers' functions. */
    static String source(String file) {
        return PointwiseFunctions.source() + GpuSources.load(NormGpu.class, file);
    }

    /** Elements of a row that an item keeps: a power of two, for few programs; 0 for long rows. */
    private static int held(int d, int group) {
        int per = Math.max(1, (d + group - 1) / group);
        return per > MOST_HELD ? 0 : 1 << (32 - Integer.numberOfLeadingZeros(per - 1));
    }

    /** What tells a forward program of the call. */
    static List<Object> defines(NormCall c, TensorSpec[] in) {
        return new ArrayList<>(
                Arrays.asList(
                        "STORAGE",
                        GpuProgram.storage(in[NormCall.X].dtype()),
                        "CENTERED",
                        flag(c.centered()),
                        "RESIDUAL",
                        flag(in[NormCall.RESIDUAL]),
                        "SCALE",
                        flag(in[NormCall.SCALE]),
                        "SHIFT",
                        c.centered() ? flag(in[NormCall.shift()]) : 0,
                        "DROPOUT",
                        flag(c.dropout() > 0),
                        "SUM",
                        flag(c.sum())));
    }

    private static GpuPlan plan(NormCall c, TensorSpec[] in, GpuTraits traits) {
        TensorSpec x = in[NormCall.X];
        int d = NormCall.width(x);
        int group = group(d, traits);
        List<Object> defines = defines(c, in);
        defines.addAll(List.of("GROUP", group, "PER", held(d, group)));
        GpuProgram program = GpuProgram.of("norm/norm.cl", source("norm.cl"), defines.toArray());
        return GpuPlan.builder()
                .launch(
                        program,
                        "norm_rows",
                        new int[] {NormCall.rows(x), 1, 1},
                        new int[] {group, 1, 1},
                        input(in, NormCall.X),
                        input(in, NormCall.RESIDUAL),
                        input(in, NormCall.SCALE),
                        c.centered() ? input(in, NormCall.shift()) : null,
                        input(in, c.seed()),
                        GpuPlan.out(NormCall.Y),
                        GpuPlan.out(NormCall.STATISTICS),
                        c.sum() ? GpuPlan.out(NormCall.SUM) : null,
                        d,
                        c.epsilon(),
                        c.dropout(),
                        NormCall.keep(c.dropout()))
                .build();
    }

    static GpuPlan layerNormGradient(
            LayerNormGradient op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        return gradient(GradientCall.of(op), in, traits);
    }

    static GpuPlan rmsNormGradient(
            RmsNormGradient op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        return gradient(GradientCall.of(op), in, traits);
    }

    /** What tells a gradient's program of the call. */
    static List<Object> defines(GradientCall c, TensorSpec[] in) {
        return new ArrayList<>(
                Arrays.asList(
                        "STORAGE",
                        GpuProgram.storage(in[GradientCall.Z].dtype()),
                        "CENTERED",
                        flag(c.centered()),
                        "SCALE",
                        flag(in[GradientCall.SCALE]),
                        "DROPOUT",
                        flag(c.dropout() > 0),
                        "DSTATISTICS",
                        flag(in[GradientCall.DSTATISTICS]),
                        "DSUM",
                        flag(in[GradientCall.DSUM])));
    }

    private static GpuPlan gradient(GradientCall c, TensorSpec[] in, GpuTraits traits) {
        TensorSpec z = in[GradientCall.Z];
        int d = NormCall.width(z);
        int rows = NormCall.rows(z);
        if (d == 0) {
            return GpuPlan.NOTHING;
        }
        int group = group(d, traits);
        GpuPlan.Builder plan = GpuPlan.builder();
        GpuPlan.Arg rest = c.parameters() && c.centered() ? plan.temporary(4L * rows) : null;
        List<Object> defines = defines(c, in);
        defines.addAll(List.of("GROUP", group, "REST", flag(rest)));
        GpuProgram program =
                GpuProgram.of(
                        "norm/norm_gradient.cl", source("norm_gradient.cl"), defines.toArray());
        plan.launch(
                program,
                "norm_gradient_rows",
                new int[] {rows, 1, 1},
                new int[] {group, 1, 1},
                input(in, GradientCall.Z),
                input(in, GradientCall.SCALE),
                input(in, GradientCall.SEED),
                input(in, GradientCall.STATISTICS),
                input(in, GradientCall.DY),
                input(in, GradientCall.DSTATISTICS),
                input(in, GradientCall.DSUM),
                GpuPlan.out(GradientCall.DZ),
                c.dx() < 0 ? null : GpuPlan.out(c.dx()),
                rest,
                d,
                c.dropout(),
                NormCall.keep(c.dropout()));
        if (c.parameters()) {
            parameters(plan, c, program, rest, rows, d, Math.min(64, traits.maxWorkGroup()));
        }
        return plan.build();
    }

    /** Sums over rows: of chunks, then of those. */
    private static void parameters(
            GpuPlan.Builder plan,
            GradientCall c,
            GpuProgram program,
            GpuPlan.Arg rest,
            int rows,
            int d,
            int local) {
        int most = Math.clamp((1 << 28) / d, 1, CHUNKS);
        int chunk = Math.max(1, (int) ((rows + most - 1L) / most));
        int chunks = (int) ((rows + chunk - 1L) / chunk);
        GpuPlan.Arg sums = plan.temporary(8L * chunks * d);
        int across = (d + local - 1) / local;
        plan.launch(
                program,
                "norm_parameters",
                new int[] {across, chunks, 1},
                new int[] {local, 1, 1},
                GpuPlan.in(GradientCall.Z),
                GpuPlan.in(GradientCall.STATISTICS),
                GpuPlan.in(GradientCall.DY),
                rest,
                sums,
                rows,
                d,
                chunk);
        GpuProgram total =
                GpuProgram.resource(
                        NormGpu.class,
                        "norm_total.cl",
                        "STORAGE",
                        program.defines().get("STORAGE"),
                        "DSCALE",
                        flag(c.scale()),
                        "DSHIFT",
                        flag(c.shift()));
        plan.launch(
                total,
                "norm_total",
                new int[] {across, 1, 1},
                new int[] {local, 1, 1},
                sums,
                c.scale() ? GpuPlan.out(c.dScale()) : null,
                c.shift() ? GpuPlan.out(c.dShift()) : null,
                chunks,
                d);
    }
}
