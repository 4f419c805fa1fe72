package io.tatara.kernels.beam;

import io.tatara.kernels.Shape;
import io.tatara.kernels.jvm.JvmArray;
import io.tatara.kernels.jvm.JvmContext;
import io.tatara.kernels.jvm.Lanes;
import io.tatara.kernels.pointwise.BinaryOp;
import java.util.Arrays;

/**
 * The step on Java arrays. Each row (hypothesis) keeps its best continuations sorted; a block of
 * tokens whose largest element, which the normalisation has found on its way, does not reach the
 * last of them is passed over: after the first few blocks nearly all are. Then the rows of a source
 * are merged.
 */
final class BeamJvm {
    private static final int BLOCK = 256;
    private static final int GRAIN = 1 << 14;
    private static final float NONE = Float.NEGATIVE_INFINITY;

    private final BeamStep op;
    private final JvmArray[] in;
    private final int beams;
    private final int vocabulary;

    /** Continuations kept of a row. */
    private final int kept;

    private final float[] keys;
    private final float[] scores;
    private final int[] tokens;

    /** The largest element of each block of the mask, null where there is none. */
    private final float[] maskMax;

    private BeamJvm(BeamStep op, JvmArray[] in, float[] keys, float[] scores, Lanes lanes) {
        Shape x = in[0].spec().shape();
        this.op = op;
        this.in = in;
        this.beams = x.dim(1);
        this.vocabulary = x.dim(2);
        this.kept = Math.min(op.results(), vocabulary);
        this.keys = keys;
        this.scores = scores;
        this.tokens = new int[x.dim(0) * beams * kept];
        this.maskMax = BeamStep.masked(in) ? new float[blocks()] : null;
        if (maskMax != null) {
            maxima(lanes, in[4].f(), 0, maskMax);
        }
    }

    private int blocks() {
        return (vocabulary + BLOCK - 1) / BLOCK;
    }

    /** The largest element of each block of a row. */
    private void maxima(Lanes lanes, float[] x, int start, float[] max) {
        for (int b = 0; b < blocks(); b++) {
            int t = b * BLOCK;
            max[b] = lanes.max(x, start + t, Math.min(BLOCK, vocabulary - t));
        }
    }

    static void step(BeamStep op, JvmArray[] in, JvmArray[] out, JvmContext ctx) {
        Shape x = in[0].spec().shape();
        int rows = x.dim(0) * x.dim(1);
        int list = Math.multiplyExact(rows, Math.min(op.results(), x.dim(2)));
        float[] keys = ctx.acquire(Math.max(1, list));
        float[] scores = ctx.acquire(Math.max(1, list));
        try {
            BeamJvm step = new BeamJvm(op, in, keys, scores, ctx.lanes());
            ctx.workers()
                    .parallelFor(
                            rows,
                            Math.max(1, GRAIN / x.dim(2)),
                            (from, to) -> step.rows(from, to, ctx));
            for (int n = 0; n < x.dim(0); n++) {
                step.merge(n, out);
            }
        } finally {
            ctx.release(keys);
            ctx.release(scores);
        }
    }

    private void rows(int from, int to, JvmContext ctx) {
        float[] block = ctx.acquire(BLOCK);
        float[] maxima = ctx.acquire(blocks());
        try {
            for (int row = from; row < to; row++) {
                float score = in[1].f()[row];
                if (in[2].i()[row] != 0) {
                    finished(row, score);
                } else if (score > NONE) {
                    live(row, score, ctx.lanes(), block, maxima);
                } else {
                    Arrays.fill(keys, row * kept, (row + 1) * kept, NONE);
                    inOrder(row, 0);
                }
            }
        } finally {
            ctx.release(block);
            ctx.release(maxima);
        }
    }

    /** Fills the row's list from place {@code from} on with the first tokens not in it. */
    private void inOrder(int row, int from) {
        int at = row * kept;
        int token = 0;
        for (int i = from; i < kept; i++) {
            if (from > 0 && token == tokens[at]) {
                token++;
            }
            tokens[at + i] = token++;
            keys[at + i] = NONE;
            scores[at + i] = NONE;
        }
    }

