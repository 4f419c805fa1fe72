package io.tatara.kernels.conv;

import io.tatara.kernels.jvm.JvmContext;
import io.tatara.kernels.jvm.PlainLanes;
import io.tatara.kernels.jvm.VectorForm;
import io.tatara.kernels.pointwise.Activation;
import java.lang.invoke.MethodHandles;

/**
 * The inner loops of this room beside the matrix product's: on the vector unit where {@code
 * jdk.incubator.vector} is there, else as plain loops.
 */
abstract class ConvRows {
    /** Floats behind the end of a source that may be read, and their values ignored. */
    static final int SLACK = 64;

    /** y[r · ys + i] = x[r · xs + i] for r < rows, i < n. */
    void copy(int rows, int n, float[] x, int xo, int xs, float[] y, int yo, int ys) {
        for (int r = 0; r < rows; r++) {
            System.arraycopy(x, xo + r * xs, y, yo + r * ys, n);
        }
    }

    /** y[r · ys + i] = x[r · xs + i · step] for r < rows, i < n, n at least 1. */
    void gather(int rows, int step, int n, float[] x, int xo, int xs, float[] y, int yo, int ys) {
        for (int r = 0; r < rows; r++) {
            for (int i = 0; i < n; i++) {
                y[yo + r * ys + i] = x[xo + r * xs + i * step];
            }
        }
    }

    /** y[i · step] = x[i]. */
    void spread(float[] x, int xo, int n, float[] y, int yo, int step) {
        for (int i = 0; i < n; i++) {
            y[yo + i * step] = x[xo + i];
        }
    }

    /** y[2 i] = a[i], y[2 i + 1] = b[i]. */
    void zip(float[] a, int ao, float[] b, int bo, int n, float[] y, int yo) {
        for (int i = 0; i < n; i++) {
            y[yo + 2 * i] = a[ao + i];
            y[yo + 2 * i + 1] = b[bo + i];
        }
    }

    /** As {@link #panel}, without a float read or written beyond a run. */
    static void exactPanel(
            int depth, int[] base, int bo, Runs runs, float[] x, float[] panel, int at, int width) {
        for (int p = 0; p < depth; p++) {
            int from = base[bo + p];
            int to = at + p * width;
            for (int s = 0; s < runs.count(); s++) {
                int place = runs.place(s);
                int n = runs.place(s + 1) - place;
                System.arraycopy(x, from + runs.offset(s), panel, to + place, n);
            }
        }
    }

    /**
     * A panel [depth][width] of patches: row p is x's runs, each moved by base[bo + p]. Up to
     * {@link #SLACK} floats behind a run are read, and as many behind the panel are overwritten.
     */
    abstract void panel(
            int depth, int[] base, int bo, Runs runs, float[] x, float[] panel, int at, int width);

    /**
     * Panels [depth][width] one behind the other, from one run: row p of panel q is the {@code
     * width} floats of x from base[bo + p] + offset + q · width on. Goes along the run, since rows
     * are pages apart.
     */
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
        for (int p = 0; p < depth; p++) {
            int from = base[bo + p] + offset;
            for (int q = 0; q < count; q++) {
                int to = at + (q * depth + p) * width;
                System.arraycopy(x, from + q * width, panels, to, width);
            }
        }
    }

    /** c[co + i · ldc + j] = t[to + i · width + j], or is added to, for i < rows, j < n. */
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
        for (int i = 0; i < rows; i++) {
            int from = to + i * width;
            int at = co + i * ldc;
            if (add) {
                for (int j = 0; j < n; j++) {
                    c[at + j] += t[from + j];
                }
            } else {
                System.arraycopy(t, from, c, at, n);
            }
        }
    }

    /**
     * As {@link #put}, with what follows.
     *
     * @param bias element bo + i is added to row i; null for none
     * @param f NONE, RELU or RELU6
     */
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
        for (int i = 0; i < rows; i++) {
            int from = to + i * width;
            int at = co + i * ldc;
            float b = bias == null ? 0 : bias[bo + i];
            for (int j = 0; j < n; j++) {
                float v = t[from + j] + (add ? c[at + j] : b);
                v = f != Activation.NONE && v <= 0 ? 0 : v;
                c[at + j] = f == Activation.RELU6 ? Math.min(v, 6) : v;
            }
        }
    }

    /**
     * Depthwise sums: y[r · ys + j] = bias + Σ w[wo + t] · x[off[t] + r · xs + j] for r < rows, j <
     * n. Reads up to {@link #SLACK} floats behind the last.
     */
    abstract void sums(
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
            int ys);

    /**
     * Depthwise weight gradient: out[at + t] += Σ d[r · ds + j] · x[off[t] + r · xs + j] over r <
     * rows, j < n.
     */
    abstract void dots(
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
            int at);

    /** Those that belong to a context's lanes, so that a plain context is plain throughout. */
    static ConvRows of(JvmContext ctx) {
        return ctx.lanes() instanceof PlainLanes ? Holder.PLAIN : Holder.BEST;
    }

    /** Chosen once, without linking the vector module where it is absent. */
    private static final class Holder {
        static final ConvRows PLAIN = new PlainConvRows();
        static final ConvRows BEST =
                VectorForm.of(MethodHandles.lookup(), "VectorConvRows", ConvRows.class, PLAIN);
    }
}
