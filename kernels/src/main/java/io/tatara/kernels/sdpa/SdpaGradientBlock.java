package io.tatara.kernels.sdpa;

import io.tatara.kernels.jvm.JvmArray;
import io.tatara.kernels.jvm.JvmContext;
import io.tatara.kernels.pointwise.BinaryOp;
import java.util.Arrays;

/** One worker's part of {@link SdpaGradientBlocksJvm}. */
final class SdpaGradientBlock {
    private static final int BLOCK = SdpaBlocksJvm.BLOCK;

    private final SdpaInputs x;
    private final SdpaShape s;
    private final JvmArray[] in;
    private final JvmArray[] out;
    private final float[] partial;
    private final JvmContext ctx;
    private final PanelMath math;
    private final int nr;
    private final int mr;

    /** Panels of queries of a head. */
    private final int panels;

    /** Columns of a query or key in panels and in tiles, and those of a value. */
    private final int wide;

    private final int whole;
    private final int wideValue;

    private float[] keys;
    private float[] keyTiles;
    private float[] values;
    private float[] queries;
    private float[] queryRows;
    private float[] doutput;
    private float[] doutputRows;
    private float[] dquery;
    private float[] dkey;
    private float[] dvalue;
    private float[] p;
    private float[] ds;
    private float[] tile;
    private float[] shift;
    private float[] delta;
    private float[] unused;

    SdpaGradientBlock(
            SdpaInputs x, JvmArray[] in, JvmArray[] out, float[] partial, JvmContext ctx) {
        this.x = x;
        this.s = x.shape();
        this.in = in;
        this.out = out;
        this.partial = partial;
        this.ctx = ctx;
        this.math = PanelMath.of(ctx);
        this.nr = math.nr();
        this.mr = math.mr();
        this.panels = (s.tq() + nr - 1) / nr;
        this.wide = SdpaPacking.up(s.d(), nr);
        this.whole = SdpaPacking.up(s.d(), 4);
        this.wideValue = SdpaPacking.up(s.dv(), nr);
    }

    /** Tasks [from, to): chunks of this many keys, so many of each head. */
    void run(int from, int to, int chunks, int chunk) {
        int rows = Math.max(BLOCK, SdpaPacking.up(Math.min(chunk, s.tk()), BLOCK));
        float[][] all = {
            keys = ctx.acquire(rows * s.d()),
            keyTiles = ctx.acquire(rows * whole),
            values = ctx.acquire(rows * s.dv()),
            dkey = ctx.acquire(rows * wide),
            dvalue = ctx.acquire(rows * wideValue),
            queries = ctx.acquire(panels * nr * s.d()),
            queryRows = ctx.acquire(panels * nr * wide),
            doutput = ctx.acquire(panels * nr * s.dv()),
            doutputRows = ctx.acquire(panels * nr * wideValue),
            dquery = ctx.acquire(panels * nr * whole),
            p = ctx.acquire(BLOCK * nr),
            ds = ctx.acquire(BLOCK * nr),
            tile = ctx.acquire(12 * nr),
            shift = ctx.acquire(panels * nr),
            delta = ctx.acquire(panels * nr)
        };
        unused = new float[nr];
        try {
            for (int t = from; t < to; t++) {
                task(t / chunks, t % chunks, chunk);
            }
        } finally {
            for (float[] a : all) {
                ctx.release(a);
            }
        }
    }

