package io.tatara.kernels.conv;

import io.tatara.kernels.jvm.VectorReduce;
import io.tatara.kernels.pointwise.Activation;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/** The inner loops on the vector unit, whatever its width. */
final class VectorConvRows extends ConvRows {
    private static final VectorSpecies<Float> S = FloatVector.SPECIES_PREFERRED;
    private static final int L = S.length();

    /** For short runs: whole vectors nearly always cross a line of the cache. */
    private static final VectorSpecies<Float> H = L > 8 ? FloatVector.SPECIES_256 : S;

    private static final int HL = H.length();

    /** Some processors whose vectors are this wide take dozens of steps for a masked store. */
    private static final boolean MASKS = L != 8;

    private static final float[] EVEN = every(0, 2);
    private static final float[] ODD = every(1, 2);
    private static final float[] LOW = zipped(0);
    private static final float[] HIGH = zipped(L / 2);

    private static float[] every(int from, int step) {
        float[] f = new float[L];
        for (int i = 0; i < L; i++) {
            f[i] = from + i * step;
        }
        return f;
    }

    private static float[] zipped(int from) {
        float[] f = new float[L];
        for (int i = 0; i < L; i++) {
            f[i] = from + i / 2 + (i % 2 == 0 ? 0 : L);
        }
        return f;
    }

    @Override
    void copy(int rows, int n, float[] x, int xo, int xs, float[] y, int yo, int ys) {
        if (n > 8 * L) {
            super.copy(rows, n, x, xo, xs, y, yo, ys);
            return;
        }
        int end = S.loopBound(n);
        int whole = 0;
        if (end < n && ys == n) {
            // Rows follow each other: what a vector writes too much the next ones mend.
            int spill = (end + L - 1) / n;
            int readable = xs < n ? 0 : Math.floorDiv(x.length - xo - end - L, xs) + 1;
            whole = Math.clamp(readable, 0, Math.max(0, rows - spill));
            for (int r = 0; r < whole; r++) {
                int from = xo + r * xs;
                int to = yo + r * ys;
                for (int i = 0; i < n; i += L) {
                    FloatVector.fromArray(S, x, from + i).intoArray(y, to + i);
                }
            }
        }
        if (!MASKS && end < n) {
            super.copy(rows - whole, n, x, xo + whole * xs, xs, y, yo + whole * ys, ys);
            return;
        }
        VectorMask<Float> mask = S.indexInRange(0, n - end);
        for (int r = whole; r < rows; r++) {
            int from = xo + r * xs;
            int to = yo + r * ys;
            for (int i = 0; i < end; i += L) {
                FloatVector.fromArray(S, x, from + i).intoArray(y, to + i);
            }
            if (end < n) {
                FloatVector.fromArray(S, x, from + end, mask).intoArray(y, to + end, mask);
            }
        }
    }

    @Override
    void gather(int rows, int step, int n, float[] x, int xo, int xs, float[] y, int yo, int ys) {
        if (step != 2 || !MASKS && n <= L) {
            super.gather(rows, step, n, x, xo, xs, y, yo, ys);
            return;
        }
        if (!MASKS) {
            pairs(rows, n, x, xo, xs, y, yo, ys);
            return;
        }
        FloatVector even = FloatVector.fromArray(S, EVEN, 0);
        // The last vector must not end behind the last element that is wanted.
        int whole = (n - 1) / L * L;
        int rest = 2 * (n - whole) - 1;
        VectorMask<Float> low = S.indexInRange(0, rest);
        VectorMask<Float> high = S.indexInRange(L, rest);
        VectorMask<Float> wanted = S.indexInRange(whole, n);
        for (int r = 0; r < rows; r++) {
            int from = xo + r * xs;
            int to = yo + r * ys;
            for (int i = 0; i < whole; i += L) {
                FloatVector a = FloatVector.fromArray(S, x, from + 2 * i);
                FloatVector b = FloatVector.fromArray(S, x, from + 2 * i + L);
                even.selectFrom(a, b).intoArray(y, to + i);
            }
            FloatVector a = FloatVector.fromArray(S, x, from + 2 * whole, low);
            FloatVector b = FloatVector.zero(S);
            if (rest > L) {
                b = FloatVector.fromArray(S, x, from + 2 * whole + L, high);
            }
            even.selectFrom(a, b).intoArray(y, to + whole, wanted);
        }
    }

