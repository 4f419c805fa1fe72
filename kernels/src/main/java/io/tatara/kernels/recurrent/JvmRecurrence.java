package io.tatara.kernels.recurrent;

import io.tatara.kernels.jvm.JvmArray;
import io.tatara.kernels.jvm.JvmContext;
import io.tatara.kernels.jvm.Lanes;
import io.tatara.kernels.jvm.SerialContext;
import io.tatara.kernels.matmul.PackedMatrix;
import io.tatara.kernels.matmul.Sgemm;
import io.tatara.kernels.pointwise.BinaryOp;
import java.util.Arrays;

/**
 * What the kernels of this room on Java arrays share: how the work is split, which step is whose,
 * and the products over all steps.
 *
 * <p>Rows of the batch know nothing of each other, so each worker takes some rows of a direction
 * through the whole loop on its own. Where the batch is too small for that, the steps are walked by
 * one thread and the workers meet inside each step's product.
 */
final class JvmRecurrence {
    /** Fewest rows for which it pays to stream the recurrent weight once more. */
    private static final int MIN_ROWS = 8;

    /** Floats of a row that make a piece of pointwise work worth handing over. */
    private static final int GRAIN = 16384;

    /** Of so many rows a product takes so long that packing its weight does not matter. */
    private static final int ROWS_TO_PACK_FOR = 512;

    /** Rows summed before the partial sum is added: keeps the rounding of long sums down. */
    private static final int PARTIAL = 128;

    final Extents e;
    final JvmContext ctx;
    final Lanes lanes;
    private final int[] lengths;
    private final int truncation;
    private final int blocks;

    JvmRecurrence(Extents e, int[] lengths, int truncation, JvmContext ctx) {
        this.e = e;
        this.lengths = lengths;
        this.truncation = truncation;
        this.ctx = ctx;
        this.lanes = ctx.lanes();
        int threads = ctx.workers().threads();
        int share = (threads + e.directions() - 1) / e.directions();
        int split = Math.max(1, Math.min(e.batch() / MIN_ROWS, share));
        // With fewer blocks than three quarters of the workers, they rather meet inside the steps.
        blocks = 4 * split * e.directions() >= 3 * threads ? split : 0;
    }

    /** The loop over time for rows [n0, n0 + rows) of direction d. */
    interface Block {
        void run(int d, int n0, int rows, JvmContext ctx);
    }

    /** Something to do with rows [from, to) of the batch. */
    interface Rows {
        void run(int from, int to);
    }

    /** Something to do with row n of the batch. */
    interface Row {
        void run(int n, float[] tmp);
    }

    /** Rows that the product inside a step has. */
    int rowsPerBlock() {
        return e.batch() / Math.max(1, blocks);
    }

    /** Runs the loop for all rows of all directions. */
    void loop(Block body) {
        if (e.batch() == 0) {
            return;
        }
        if (blocks == 0) {
            for (int d = 0; d < e.directions(); d++) {
                body.run(d, 0, e.batch(), ctx);
            }
            return;
        }
        JvmContext serial = new SerialContext(ctx);
        ctx.workers()
                .parallelFor(
                        e.directions() * blocks,
                        1,
                        (from, to) -> {
                            for (int i = from; i < to; i++) {
                                int n0 = (int) ((long) e.batch() * (i % blocks) / blocks);
                                int n1 = (int) ((long) e.batch() * (i % blocks + 1) / blocks);
                                body.run(i / blocks, n0, n1 - n0, serial);
                            }
                        });
    }

    /** Pointwise work on rows [n0, n0 + rows) inside a step. */
    void rows(int n0, int rows, JvmContext step, Rows body) {
        step.workers()
                .parallelFor(
                        rows,
                        1 + GRAIN / (4 * e.hidden()),
                        (from, to) -> body.run(n0 + from, n0 + to));
    }

    /** As {@link #rows}, row by row, with scratch memory of this many floats. */
    void rows(int n0, int rows, JvmContext step, int floats, Row body) {
        rows(
                n0,
                rows,
                step,
                (from, to) -> {
                    float[] tmp = step.acquire(floats);
                    try {
                        for (int n = from; n < to; n++) {
                            body.run(n, tmp);
                        }
                    } finally {
                        step.release(tmp);
                    }
                });
    }

