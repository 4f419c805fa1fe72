package io.tatara.kernels.causal;

import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.gpu.GpuKernel;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuPlan.Arg;
import io.tatara.kernels.gpu.GpuProgram;
import io.tatara.kernels.gpu.GpuTraits;
import java.util.Arrays;
import java.util.List;

/**
 * Samples one after the other in one persistent launch on CUDA, several blocks a stream; see
 * generate.cu.
 *
 * @param clustered whether the blocks of a stream are a cluster; else they meet through global
 *     memory
 */
record GenerateCuda(boolean clustered) implements GpuKernel<WaveNetGenerate> {
    private static final String FILE = "generate.cu";
    private static final int MOST_BLOCKS = 8;
    private static final int THREADS = 256;

    /** Bytes of shared memory that mbarriers take before the rest. */
    private static final int BARRIERS = 1024;

    /** Words of weights that a thread may hold, so that nothing is spilled. */
    private static final int MOST_WORDS = 96;

    @Override
    public String variant() {
        return clustered ? "cluster" : "grid";
    }

    /**
     * Rows that a block multiplies.
     *
     * @param parts threads that share a row, a power of two
     */
    private record Slice(int rows, int terms, int parts, int lanes) {
        static Slice of(int rows, int terms, int mostParts, int lanes) {
            int parts = 1;
            while (2 * parts <= mostParts
                    && terms % (2 * parts * lanes) == 0
                    && 2 * parts * rows <= THREADS) {
                parts *= 2;
            }
            return new Slice(rows, terms, parts, lanes);
        }

        long words() {
            long passes = CausalGpu.up(rows, THREADS / parts);
            return passes * (terms / (parts * lanes)) * 4;
        }
    }

    private record Slices(Slice gates, Slice residual, Slice skips, Slice hidden, Slice last) {
        static Slices of(WaveNetGenerate.Extents e, int blocks, int lanes) {
            // A filter's threads and its gate's are of one warp.
            return new Slices(
                    Slice.of(2 * e.d() / blocks, e.c() * e.k(), 16, lanes),
                    Slice.of(e.c(), e.d(), 32, lanes),
                    Slice.of(e.s() / blocks, e.d(), 32, lanes),
                    Slice.of(e.h() / blocks, e.s(), 32, lanes),
                    Slice.of(e.a() / blocks, e.h(), 32, lanes));
        }

        boolean fit() {
            long product = Math.max(hidden.words(), last.words());
            return gates.words() + residual.words() + skips.words() + product <= MOST_WORDS;
        }
    }

    private static int exchanged(WaveNetGenerate.Extents e) {
        return 3 * e.d() + e.s() + e.h() + e.a();
    }

    /** Blocks of a stream; without clusters all must be resident at once. */
    private int blocks(WaveNetGenerate.Extents e, GpuTraits traits) {
        int blocks = MOST_BLOCKS;
        while (!clustered && blocks > 2 && (long) e.n() * blocks > traits.computeUnits()) {
            blocks /= 2;
        }
        return blocks;
    }

    private static long shared(WaveNetGenerate.Extents e, int blocks, int bytes) {
        long weights = ((long) e.h() * e.s() + (long) e.a() * e.h()) / blocks * bytes;
        return weights + 4L * (exchanged(e) + e.c() * e.k() + e.first() + 3L * e.layers());
    }

    @Override
    public boolean supports(WaveNetGenerate op, TensorSpec[] in, GpuTraits traits) {
        if (clustered ? !traits.hopper() : !traits.cuda(80)) {
            return false;
        }
        WaveNetGenerate.Extents e = op.extents(in);
        int bytes = in[WaveNetGenerate.WEIGHT].dtype().bytes();
        for (int extent : new int[] {e.c(), e.d(), e.s(), e.h(), e.a()}) {
            if (extent == 0 || extent % MOST_BLOCKS != 0) {
                return false;
            }
        }
        int blocks = blocks(e, traits);
        long rounds = (long) op.count() * (e.layers() + 3);
        boolean resident = clustered || (long) e.n() * blocks <= traits.computeUnits();
        return e.n() > 0
                && resident
                && rounds <= Integer.MAX_VALUE / blocks
                && shared(e, blocks, bytes) + BARRIERS <= traits.maxShared()
                && Slices.of(e, blocks, 16 / bytes).fit();
    }

    @Override
    public GpuPlan plan(WaveNetGenerate op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        WaveNetGenerate.Extents e = op.extents(in);
        int bytes = in[WaveNetGenerate.WEIGHT].dtype().bytes();
        int blocks = blocks(e, traits);
        Slices s = Slices.of(e, blocks, 16 / bytes);
        List<Object> defines = GenerateGpu.defines(op, in);
        defines.addAll(
                List.of(
                        "BLOCKS", blocks,
                        "THREADS", THREADS,
                        "CLUSTERED", clustered ? 1 : 0,
                        "GATE_PARTS", s.gates.parts,
                        "RESIDUAL_PARTS", s.residual.parts,
                        "SKIP_PARTS", s.skips.parts,
                        "HIDDEN_PARTS", s.hidden.parts,
                        "LAST_PARTS", s.last.parts));
        List<String> headers =
                clustered
                        ? List.of("warp.cuh", "tensor.cuh", "hopper.cuh", "grid.cuh", "lanes.cuh")
                        : List.of("warp.cuh", "grid.cuh", "lanes.cuh");
        GpuProgram p =
                GpuProgram.of(
                                "causal/" + FILE,
                                GenerateGpu.text(op, "generate.cuh", FILE),
                                defines.toArray())
                        .withHeaders(headers);
        GpuPlan.Builder plan = GpuPlan.builder();
        Arg exchange = clustered ? null : plan.temporary(4L * e.n() * exchanged(e));
        List<Object> args = GenerateGpu.buffers(in);
        args.addAll(
                Arrays.asList(
                        exchange,
                        clustered ? null : new Arg.Semaphores(),
                        e.layers(),
                        e.q(),
                        op.count(),
                        op.temperature()));
        plan.launch(
                p,
                "generate",
                new int[] {blocks, e.n(), 1},
                new int[] {THREADS, 1, 1},
                (int) shared(e, blocks, bytes),
                !clustered,
                args.toArray());
        return GenerateGpu.advance(plan, p, op);
    }
}