    /** Every other element, more than a vector of them: the last vector ends with the last one. */
    private static void pairs(
            int rows, int n, float[] x, int xo, int xs, float[] y, int yo, int ys) {
        FloatVector even = FloatVector.fromArray(S, EVEN, 0);
        FloatVector odd = FloatVector.fromArray(S, ODD, 0);
        int last = n - L;
        for (int r = 0; r < rows; r++) {
            int from = xo + r * xs;
            int to = yo + r * ys;
            for (int i = 0; i < last; i += L) {
                FloatVector a = FloatVector.fromArray(S, x, from + 2 * i);
                FloatVector b = FloatVector.fromArray(S, x, from + 2 * i + L);
                even.selectFrom(a, b).intoArray(y, to + i);
            }
            FloatVector a = FloatVector.fromArray(S, x, from + 2 * last - 1);
            FloatVector b = FloatVector.fromArray(S, x, from + 2 * last - 1 + L);
            odd.selectFrom(a, b).intoArray(y, to + last);
        }
    }

    @Override
    void zip(float[] a, int ao, float[] b, int bo, int n, float[] y, int yo) {
        FloatVector low = FloatVector.fromArray(S, LOW, 0);
        FloatVector high = FloatVector.fromArray(S, HIGH, 0);
        int i = 0;
        for (; i + L <= n; i += L) {
            FloatVector u = FloatVector.fromArray(S, a, ao + i);
            FloatVector v = FloatVector.fromArray(S, b, bo + i);
            low.selectFrom(u, v).intoArray(y, yo + 2 * i);
            high.selectFrom(u, v).intoArray(y, yo + 2 * i + L);
        }
        super.zip(a, ao + i, b, bo + i, n - i, y, yo + 2 * i);
    }

    @Override
    void panel(
            int depth, int[] base, int bo, Runs runs, float[] x, float[] panel, int at, int width) {
        // What a run's last vector writes too much the next run or row, which comes later, mends.
        if (runs.count() == 1 && width <= 2 * L) {
            single(depth, base, bo, runs.offset(0), runs.place(1), x, panel, at, width);
            return;
        }
        for (int p = 0; p < depth; p++) {
            row(base[bo + p], runs, x, panel, at + p * width);
        }
    }

    private static void single(
            int depth,
            int[] base,
            int bo,
            int offset,
            int n,
            float[] x,
            float[] panel,
            int at,
            int width) {
        boolean two = n > L;
        for (int p = 0; p < depth; p++) {
            int from = base[bo + p] + offset;
            int to = at + p * width;
            FloatVector.fromArray(S, x, from).intoArray(panel, to);
            if (two) {
                FloatVector.fromArray(S, x, from + L).intoArray(panel, to + L);
            }
        }
    }

    @Override
    void panels(
            int count,
            int depth,
            int[] base,
            int bo,
            int offset,
            float[] x,
            float[] panels,
            int at,
            int width) {
        if (width != 2 * L) {
            super.panels(count, depth, base, bo, offset, x, panels, at, width);
            return;
        }
        for (int p = 0; p < depth; p++) {
            int from = base[bo + p] + offset;
            int to = at + p * 2 * L;
            for (int q = 0; q < count; q++) {
                FloatVector a = FloatVector.fromArray(S, x, from + q * 2 * L);
                FloatVector b = FloatVector.fromArray(S, x, from + q * 2 * L + L);
                a.intoArray(panels, to + q * depth * 2 * L);
                b.intoArray(panels, to + q * depth * 2 * L + L);
            }
        }
    }

