package io.tatara.kernels.batchnorm;

import static io.tatara.kernels.gpu.GpuPlan.in;
import static io.tatara.kernels.gpu.GpuPlan.out;

import io.tatara.kernels.DType;
import io.tatara.kernels.Op;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.gpu.GpuKernel;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuProgram;
import io.tatara.kernels.gpu.GpuTraits;
import java.util.ArrayList;
import java.util.List;

/**
 * Batch norm and its gradient on CUDA at the speed of memory; see batchnorm.cu.
 *
 * @param work what an op asks for
 */
record BatchNormCuda<O extends Op>(Work<O> work) implements GpuKernel<O> {
    static final BatchNormCuda<BatchNorm> FORWARD = new BatchNormCuda<>(BatchNormCuda::forward);
    static final BatchNormCuda<BatchNormGradient> GRADIENT =
            new BatchNormCuda<>(BatchNormCuda::gradient);

    private static final int MOST_THREADS = 1024;
    private static final int CHUNK_THREADS = 256;

    /** Adds the launches of an op. */
    interface Work<O extends Op> {
        void add(GpuPlan.Builder plan, O op, TensorSpec[] in, GpuTraits traits);
    }

    /**
     * How a channel is cut.
     *
     * @param v elements of a load
     * @param per loads of a thread
     * @param chunks blocks of a channel
     */
    private record Cut(Channels c, int v, int per, int threads, int chunks) {
        /**
         * @param arrays that are held in registers
         */
        static Cut of(TensorSpec x, int arrays, GpuTraits traits) {
            Channels c = Channels.of(x);
            int lanes = x.dtype() == DType.FLOAT32 ? 4 : 8;
            int v = c.space() % lanes == 0 ? lanes : c.space() % 4 == 0 ? 4 : 1;
            int runs = c.count() / v;
            // Registers of a thread for what it holds.
            int words = v == lanes ? 4 : v == 1 ? 1 : 2;
            int most = Math.min(8, 32 / (words * arrays));
            int whole = v == 1 ? 8 : 4;
            int threads = 64;
            while (threads < MOST_THREADS && threads * whole < runs) {
                threads *= 2;
            }
            if (threads * whole >= runs) {
                return new Cut(c, v, ceil(runs, threads), threads, 1);
            }
            int per = v == 1 ? 16 / arrays : most;
            while (per > 2
                    && (long) ceil(runs, CHUNK_THREADS * per) * c.channels()
                            < 4L * traits.computeUnits()) {
                per /= 2;
            }
            return new Cut(c, v, per, CHUNK_THREADS, ceil(runs, CHUNK_THREADS * per));
        }

        private static int ceil(int n, int by) {
            return (int) ((n + (long) by - 1) / by);
        }

        int[] groups() {
            return new int[] {c.channels() * chunks, 1, 1};
        }

        int[] local() {
            return new int[] {threads, 1, 1};
        }

        GpuPlan.Arg parts(GpuPlan.Builder plan) {
            return plan.temporary(12L * c.channels() * chunks);
        }

        /** Division of an int by the space is a multiplication, an addition and a shift. */
        List<Object> places() {
            int d = c.space();
            int shift = 32 - Integer.numberOfLeadingZeros(d - 1);
            long magic = ((1L << 32) * ((1L << shift) - d)) / d + 1;
            return List.of(c.channels(), d, c.count(), (int) magic, shift);
        }

        List<Object> defines(TensorSpec x) {
            List<Object> all = new ArrayList<>();
            all.addAll(List.of("STORAGE", GpuProgram.storage(x.dtype()), "V", v, "PER", per));
            all.addAll(List.of("THREADS", threads, "WHOLE", flag(chunks == 1)));
            return all;
        }
    }

    @Override
    public String variant() {
        return "cuda";
    }

    @Override
    public boolean supports(O op, TensorSpec[] in, GpuTraits traits) {
        return traits.cuda(75) && in[0].size() > 0;
    }

    @Override
    public GpuPlan plan(O op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        GpuPlan.Builder plan = GpuPlan.builder();
        work.add(plan, op, in, traits);
        return plan.build();
    }