    /** The time of slot s of the loop, the same for all rows. */
    int time(int d, int s) {
        return e.direction().reverse(d) ? e.steps() - 1 - s : s;
    }

    int length(int n) {
        return lengths == null ? e.steps() : Math.max(0, Math.min(e.steps(), lengths[n]));
    }

    /** Whether sequence n has a step at time t. */
    boolean active(int t, int n) {
        return t < length(n);
    }

    /** Whether time t is where direction d enters sequence n. */
    boolean first(int d, int t, int n) {
        return t == (e.direction().reverse(d) ? length(n) - 1 : 0);
    }

    /** The time walked before t. */
    int before(int d, int t) {
        return e.direction().reverse(d) ? t + 1 : t - 1;
    }

    /** Whether nothing flows back out of step t of sequence n. */
    boolean cut(int d, int t, int n) {
        int s = e.direction().reverse(d) ? length(n) - 1 - t : t;
        return truncation > 0 && s > 0 && s % truncation == 0;
    }

    /** Whether that is so for every row that has a step at time t. */
    boolean cutAll(int d, int t) {
        return (lengths == null || !e.direction().reverse(d)) && cut(d, t, 0);
    }

    /** Start in [D, N, H]. */
    int state(int d, int n) {
        return (d * e.batch() + n) * e.hidden();
    }

    /** Start in [T, N, D·H]. */
    int output(int d, int t, int n) {
        return ((t * e.batch() + n) * e.directions() + d) * e.hidden();
    }

    /** Start in [D, T, N, blocks·H]. */
    int saved(int d, int t, int n, int width) {
        return ((d * e.steps() + t) * e.batch() + n) * width * e.hidden();
    }

    /** Row stride of [T, N, D·H]. */
    int outputStride() {
        return e.directions() * e.hidden();
    }

    /** The running state starts from the initial one. */
    void start(float[] initial, float[] running) {
        int n = e.directions() * e.batch() * e.hidden();
        if (initial == null) {
            Arrays.fill(running, 0, n, 0);
        } else {
            System.arraycopy(initial, 0, running, 0, n);
        }
    }

    /** y += x, x may be absent. */
    void add(float[] x, int xo, float[] y, int yo, int n) {
        if (x != null) {
            lanes.binary(BinaryOp.ADD, y, yo, x, xo, y, yo, n);
        }
    }

    /** d *= s·(1 − s): back through a sigmoid whose result is s. */
    void sigmoidBack(float[] d, int at, float[] s, int so, int n, float[] tmp, int to) {
        lanes.scalarBinary(BinaryOp.SUB, 1, s, so, tmp, to, n);
        lanes.binary(BinaryOp.MUL, s, so, tmp, to, tmp, to, n);
        lanes.binary(BinaryOp.MUL, d, at, tmp, to, d, at, n);
    }

    /** d *= 1 − y²: back through a tanh whose result is y. */
    void tanhBack(float[] d, int at, float[] y, int yo, int n, float[] tmp, int to) {
        lanes.binary(BinaryOp.MUL, y, yo, y, yo, tmp, to, n);
        lanes.scalarBinary(BinaryOp.SUB, 1, tmp, to, tmp, to, n);
        lanes.binary(BinaryOp.MUL, d, at, tmp, to, d, at, n);
    }

    /**
     * The input's part of the gates of direction d, over all steps: C [T·N, gates·H] = x · wᵀ, by
     * the packed weight where that takes long beside the product, and other calls may find it.
     */
    void inputProduct(float[] x, JvmArray w, int gates, int d, float[] c, int co, int ldc) {
        int n = gates * e.hidden();
        int k = e.inputs();
        int at = d * n * k;
        float[] from = w.f();
        if (w.packs() == null || e.rows() > ROWS_TO_PACK_FOR) {
            Sgemm.run(false, true, e.rows(), n, k, x, 0, k, from, at, k, 0, c, co, ldc, ctx);
            return;
        }
        PackedMatrix packed =
                w.packs()
                        .get(
                                PackedMatrix.Key.of(true, n, k, at, k, ctx),
                                () -> Sgemm.packB(true, n, k, from, at, k, ctx));
        Sgemm.runPacked(false, e.rows(), x, 0, k, packed, 0, c, co, ldc, ctx);
    }