    private static void row(int base, Runs runs, float[] x, float[] panel, int to) {
        int[] offsets = runs.offsets();
        int[] places = runs.places();
        int count = runs.count();
        for (int s = 0; s < count; s++) {
            int from = base + offsets[s];
            int at = to + places[s];
            int n = places[s + 1] - places[s];
            if (n <= HL) {
                FloatVector.fromArray(H, x, from).intoArray(panel, at);
                continue;
            }
            for (int q = 0; q < n; q += L) {
                FloatVector.fromArray(S, x, from + q).intoArray(panel, at + q);
            }
        }
    }

    @Override
    void put(
            int rows,
            int n,
            float[] t,
            int to,
            int width,
            float[] c,
            int co,
            int ldc,
            boolean add,
            float[] bias,
            int bo,
            Activation f) {
        int end = S.loopBound(n);
        if (!MASKS && end < n) {
            int at = co + end;
            super.put(rows, n - end, t, to + end, width, c, at, ldc, add, bias, bo, f);
        }
        VectorMask<Float> mask = S.indexInRange(0, n - end);
        boolean relu = f != Activation.NONE;
        float most = f == Activation.RELU6 ? 6 : Float.POSITIVE_INFINITY;
        for (int i = 0; i < rows; i++) {
            int from = to + i * width;
            int at = co + i * ldc;
            float b = bias == null ? 0 : bias[bo + i];
            for (int q = 0; q < end; q += L) {
                FloatVector v = FloatVector.fromArray(S, t, from + q);
                v = add ? v.add(FloatVector.fromArray(S, c, at + q)) : v.add(b);
                (relu ? within(v, most) : v).intoArray(c, at + q);
            }
            if (MASKS && end < n) {
                FloatVector v = FloatVector.fromArray(S, t, from + end, mask);
                v = add ? v.add(FloatVector.fromArray(S, c, at + end, mask)) : v.add(b);
                (relu ? within(v, most) : v).intoArray(c, at + end, mask);
            }
        }
    }

    /** From 0 to a maximum; NaN stays. */
    private static FloatVector within(FloatVector v, float most) {
        FloatVector u = v.blend(0f, v.compare(VectorOperators.LE, 0f));
        return u.blend(most, u.compare(VectorOperators.GT, most));
    }

    @Override
    void put(
            int rows,
            int n,
            float[] t,
            int to,
            int width,
            float[] c,
            int co,
            int ldc,
            boolean add) {
        int end = S.loopBound(n);
        if (!MASKS && end < n) {
            super.put(rows, n - end, t, to + end, width, c, co + end, ldc, add);
        }
        VectorMask<Float> mask = S.indexInRange(0, n - end);
        for (int i = 0; i < rows; i++) {
            int from = to + i * width;
            int at = co + i * ldc;
            for (int q = 0; q < end; q += L) {
                FloatVector v = FloatVector.fromArray(S, t, from + q);
                v = add ? v.add(FloatVector.fromArray(S, c, at + q)) : v;
                v.intoArray(c, at + q);
            }
            if (MASKS && end < n) {
                FloatVector v = FloatVector.fromArray(S, t, from + end, mask);
                v = add ? v.add(FloatVector.fromArray(S, c, at + end, mask)) : v;
                v.intoArray(c, at + end, mask);
            }
        }
    }

    @Override
    void sums(
            int rows,
            int n,
            int taps,
            int[] off,
            float[] w,
            int wo,
            float bias,
            float[] x,
            int xo,
            int xs,
            float[] y,
            int yo,
            int ys) {
        if (taps == 9) {
            VectorNine.sums(rows, n, off, w, wo, bias, x, xo, xs, y, yo, ys);
            return;
        }
        VectorMask<Float> tail = S.indexInRange(0, n % L);
        int end = S.loopBound(n);
        for (int r = 0; r < rows; r++) {
            int from = xo + r * xs;
            int to = yo + r * ys;
            some(end, taps, off, w, wo, bias, x, from, y, to);
            if (end < n) {
                last(taps, off, w, wo, bias, x, from + end, y, to + end, tail);
            }
        }
    }