    private static GpuProgram program(List<Object> defines) {
        List<String> headers = List.of("warp.cuh", "lanes.cuh");
        return GpuProgram.cuda(BatchNormCuda.class, "batchnorm.cu", headers, defines.toArray());
    }

    private static GpuPlan.Arg input(TensorSpec[] in, int i) {
        return Channels.at(in, i) == null ? null : in(i);
    }

    private static int flag(boolean there) {
        return there ? 1 : 0;
    }

    private static void launch(
            GpuPlan.Builder plan, GpuProgram p, String name, Cut cut, List<?> args) {
        plan.launch(p, name, cut.groups(), cut.local(), args.toArray());
    }

    private static void forward(
            GpuPlan.Builder plan, BatchNorm op, TensorSpec[] in, GpuTraits traits) {
        Cut cut = Cut.of(in[0], 1, traits);
        boolean running = Channels.at(in, 3) != null;
        List<Object> defines = cut.defines(in[0]);
        defines.addAll(List.of("SCALE", flag(Channels.at(in, 1) != null)));
        defines.addAll(List.of("SHIFT", flag(Channels.at(in, 2) != null)));
        defines.addAll(List.of("RUNNING", flag(running)));
        GpuProgram program = program(defines);
        List<Object> args = new ArrayList<>();
        args.add(in(0));
        GpuPlan.Arg parts = cut.chunks == 1 ? null : cut.parts(plan);
        if (parts != null) {
            args.add(parts);
            List<Object> first = new ArrayList<>(args);
            first.addAll(cut.places());
            first.add(cut.chunks);
            launch(plan, program, "batch_norm_parts", cut, first);
        }
        for (int i = 1; i <= 4; i++) {
            args.add(input(in, i));
        }
        args.add(out(1));
        args.add(running ? out(2) : null);
        args.add(running ? out(3) : null);
        args.add(out(0));
        args.addAll(cut.places());
        if (parts != null) {
            args.add(cut.chunks);
        }
        args.addAll(List.of(op.epsilon(), op.momentum()));
        launch(
                plan,
                program,
                parts == null ? "batch_norm_channel" : "batch_norm_spread",
                cut,
                args);
    }

    private static void gradient(
            GpuPlan.Builder plan, BatchNormGradient op, TensorSpec[] in, GpuTraits traits) {
        Cut cut = Cut.of(in[0], 2, traits);
        List<Object> defines = cut.defines(in[0]);
        defines.addAll(List.of("GRADIENT", 1));
        defines.addAll(List.of("SCALE", flag(in[1] != null)));
        defines.addAll(List.of("DSTATISTICS", flag(Channels.at(in, 4) != null)));
        defines.addAll(List.of("DMEAN", flag(Channels.at(in, 5) != null)));
        defines.addAll(List.of("DVARIANCE", flag(Channels.at(in, 6) != null)));
        defines.addAll(List.of("DSCALE", flag(op.scale()), "DSHIFT", flag(op.shift())));
        GpuProgram program = program(defines);
        List<Object> args = new ArrayList<>(List.of(in(0), in(3)));
        GpuPlan.Arg parts = cut.chunks == 1 ? null : cut.parts(plan);
        if (parts != null) {
            List<Object> first = new ArrayList<>(args);
            first.addAll(List.of(in(2), parts));
            first.addAll(cut.places());
            first.add(cut.chunks);
            launch(plan, program, "batch_norm_gradient_parts", cut, first);
            args.add(parts);
        }
        args.add(input(in, 1));
        args.add(in(2));
        for (int i = 4; i <= 6; i++) {
            args.add(input(in, i));
        }
        args.add(op.scale() ? out(1) : null);
        args.add(op.shift() ? out(op.shiftAt()) : null);
        args.add(out(0));
        args.addAll(cut.places());
        if (parts != null) {
            args.add(cut.chunks);
        }
        args.add(op.momentum());
        launch(
                plan,
                program,
                parts == null ? "batch_norm_gradient_channel" : "batch_norm_gradient_spread",
                cut,
                args);
    }
}
