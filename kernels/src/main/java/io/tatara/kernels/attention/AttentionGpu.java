package io.tatara.kernels.attention;

import io.tatara.kernels.DType;
import io.tatara.kernels.Op;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.gpu.GpuKernel;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuPlan.Arg;
import io.tatara.kernels.gpu.GpuProgram;
import io.tatara.kernels.gpu.GpuTraits;

/**
 * Launches of both attentions. The steps that are products with rows of keys or values stand in
 * attention.cl and serve both; what holds a tanh stands in additive.cl. The scores and their
 * gradients are float temporaries [N, Tq, Tk].
 */
final class AttentionGpu {
    /** Work-items that share one dot product in the sources. */
    private static final int LANES = 8;

    /** Limit of a grid's second extent on CUDA; the kernels loop over what is left. */
    private static final int MAX_TILES = 1024;

    private AttentionGpu() {}

    /** The plan of one op, as {@link GpuKernel#plan} has it. */
    interface Planner<O extends Op> {
        GpuPlan plan(O op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits);
    }

    /** A kernel for float32 and the half types, which are storage only. */
    static <O extends Op> GpuKernel<O> kernel(Planner<O> planner) {
        return new GpuKernel<>() {
            @Override
            public boolean supports(O op, TensorSpec[] in, GpuTraits traits) {
                return in[0].dtype() != DType.FLOAT64;
            }

            @Override
            public GpuPlan plan(O op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
                return planner.plan(op, in, out, traits);
            }
        };
    }

    static GpuPlan additive(
            AdditiveAttention op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        Steps s = new Steps(in, 4, traits);
        Arg scores = s.pairs();
        s.tiles(
                s.additive,
                "additive_scores",
                GpuPlan.in(0),
                GpuPlan.in(1),
                GpuPlan.in(3),
                s.lengths,
                scores,
                s.e.tq(),
                s.e.tk(),
                s.e.a());
        return s.softmaxContext(scores).build();
    }

    static GpuPlan multiplicative(
            MultiplicativeAttention op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        Steps s = new Steps(in, 3, traits);
        Arg scores = s.pairs();
        s.dots(GpuPlan.in(0), GpuPlan.in(1), scores, s.e.a(), op.scale());
        return s.softmaxContext(scores).build();
    }

    static GpuPlan additiveGradient(
            AdditiveAttentionGradient op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        Steps s = new Steps(in, 4, traits);
        Extents e = s.e;
        Arg ds = s.scoreGradients(in, 5);
        Arg rows = s.plan.temporary(4L * e.queryRows() * e.a());
        Arg partial = s.plan.temporary(4L * e.n() * e.a());
        int width = s.width(e.a());
        s.rows(
                s.additive,
                "additive_dqueries",
                e.queryRows(),
                width,
                GpuPlan.in(0),
                GpuPlan.in(1),
                GpuPlan.in(3),
                s.lengths,
                ds,
                GpuPlan.out(0),
                rows,
                e.tq(),
                e.tk(),
                e.a());
        s.rows(
                s.additive,
                "additive_dkeys",
                e.keyRows(),
                width,
                GpuPlan.in(0),
                GpuPlan.in(1),
                GpuPlan.in(3),
                s.lengths,
                ds,
                GpuPlan.out(1),
                e.tq(),
                e.tk(),
                e.a());
        s.rows(s.additive, "additive_dv_sequence", e.n(), width, rows, partial, e.tq(), e.a());
        s.plan.launch1d(
                s.additive, "additive_dv", e.a(), s.local, partial, GpuPlan.out(3), e.n(), e.a());
        s.valueGradients(in, 5, 2);
        return s.plan.build();
    }

    static GpuPlan multiplicativeGradient(
            MultiplicativeAttentionGradient op,
            TensorSpec[] in,
            TensorSpec[] out,
            GpuTraits traits) {
        Steps s = new Steps(in, 3, traits);
        Extents e = s.e;
        Arg ds = s.scoreGradients(in, 4);
        s.rows(
                s.attention,
                "attention_rows",
                e.queryRows(),
                s.width(e.a()),
                ds,
                GpuPlan.in(1),
                s.lengths,
                GpuPlan.out(0),
                e.tq(),
                e.tk(),
                e.a(),
                op.scale());
        s.columns(s.attention, ds, GpuPlan.in(0), GpuPlan.out(1), e.tq(), e.a(), op.scale());
        s.valueGradients(in, 4, 2);
        return s.plan.build();
    }

    /** The launches that the four plans are put together from. */
    private static final class Steps {
        final GpuPlan.Builder plan = GpuPlan.builder();
        final Extents e;
        final int local;
        final int storage;
        final Arg lengths;
        final GpuProgram attention;
        final GpuProgram additive;