    /**
     * dx += δ · w over all steps and dw = δᵀ · x, with δ [T·N, gates·H] at an offset and stride.
     */
    void inputGradient(
            float[] delta,
            int at,
            int ld,
            int gates,
            int d,
            float[] x,
            float[] w,
            float[] dx,
            float[] dw) {
        int m = gates * e.hidden();
        int i = e.inputs();
        int wo = d * m * i;
        Sgemm.run(
                false,
                false,
                e.rows(),
                i,
                m,
                delta,
                at,
                ld,
                w,
                wo,
                i,
                d == 0 ? 0 : 1,
                dx,
                0,
                i,
                ctx);
        Sgemm.run(true, false, m, i, e.rows(), delta, at, ld, x, 0, i, 0, dw, wo, i, ctx);
    }

    /** Rows [row, row + m) of direction d of dw [D, gates·H, H] = δᵀ · v over all steps. */
    void weightGradient(
            float[] delta,
            int at,
            int ld,
            int m,
            float[] v,
            int vo,
            int ldv,
            int gates,
            int d,
            int row,
            float[] dw) {
        int h = e.hidden();
        Sgemm.run(
                true,
                false,
                m,
                h,
                e.rows(),
                delta,
                at,
                ld,
                v,
                vo,
                ldv,
                0,
                dw,
                (d * gates * h + row) * h,
                h,
                ctx);
    }

    /**
     * The states that the steps of direction d started from, [T·N, H]; 0 where there is no step.
     */
    void before(int d, float[] y, float[] h0, float[] to) {
        int h = e.hidden();
        ctx.workers()
                .parallelFor(
                        e.rows(),
                        1 + GRAIN / h,
                        (from, end) -> {
                            for (int r = from; r < end; r++) {
                                before(d, r / e.batch(), r % e.batch(), y, h0, to, r * h);
                            }
                        });
    }

    private void before(int d, int t, int n, float[] y, float[] h0, float[] to, int at) {
        boolean first = first(d, t, n);
        if (!active(t, n) || first && h0 == null) {
            Arrays.fill(to, at, at + e.hidden(), 0);
        } else if (first) {
            System.arraycopy(h0, state(d, n), to, at, e.hidden());
        } else {
            System.arraycopy(y, output(d, before(d, t), n), to, at, e.hidden());
        }
    }

    /** One row's share in a sum over all steps: to += something of step r. */
    interface Term {
        void add(int r, int from, int n, float[] to);
    }

    /** Sums over the rows of all steps, n columns wide; workers share the columns. */
    void sums(int n, float[] out, int oo, Term term) {
        ctx.workers()
                .parallelFor(
                        (n + 63) / 64,
                        Math.max(1, GRAIN / 64 / Math.max(1, e.rows())),
                        (from, to) -> {
                            int c = from * 64;
                            sums(c, Math.min(n, to * 64) - c, out, oo, term);
                        });
    }

    private void sums(int from, int n, float[] out, int oo, Term term) {
        float[] part = ctx.acquire(n);
        try {
            Arrays.fill(out, oo + from, oo + from + n, 0);
            for (int r0 = 0; r0 < e.rows(); r0 += PARTIAL) {
                Arrays.fill(part, 0, n, 0);
                for (int r = r0; r < Math.min(e.rows(), r0 + PARTIAL); r++) {
                    term.add(r, from, n, part);
                }
                lanes.binary(BinaryOp.ADD, out, oo + from, part, 0, out, oo + from, n);
            }
        } finally {
            ctx.release(part);
        }
    }

    /** Column sums of δ [T·N, n]: the gradient of a bias. */
    void columnSums(float[] delta, int at, int ld, int n, float[] out, int oo) {
        sums(n, out, oo, (r, from, m, to) -> add(delta, at + r * ld + from, to, 0, m));
    }
}
