package io.tatara.kernels.sdpa;

import io.tatara.kernels.jvm.JvmArray;
import io.tatara.kernels.jvm.JvmContext;
import java.util.Arrays;

/** One worker's part of {@link SdpaBlocksJvm}: panels of queries with their running state. */
final class SdpaQueryBlock {
    private static final int BLOCK = SdpaBlocksJvm.BLOCK;

    private final SdpaInputs x;
    private final SdpaShape s;
    private final PanelMath math;
    private final float[] keys;
    private final float[] values;
    private final float[] output;
    private final float[] logSumExp;
    private final JvmContext ctx;
    private final int nr;
    private final int whole;

    private float[] queries;
    private float[] scores;
    private float[] sums;
    private float[] tile;
    // For each panel: maxima and sums; then, for the panel at work, factors and the shift.
    private float[] max;
    private float[] total;
    private float[] alpha;
    private float[] shift;
    private float[] unused;

    SdpaQueryBlock(
            SdpaInputs x,
            PanelMath math,
            float[] keys,
            float[] values,
            JvmArray[] out,
            JvmContext ctx) {
        this.x = x;
        this.s = x.shape();
        this.math = math;
        this.keys = keys;
        this.values = values;
        this.output = out[0].f();
        this.logSumExp = out[1].f();
        this.ctx = ctx;
        this.nr = math.nr();
        this.whole = SdpaPacking.up(s.dv(), 4);
    }

    /** Tasks [from, to): of each head so many. */
    void run(int from, int to, int tasks) {
        int panels = SdpaBlocksJvm.PANELS;
        max = new float[panels * nr];
        total = new float[panels * nr];
        alpha = new float[nr];
        shift = new float[nr];
        unused = new float[nr];
        queries = ctx.acquire(panels * nr * s.d());
        sums = ctx.acquire(panels * nr * whole);
        scores = ctx.acquire(BLOCK * nr);
        tile = ctx.acquire(12 * nr);
        try {
            for (int t = from; t < to; t++) {
                int head = t / tasks;
                task(head / s.h(), head % s.h(), t % tasks * panels * nr);
            }
        } finally {
            ctx.release(queries);
            ctx.release(sums);
            ctx.release(scores);
            ctx.release(tile);
        }
    }

    private void task(int n, int h, int first) {
        int count = Math.min(SdpaBlocksJvm.PANELS * nr, s.tq() - first);
        int step = s.queryStep(s.d());
        int from = s.queryAt(n, h, s.d()) + first * step;
        float factor = x.scale() * SdpaBlocksJvm.LOG2E;
        SdpaPacking.transposed(count, s.d(), factor, x.query(), from, step, nr, queries, 0, ctx);
        Arrays.fill(max, Float.NEGATIVE_INFINITY);
        Arrays.fill(total, 0);
        Arrays.fill(sums, 0, SdpaBlocksJvm.PANELS * nr * whole, 0);
        int end = x.visible(n, first + count - 1);
        for (int j = 0; j < end; j += BLOCK) {
            for (int p = 0; p * nr < count; p++) {
                int i = first + p * nr;
                int here = Math.min(nr, count - p * nr);
                int rows = Math.min(BLOCK, x.visible(n, i + here - 1) - j);
                if (rows > 0) {
                    block(n, h, p, i, here, j, rows);
                }
            }
        }
        finish(n, h, first, count);
    }

    private void block(int n, int h, int p, int i, int here, int j, int rows) {
        int mr = math.mr();
        int head = n * s.hkv() + h / s.group();
        int k = (head * SdpaPacking.up(s.tk(), mr) + j) * s.d();
        int q = p * nr * s.d();
        for (int r = 0; r < rows; r += mr) {
            math.tile(mr, s.d(), keys, k + r * s.d(), queries, q, scores, r * nr);
        }
        SdpaBlocksJvm.bias(x, n, h, i, j, rows, here, nr, scores);
        SdpaBlocksJvm.hide(x, n, i, j, rows, nr, scores, Float.NEGATIVE_INFINITY);
        System.arraycopy(max, p * nr, shift, 0, nr);
        math.max(rows, scores, 0, max, p * nr);
        rescale(p * nr);
        math.exp(rows, scores, 0, shift, 0, total, p * nr);
        int block = Math.min(BLOCK, x.length(n) - j);
        int v = (head * s.tk() + j) * whole;
        int o = p * nr * whole;
        for (int c = 0; c < whole; ) {
            int t = math.height(whole - c);
            math.tile(t, rows, values, v + c * block, scores, 0, tile, 0);
            math.merge(t, tile, sums, o + c * nr, alpha, 0);
            c += t;
        }
    }

    /** From the maxima before and after: factors for the sums so far, and the new shift. */
    private void rescale(int at) {
        System.arraycopy(shift, 0, alpha, 0, nr);
        for (int q = 0; q < nr; q++) {
            float now = max[at + q];
            shift[q] = now == Float.NEGATIVE_INFINITY ? 0 : now;
        }
        math.exp(1, alpha, 0, shift, 0, unused, 0);
        for (int q = 0; q < nr; q++) {
            total[at + q] *= alpha[q];
        }
    }

    private void finish(int n, int h, int first, int count) {
        int row = (n * s.h() + h) * s.tq() + first;
        for (int q = 0; q < count; q++) {
            logSumExp[row + q] = SdpaBlocksJvm.logSumExp(max[q], total[q]);
        }
        Arrays.fill(tile, 0, 12 * nr, 0);
        for (int p = 0; p * nr < count; p++) {
            for (int q = 0; q < nr; q++) {
                float sum = total[p * nr + q];
                alpha[q] = sum == 0 ? 0 : 1 / sum;
            }
            for (int c = 0; c < whole; c += 4) {
                math.merge(4, tile, sums, (p * whole + c) * nr, alpha, 0);
            }
        }
        int step = s.queryStep(s.dv());
        int to = s.queryAt(n, h, s.dv()) + first * step;
        SdpaPacking.rowsOf(count, s.dv(), sums, whole, nr, output, to, step, ctx);
    }
}