        Steps(TensorSpec[] in, int lengthsAt, GpuTraits traits) {
            e = Extents.of(in[0], in[1], in[2]);
            local = Integer.highestOneBit(Math.min(128, traits.maxWorkGroup()));
            storage = GpuProgram.storage(in[0].dtype());
            boolean ragged = in[lengthsAt] != null;
            lengths = ragged ? GpuPlan.in(lengthsAt) : new Arg.Null();
            attention = program("attention.cl", ragged, false);
            additive = program("additive.cl", ragged, false);
        }

        private GpuProgram program(String file, boolean ragged, boolean stored) {
            Object[] defines = {"LOCAL", local, "STORAGE", storage, "LENGTHS", ragged ? 1 : 0};
            if (stored) {
                defines =
                        new Object[] {
                            "LOCAL",
                            local,
                            "STORAGE",
                            storage,
                            "LENGTHS",
                            ragged ? 1 : 0,
                            "STORED_MATRIX",
                            1
                        };
            }
            return GpuProgram.resource(AttentionGpu.class, file, defines);
        }

        /** A float for each pair of query and key. */
        Arg pairs() {
            return plan.temporary(4L * e.queryRows() * e.tk());
        }

        /** Work-items for a row of this many elements. */
        int width(int elements) {
            return Math.clamp(
                    Integer.highestOneBit(Math.max(1, elements - 1)) * 2,
                    Math.min(32, local),
                    local);
        }

        /** One group a query and tile of keys. */
        void tiles(GpuProgram program, String entry, Object... args) {
            int keys = 4 * local / LANES;
            int tiles = Math.min(MAX_TILES, (int) (((long) e.tk() + keys - 1) / keys));
            plan.launch(
                    program,
                    entry,
                    new int[] {e.queryRows(), tiles, 1},
                    new int[] {local, 1, 1},
                    args);
        }

        /** One group a row. */
        void rows(GpuProgram program, String entry, int rows, int width, Object... args) {
            plan.launch(program, entry, new int[] {rows, 1, 1}, new int[] {width, 1, 1}, args);
        }

        void dots(Arg x, Arg y, Arg to, int c, float scale) {
            tiles(attention, "attention_dots", x, y, lengths, to, e.tq(), e.tk(), c, scale);
        }

        GpuPlan.Builder softmaxContext(Arg scores) {
            rows(
                    attention,
                    "attention_softmax_context",
                    e.queryRows(),
                    local,
                    scores,
                    GpuPlan.in(2),
                    lengths,
                    GpuPlan.out(0),
                    GpuPlan.out(1),
                    e.tq(),
                    e.tk(),
                    e.v());
            return plan;
        }

        /**
         * Gradients of the scores from weights, dcontext? and dweights?, which stand from input
         * {@code at} on.
         */
        Arg scoreGradients(TensorSpec[] in, int at) {
            Arg ds = pairs();
            boolean dcontext = in[at + 1] != null;
            boolean dweights = in[at + 2] != null;
            if (dcontext) {
                dots(GpuPlan.in(at + 1), GpuPlan.in(2), ds, e.v(), 1);
            }
            rows(
                    attention,
                    "attention_softmax_gradient",
                    e.queryRows(),
                    local,
                    GpuPlan.in(at),
                    dweights ? GpuPlan.in(at + 2) : null,
                    lengths,
                    ds,
                    dcontext ? 1 : 0,
                    dweights ? 1 : 0,
                    e.tq(),
                    e.tk());
            return ds;
        }

        /** out[n,j] = scale · Σ_i m[n,i,j] x[n,i] over {@code queries} rows. */
        void columns(GpuProgram program, Arg m, Arg x, Arg out, int queries, int c, float scale) {
            rows(
                    program,
                    "attention_columns",
                    e.keyRows(),
                    width(c),
                    m,
                    x,
                    lengths,
                    out,
                    queries,
                    e.tk(),
                    c,
                    scale);
        }

        /** dvalues from weights and dcontext; zeros where there is no dcontext. */
        void valueGradients(TensorSpec[] in, int at, int to) {
            GpuProgram stored = program("attention.cl", lengths instanceof Arg.Input, true);
            boolean dcontext = in[at + 1] != null;
            columns(
                    stored,
                    GpuPlan.in(at),
                    dcontext ? GpuPlan.in(at + 1) : new Arg.Null(),
                    GpuPlan.out(to),
                    dcontext ? e.tq() : 0,
                    e.v(),
                    1);
        }
    }
}