    private void finished(int row, float score) {
        float key = score / (float) op.penalty(in[3].i()[row]);
        if (!(key > NONE)) {
            inOrder(row, 0);
            return;
        }
        int at = row * kept;
        keys[at] = key;
        scores[at] = score;
        tokens[at] = op.endToken();
        inOrder(row, 1);
    }

    private void live(int row, float score, Lanes lanes, float[] block, float[] maxima) {
        float[] x = in[0].f();
        float[] mask = BeamStep.masked(in) ? in[4].f() : null;
        int start = row * vocabulary;
        maxima(lanes, x, start, maxima);
        float max = 0;
        float logSum = 0;
        if (op.logits()) {
            max = lanes.max(maxima, 0, blocks());
            logSum = (float) Math.log(sum(lanes, x, start, max));
        }
        float penalty = (float) op.penalty(in[3].i()[row] + 1);
        int count = 0;
        float least = NONE;
        for (int b = 0; b < blocks(); b++) {
            int t = b * BLOCK;
            int n = Math.min(BLOCK, vocabulary - t);
            // NaN passes: the block may hold numbers beside it.
            float most = mask == null ? maxima[b] : maxima[b] + maskMax[b];
            if (count == kept && most <= least) {
                continue;
            }
            float[] y = x;
            int yo = start + t;
            if (mask != null) {
                lanes.binary(BinaryOp.ADD, x, yo, mask, t, block, 0, n);
                y = block;
                yo = 0;
            }
            for (int i = 0; i < n; i++) {
                float v = y[yo + i];
                // Scores rise with v, and an equal one comes later and so is not better.
                if (count == kept && v <= least) {
                    continue;
                }
                float s = score + ((v - max) - logSum);
                count = offer(row * kept, count, s, s / penalty, t + i);
                if (count == kept) {
                    int last = tokens[row * kept + kept - 1];
                    least = mask == null ? x[start + last] : x[start + last] + mask[last];
                }
            }
        }
    }

    private double sum(Lanes lanes, float[] x, int start, float max) {
        double sum = 0;
        for (int t = 0; t < vocabulary; t += BLOCK) {
            sum += lanes.sumExpShifted(x, start + t, max, Math.min(BLOCK, vocabulary - t));
        }
        return sum;
    }

    /** Puts a continuation behind those that are not worse; returns how many there are. */
    private int offer(int at, int count, float score, float key, int token) {
        boolean none = !(key > NONE);
        float k = none ? NONE : key;
        if (count == kept && k <= keys[at + kept - 1]) {
            return count;
        }
        int i = Math.min(count, kept - 1);
        while (i > 0 && keys[at + i - 1] < k) {
            keys[at + i] = keys[at + i - 1];
            scores[at + i] = scores[at + i - 1];
            tokens[at + i] = tokens[at + i - 1];
            i--;
        }
        keys[at + i] = k;
        scores[at + i] = none ? NONE : score;
        tokens[at + i] = token;
        return Math.min(count + 1, kept);
    }

    private void merge(int n, JvmArray[] out) {
        int[] next = new int[beams];
        for (int k = 0; k < op.results(); k++) {
            int best = -1;
            for (int b = 0; b < beams; b++) {
                if (next[b] < kept
                        && (best < 0 || keys[place(n, b, next)] > keys[place(n, best, next)])) {
                    best = b;
                }
            }
            int from = place(n, best, next);
            int row = n * beams + best;
            int to = n * op.results() + k;
            boolean was = in[2].i()[row] != 0;
            out[0].f()[to] = scores[from];
            out[1].i()[to] = best;
            out[2].i()[to] = tokens[from];
            out[3].i()[to] = was || tokens[from] == op.endToken() ? 1 : 0;
            out[4].i()[to] = in[3].i()[row] + (was ? 0 : 1);
            next[best]++;
        }
    }

    private int place(int n, int beam, int[] next) {
        return (n * beams + beam) * kept + next[beam];
    }
}
