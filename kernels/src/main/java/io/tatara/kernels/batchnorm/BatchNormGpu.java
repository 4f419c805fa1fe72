package io.tatara.kernels.batchnorm;

import static io.tatara.kernels.gpu.GpuPlan.in;
import static io.tatara.kernels.gpu.GpuPlan.out;

import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuProgram;
import io.tatara.kernels.gpu.GpuTraits;

/** Batch norm on OpenCL and CUDA from one text; see batchnorm.cl. */
final class BatchNormGpu {
    private static final int LOCAL = 128;
    private static final int LEAST_CHUNK = 4096;
    private static final int MOST_CHUNKS = 64;

    private BatchNormGpu() {}

    /** How a call is cut: chunks of each channel, items of a group. */
    private record Cut(Channels c, int chunk, int chunks, int group) {
        static Cut of(TensorSpec x, GpuTraits traits) {
            Channels c = Channels.of(x);
            int n = c.count();
            int chunk = Math.max(LEAST_CHUNK, (int) ((n + MOST_CHUNKS - 1L) / MOST_CHUNKS));
            int group = Math.min(n <= 512 ? 64 : 256, traits.maxWorkGroup());
            return new Cut(
                    c, chunk, (int) ((n + chunk - 1L) / chunk), Integer.highestOneBit(group));
        }

        int[] groups() {
            return new int[] {chunks, c.channels(), 1};
        }

        int[] local() {
            return new int[] {group, 1, 1};
        }

        GpuPlan.Arg parts(GpuPlan.Builder plan) {
            return plan.temporary(12L * c.channels() * chunks);
        }

        GpuPlan.Arg coefficients(GpuPlan.Builder plan) {
            return plan.temporary(16L * c.channels());
        }
    }

    private static GpuPlan.Arg input(TensorSpec[] in, int i) {
        return Channels.at(in, i) == null ? null : in(i);
    }

    private static int flag(boolean there) {
        return there ? 1 : 0;
    }

    static GpuPlan forward(BatchNorm op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        Cut cut = Cut.of(in[0], traits);
        Channels c = cut.c;
        boolean running = Channels.at(in, 3) != null;
        GpuProgram program =
                GpuProgram.resource(
                        BatchNormGpu.class,
                        "batchnorm.cl",
                        "STORAGE",
                        GpuProgram.storage(in[0].dtype()),
                        "GROUP",
                        cut.group,
                        "SCALE",
                        flag(Channels.at(in, 1) != null),
                        "SHIFT",
                        flag(Channels.at(in, 2) != null),
                        "RUNNING",
                        flag(running));
        int local = Math.min(LOCAL, traits.maxWorkGroup());
        GpuPlan.Builder plan = GpuPlan.builder();
        GpuPlan.Arg parts = cut.parts(plan);
        GpuPlan.Arg coefficients = cut.coefficients(plan);
        plan.launch(
                program,
                "batch_norm_sums",
                cut.groups(),
                cut.local(),
                in(0),
                parts,
                c.channels(),
                c.space(),
                c.count(),
                cut.chunk);
        plan.launch1d(
                program,
                "batch_norm_finish",
                c.channels(),
                local,
                parts,
                input(in, 1),
                input(in, 2),
                input(in, 3),
                input(in, 4),
                out(1),
                running ? out(2) : null,
                running ? out(3) : null,
                coefficients,
                c.channels(),
                c.count(),
                cut.chunk,
                cut.chunks,
                op.epsilon(),
                op.momentum());
        plan.launch1d(
                program,
                "batch_norm_apply",
                in[0].size(),
                local,
                in(0),
                coefficients,
                out(0),
                in[0].size(),
                c.channels(),
                c.space());
        return plan.build();
    }

    static GpuPlan gradient(
            BatchNormGradient op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        Cut cut = Cut.of(in[0], traits);
        Channels c = cut.c;
        GpuProgram program =
                GpuProgram.resource(
                        BatchNormGpu.class,
                        "batchnorm.cl",
                        "STORAGE",
                        GpuProgram.storage(in[0].dtype()),
                        "GROUP",
                        cut.group,
                        "SCALE",
                        flag(in[1] != null),
                        "DSTATISTICS",
                        flag(Channels.at(in, 4) != null),
                        "DMEAN",
                        flag(Channels.at(in, 5) != null),
                        "DVARIANCE",
                        flag(Channels.at(in, 6) != null),
                        "DSCALE",
                        flag(op.scale()),
                        "DSHIFT",
                        flag(op.shift()));
        int local = Math.min(LOCAL, traits.maxWorkGroup());
        GpuPlan.Builder plan = GpuPlan.builder();
        GpuPlan.Arg parts = cut.parts(plan);
        GpuPlan.Arg coefficients = cut.coefficients(plan);
        plan.launch(
                program,
                "batch_norm_gradient_sums",
                cut.groups(),
                cut.local(),
                in(0),
                in(3),
                in(2),
                parts,
                c.channels(),
                c.space(),
                c.count(),
                cut.chunk);
        plan.launch1d(
                program,
                "batch_norm_gradient_finish",
                c.channels(),
                local,
                parts,
                input(in, 1),
                in(2),
                input(in, 4),
                input(in, 5),
                input(in, 6),
                op.scale() ? out(1) : null,
                op.shift() ? out(op.shiftAt()) : null,
                coefficients,
                c.channels(),
                c.count(),
                cut.chunks,
                op.momentum());
        plan.launch1d(
                program,
                "batch_norm_gradient_apply",
                in[0].size(),
                local,
                in(0),
                in(3),
                coefficients,
                out(0),
                in[0].size(),
                c.channels(),
                c.space());
        return plan.build();
    }
}
