package io.tatara.kernels.pointwise;

import io.tatara.kernels.DType;
import io.tatara.kernels.Shape;
import io.tatara.kernels.jvm.JvmArray;
import java.util.Arrays;
import java.util.List;

/**
 * An input as a block of output elements sees it: where possible a run of an array, else collected
 * into scratch. An input that repeats with a short period (a bias) is written out once, long enough
 * that every block is a run of it.
 */
final class Source {
    private final float[] floats;
    private final int[] ints;
    private final int[] extents;
    private final int[] strides;
    private final int period;
    private final int limit;
    private final boolean scalar;

    private Source(
            float[] floats,
            int[] ints,
            int[] extents,
            int[] strides,
            int period,
            int limit,
            boolean scalar) {
        this.floats = floats;
        this.ints = ints;
        this.extents = extents;
        this.strides = strides;
        this.period = period;
        this.limit = limit;
        this.scalar = scalar;
    }

    /**
     * @param block most elements that will be asked for at once
     */
    static Source of(JvmArray a, Shape out, int block) {
        Broadcast b = Broadcast.of(out, List.of(a.spec().shape()));
        int[] extents = b.extents();
        int[] strides = b.strides()[0];
        boolean ints = a.spec().dtype() == DType.INT32;
        boolean scalar = extents.length == 1 && (strides[0] == 0 || extents[0] == 1);
        float[] floats = a.f();
        int period = 0;
        if (!ints && !scalar && strides[strides.length - 1] == 1) {
            if (extents.length == 1) {
                period = Integer.MAX_VALUE; // the whole of it
            } else if (extents.length == 2 && strides[0] == 0) {
                period = extents[1];
            }
        }
        int limit = period;
        if (period > 0 && period <= block) {
            floats = repeated(floats, period, Math.min(out.size(), block + period));
            limit = Integer.MAX_VALUE;
        }
        return new Source(floats, a.i(), extents, strides, period, limit, scalar);
    }

    private static float[] repeated(float[] x, int period, int n) {
        float[] r = new float[Math.max(n, period)];
        System.arraycopy(x, 0, r, 0, period);
        for (int have = period; have < n; have *= 2) {
            System.arraycopy(r, 0, r, have, Math.min(have, n - have));
        }
        return r;
    }

    /** Whether it is one number for all elements. */
    boolean isScalar() {
        return scalar;
    }

    float scalar() {
        return floats != null ? floats[0] : ints[0];
    }

    /** Whether some block may have to be collected. */
    boolean collects() {
        return limit < Integer.MAX_VALUE;
    }

    float[] array() {
        return floats;
    }

    /** Where elements [from, from + n) stand in {@link #array} in a row, or -1. */
    int at(int from, int n) {
        if (period == 0) {
            return -1;
        }
        int p = from % period;
        return p + (long) n <= limit ? p : -1;
    }

    /** Writes elements [from, from + n) to y. */
    void collect(int from, int n, float[] y, int yo) {
        int last = extents.length - 1;
        int[] at = new int[extents.length];
        int base = 0;
        int rest = from;
        for (int d = last; d >= 0; d--) {
            at[d] = rest % extents[d];
            rest /= extents[d];
            base += at[d] * strides[d];
        }
        int done = 0;
        while (done < n) {
            int run = Math.min(n - done, extents[last] - at[last]);
            copy(base, strides[last], y, yo + done, run);
            done += run;
            base -= at[last] * strides[last];
            at[last] = 0;
            for (int d = last - 1; d >= 0; d--) {
                base += strides[d];
                if (++at[d] < extents[d]) {
                    break;
                }
                base -= extents[d] * strides[d];
                at[d] = 0;
            }
        }
    }

    private void copy(int from, int stride, float[] y, int yo, int n) {
        if (ints != null) {
            for (int i = 0; i < n; i++) {
                y[yo + i] = ints[from + i * stride];
            }
        } else if (n < 8) {
            for (int i = 0; i < n; i++) {
                y[yo + i] = floats[from + i * stride];
            }
        } else if (stride == 1) {
            System.arraycopy(floats, from, y, yo, n);
        } else {
            Arrays.fill(y, yo, yo + n, floats[from]);
        }
    }
}