    private static void some(
            int n,
            int taps,
            int[] off,
            float[] w,
            int wo,
            float bias,
            float[] x,
            int xo,
            float[] y,
            int yo) {
        for (int j = 0; j < n; j += L) {
            FloatVector s = FloatVector.broadcast(S, bias);
            for (int t = 0; t < taps; t++) {
                FloatVector v = FloatVector.broadcast(S, w[wo + t]);
                s = v.fma(FloatVector.fromArray(S, x, xo + off[t] + j), s);
            }
            s.intoArray(y, yo + j);
        }
    }

    private static void last(
            int taps,
            int[] off,
            float[] w,
            int wo,
            float bias,
            float[] x,
            int xo,
            float[] y,
            int yo,
            VectorMask<Float> mask) {
        FloatVector s = FloatVector.broadcast(S, bias);
        for (int t = 0; t < taps; t++) {
            FloatVector v = FloatVector.broadcast(S, w[wo + t]);
            s = v.fma(FloatVector.fromArray(S, x, xo + off[t]), s);
        }
        s.intoArray(y, yo, mask);
    }

    @Override
    void dots(
            int rows,
            int n,
            int taps,
            int[] off,
            float[] x,
            int xo,
            int xs,
            float[] d,
            int dof,
            int ds,
            float[] out,
            int at) {
        int t = 0;
        for (; t + 3 <= taps; t += 3) {
            three(
                    rows,
                    n,
                    x,
                    xo + off[t],
                    xo + off[t + 1],
                    xo + off[t + 2],
                    xs,
                    d,
                    dof,
                    ds,
                    out,
                    at + t);
        }
        for (; t < taps; t++) {
            one(rows, n, x, xo + off[t], xs, d, dof, ds, out, at + t);
        }
    }

    private static void three(
            int rows,
            int n,
            float[] x,
            int x0,
            int x1,
            int x2,
            int xs,
            float[] d,
            int dof,
            int ds,
            float[] out,
            int at) {
        FloatVector s0 = FloatVector.zero(S);
        FloatVector s1 = FloatVector.zero(S);
        FloatVector s2 = FloatVector.zero(S);
        int end = S.loopBound(n);
        VectorMask<Float> mask = S.indexInRange(0, n - end);
        for (int r = 0; r < rows; r++) {
            int move = r * xs;
            int from = dof + r * ds;
            for (int j = 0; j < end; j += L) {
                FloatVector v = FloatVector.fromArray(S, d, from + j);
                s0 = v.fma(FloatVector.fromArray(S, x, x0 + move + j), s0);
                s1 = v.fma(FloatVector.fromArray(S, x, x1 + move + j), s1);
                s2 = v.fma(FloatVector.fromArray(S, x, x2 + move + j), s2);
            }
            if (end < n) {
                // Masked on both sides: what stands behind a row may be infinite.
                FloatVector v = FloatVector.fromArray(S, d, from + end, mask);
                s0 = v.fma(FloatVector.fromArray(S, x, x0 + move + end, mask), s0);
                s1 = v.fma(FloatVector.fromArray(S, x, x1 + move + end, mask), s1);
                s2 = v.fma(FloatVector.fromArray(S, x, x2 + move + end, mask), s2);
            }
        }
        out[at] += VectorReduce.addLanes(s0);
        out[at + 1] += VectorReduce.addLanes(s1);
        out[at + 2] += VectorReduce.addLanes(s2);
    }

    private static void one(
            int rows,
            int n,
            float[] x,
            int xo,
            int xs,
            float[] d,
            int dof,
            int ds,
            float[] out,
            int at) {
        FloatVector s = FloatVector.zero(S);
        int end = S.loopBound(n);
        VectorMask<Float> mask = S.indexInRange(0, n - end);
        for (int r = 0; r < rows; r++) {
            int from = dof + r * ds;
            int other = xo + r * xs;
            for (int j = 0; j < end; j += L) {
                FloatVector v = FloatVector.fromArray(S, d, from + j);
                s = v.fma(FloatVector.fromArray(S, x, other + j), s);
            }
            if (end < n) {
                FloatVector v = FloatVector.fromArray(S, d, from + end, mask);
                s = v.fma(FloatVector.fromArray(S, x, other + end, mask), s);
            }
        }
        out[at] += VectorReduce.addLanes(s);
    }
}