    private void task(int head, int c, int chunk) {
        int n = head / s.hkv();
        int kv = head % s.hkv();
        int first = c * chunk;
        int count = Math.max(0, Math.min(chunk, s.tk() - first));
        int valid = Math.clamp(x.length(n) - (long) first, 0, count);
        packKeys(n, kv, first, valid);
        Arrays.fill(dkey, 0, SdpaPacking.up(count, BLOCK) * wide, 0);
        Arrays.fill(dvalue, 0, SdpaPacking.up(count, BLOCK) * wideValue, 0);
        for (int g = 0; g < s.group(); g++) {
            int h = kv * s.group() + g;
            packQueries(n, h);
            for (int j = 0; j < valid; j += BLOCK) {
                for (int q = 0; q < panels; q++) {
                    int here = Math.min(nr, s.tq() - q * nr);
                    int seen = x.visible(n, q * nr + here - 1) - first - j;
                    if (seen > 0) {
                        int block = Math.min(BLOCK, valid - j);
                        block(n, h, q, here, first, j, Math.min(seen, block), block);
                    }
                }
            }
            giveQueries(n, h, c);
        }
        int at = s.keyAt(n, kv, s.d()) + first * s.keyStep(s.d());
        give(dkey, count, valid, s.d(), out[1].f(), at, s.keyStep(s.d()));
        at = s.keyAt(n, kv, s.dv()) + first * s.keyStep(s.dv());
        give(dvalue, count, valid, s.dv(), out[2].f(), at, s.keyStep(s.dv()));
    }

    private void packKeys(int n, int kv, int first, int valid) {
        int step = s.keyStep(s.d());
        int from = s.keyAt(n, kv, s.d()) + first * step;
        SdpaPacking.transposed(valid, s.d(), 1, x.key(), from, step, mr, keys, 0, ctx);
        for (int j = 0; j < valid; j += BLOCK) {
            int rows = Math.min(BLOCK, valid - j);
            int k = from + j * step;
            SdpaPacking.tiles(math, rows, s.d(), x.key(), k, step, keyTiles, j * whole);
        }
        step = s.keyStep(s.dv());
        from = s.keyAt(n, kv, s.dv()) + first * step;
        SdpaPacking.transposed(valid, s.dv(), 1, x.value(), from, step, mr, values, 0, ctx);
    }

    private void packQueries(int n, int h) {
        Arrays.fill(dquery, 0, panels * nr * whole, 0);
        int step = s.queryStep(s.d());
        int from = s.queryAt(n, h, s.d());
        float factor = x.scale() * SdpaBlocksJvm.LOG2E;
        SdpaPacking.transposed(s.tq(), s.d(), factor, x.query(), from, step, nr, queries, 0, ctx);
        rows(s.d(), x.query(), from, step, queryRows, wide);
        Arrays.fill(shift, 0, panels * nr, Float.POSITIVE_INFINITY);
        Arrays.fill(delta, 0, panels * nr, 0);
        int row = (n * s.h() + h) * s.tq();
        for (int i = 0; i < s.tq(); i++) {
            float l = in[6].f()[row + i];
            shift[i] =
                    l == Float.NEGATIVE_INFINITY
                            ? Float.POSITIVE_INFINITY
                            : l * SdpaBlocksJvm.LOG2E;
            delta[i] = in[8] == null ? 0 : -in[8].f()[row + i];
        }
        if (in[7] != null) {
            packGradients(n, h);
        }
    }

    private void packGradients(int n, int h) {
        int step = s.queryStep(s.dv());
        int from = s.queryAt(n, h, s.dv());
        float[] dy = in[7].f();
        SdpaPacking.transposed(s.tq(), s.dv(), 1, dy, from, step, nr, doutput, 0, ctx);
        rows(s.dv(), dy, from, step, doutputRows, wideValue);
        for (int i = 0; i < s.tq(); i++) {
            int at = from + i * step;
            delta[i] += ctx.lanes().dot(dy, at, in[5].f(), at, s.dv());
        }
    }

    /**
     * For each panel of queries its rows, in panels of columns; zeros for rows that are not there.
     */
    private void rows(int d, float[] from, int at, int step, float[] to, int width) {
        for (int q = 0; q < panels; q++) {
            int here = Math.min(nr, s.tq() - q * nr);
            int o = q * nr * width;
            if (here == nr) {
                SdpaPacking.panels(nr, d, from, at + q * nr * step, step, nr, to, o);
                continue;
            }
            Arrays.fill(to, o, o + nr * width, 0);
            for (int i = 0; i < here; i++) {
                for (int c = 0; c < d; c++) {
                    to[o + c / nr * nr * nr + i * nr + c % nr] = from[at + (q * nr + i) * step + c];
                }
            }
        }
    }

    private void block(int n, int h, int q, int here, int first, int j, int rows, int block) {
        int up = SdpaPacking.up(rows, mr);
        probabilities(n, h, q, here, first + j, j, rows, up);
        gradients(q, j, rows, up);
        if (out.length > 3) {
            giveScores(n, h, q, here, first + j, rows);
        }
        if (in[7] != null) {
            cross(up, p, doutputRows, q * nr * wideValue, wideValue, dvalue, j);
        }
        cross(up, ds, queryRows, q * nr * wide, wide, dkey, j);
        for (int c = 0; c < whole; ) {
            int t = math.height(whole - c);
            math.tile(t, rows, keyTiles, j * whole + c * block, ds, 0, tile, 0);
            math.add(t * nr, tile, 0, dquery, (q * whole + c) * nr);
            c += t;
        }
    }

    private void probabilities(int n, int h, int q, int here, int key, int j, int rows, int up) {
        for (int r = 0; r < rows; r += mr) {
            math.tile(mr, s.d(), keys, (j + r) * s.d(), queries, q * nr * s.d(), p, r * nr);
        }
        SdpaBlocksJvm.bias(x, n, h, q * nr, key, rows, here, nr, p);
        SdpaBlocksJvm.hide(x, n, q * nr, key, rows, nr, p, Float.NEGATIVE_INFINITY);
        math.exp(rows, p, 0, shift, q * nr, unused, 0);
        Arrays.fill(p, rows * nr, up * nr, 0);
    }

    private void gradients(int q, int j, int rows, int up) {
        if (in[7] == null) {
            Arrays.fill(ds, 0, rows * nr, 0);
        }
        for (int r = 0; r < rows && in[7] != null; r += mr) {
            math.tile(mr, s.dv(), values, (j + r) * s.dv(), doutput, q * nr * s.dv(), ds, r * nr);
        }
        math.scoreGradient(rows, p, 0, ds, 0, delta, q * nr);
        Arrays.fill(ds, rows * nr, up * nr, 0);
    }

    /** Adds a block of scores times the queries' rows to the sums of keys, [columns][keys][nr]. */
    private void cross(int up, float[] a, float[] b, int bo, int width, float[] to, int j) {
        for (int r = 0; r < up; r += mr) {
            for (int c = 0; c < width; c += nr) {
                math.cross(a, r * nr, b, bo + c * nr, tile, 0);
                math.add(mr * nr, tile, 0, to, j * width + c * BLOCK + r * nr);
            }
        }
    }

    private void giveScores(int n, int h, int q, int here, int key, int rows) {
        float[] y = out[3].f();
        for (int i = 0; i < here; i++) {
            int at = ((n * s.h() + h) * s.tq() + q * nr + i) * s.tk() + key;
            for (int r = 0; r < rows; r++) {
                y[at + r] = ds[r * nr + i];
            }
        }
    }

    private void giveQueries(int n, int h, int chunk) {
        int step = s.queryStep(s.d());
        int to = s.queryAt(n, h, s.d()) + (partial == null ? 0 : chunk * out[0].size());
        float[] y = partial == null ? out[0].f() : partial;
        int size = panels * nr * whole;
        ctx.lanes().binaryScalar(BinaryOp.MUL, dquery, 0, x.scale(), dquery, 0, size);
        SdpaPacking.rowsOf(s.tq(), s.d(), dquery, whole, nr, y, to, step, ctx);
    }

    /** The sums of the first {@code valid} keys to their places, zeros for the rest. */
    private void give(float[] from, int count, int valid, int d, float[] y, int yo, int step) {
        int width = SdpaPacking.up(d, nr);
        float factor = from == dkey ? x.scale() : 1;
        for (int r = 0; r < count; r++) {
            int at = r / BLOCK * BLOCK * width + r % BLOCK * nr;
            for (int c = 0; c < d; c++) {
                y[yo + r * step + c] =
                        r < valid ? factor * from[at + c / nr * nr * BLOCK + c % nr] : 0;
            }
        }
    }
}
