package io.tatara.kernels.layout;

import io.tatara.kernels.jvm.JvmArray;
import io.tatara.kernels.jvm.Workers;

/**
 * {@link Strided} copies on Java arrays: long runs by {@code System.arraycopy}, transpositions by
 * strips of one cache line's width, read eight neighbours at a time, which takes less time than
 * square tiles with a loop over either side.
 */
public final class StridedJvm {
    private static final int STRIP = 16;
    private static final int PANEL = 1024;
    private static final int GRAIN = 1 << 14;

    private StridedJvm() {}

    /** Both arrays of one dtype. */
    public static void run(Strided s, JvmArray x, JvmArray y, Workers workers) {
        if (x.f() != null) {
            run(s, x.f(), y.f(), workers);
        } else {
            run(s, new Ints(x.i(), y.i()), workers);
        }
    }

    /** Copies floats; the arrays may not be the same. */
    public static void run(Strided s, float[] x, float[] y, Workers workers) {
        run(s, new Floats(x, y), workers);
    }

    private static void run(Strided s, Mover m, Workers workers) {
        if (s.size() == 0) {
            return;
        }
        int cross = s.crossAxis();
        if (cross >= 0) {
            tiled(s.beforeLast(cross), m, workers);
            return;
        }
        int n = s.dims()[s.rank() - 1];
        int rows = s.size() / n;
        if (rows < 32 && n >= 4 * GRAIN) {
            for (int r = 0; r < rows; r++) {
                Walk w = new Walk(s, s.rank() - 1, r);
                workers.parallelFor(n, GRAIN, (from, to) -> move(s, m, w.x, w.y, from, to));
            }
        } else {
            workers.parallelFor(
                    rows,
                    Math.max(1, GRAIN / n),
                    (from, to) -> {
                        Walk w = new Walk(s, s.rank() - 1, from);
                        for (int r = from; r < to; r++) {
                            move(s, m, w.x, w.y, 0, n);
                            w.next();
                        }
                    });
        }
    }

    /** Elements [from, to) of the last axis. */
    private static void move(Strided s, Mover m, int x, int y, int from, int to) {
        int xs = s.xStrides()[s.rank() - 1];
        int ys = s.yStrides()[s.rank() - 1];
        int xo = x + from * xs;
        int yo = y + from * ys;
        int n = to - from;
        if (xs == 1 && ys == 1) {
            m.run(xo, yo, n);
        } else if (xs == 0 && ys == 1) {
            m.repeat(xo, yo, n);
        } else {
            m.strided(xo, xs, yo, ys, n);
        }
    }

    /** The last axis is contiguous in y, the one before it in x. */
    private static void tiled(Strided s, Mover m, Workers workers) {
        int last = s.rank() - 1;
        int columns = s.dims()[last];
        int rows = s.dims()[last - 1];
        int xs = s.xStrides()[last];
        int ys = s.yStrides()[last - 1];
        int strips = (rows + STRIP - 1) / STRIP;
        int outer = s.size() / columns / rows;
        workers.parallelFor(
                outer * strips,
                Math.max(1, GRAIN / STRIP / columns),
                (from, to) -> {
                    for (int i = from; i < to; i++) {
                        Walk w = new Walk(s, last - 1, i / strips);
                        int r = i % strips * STRIP;
                        int height = Math.min(STRIP, rows - r);
                        for (int c = 0; c < columns; c += PANEL) {
                            int width = Math.min(PANEL, columns - c);
                            strip(m, w.x + r + c * xs, xs, w.y + r * ys + c, ys, height, width);
                        }
                    }
                });
    }

    /** A panel of a strip; its columns of x stay in cache until all rows are done. */
    private static void strip(Mover m, int xo, int xs, int yo, int ys, int rows, int columns) {
        int r = 0;
        for (; r + 8 <= rows; r += 8) {
            m.eight(xo + r, xs, yo + r * ys, ys, columns);
        }
        for (; r < rows; r++) {
            m.strided(xo + r, xs, yo + r * ys, 1, columns);
        }
    }

    /** Offsets of both views while the leading axes are walked through in order. */
    private static final class Walk {
        private final Strided s;
        private final int[] at;
        int x;
        int y;

        Walk(Strided s, int axes, int start) {
            this.s = s;
            at = new int[axes];
            x = s.xOffset();
            y = s.yOffset();
            int rest = start;
            for (int a = axes - 1; a >= 0; a--) {
                at[a] = rest % s.dims()[a];
                rest /= s.dims()[a];
                x += at[a] * s.xStrides()[a];
                y += at[a] * s.yStrides()[a];
            }
        }

        void next() {
            for (int a = at.length - 1; a >= 0; a--) {
                x += s.xStrides()[a];
                y += s.yStrides()[a];
                if (++at[a] < s.dims()[a]) {
                    return;
                }
                x -= s.xStrides()[a] * at[a];
                y -= s.yStrides()[a] * at[a];
                at[a] = 0;
            }
        }
    }

    /** The innermost loops, once an element type. */
    private interface Mover {
        void run(int xo, int yo, int n);

        void repeat(int xo, int yo, int n);

        void strided(int xo, int xs, int yo, int ys, int n);

        /** y[r·ys + c] = x[r + c·xs] for eight r. */
        void eight(int xo, int xs, int yo, int ys, int columns);
    }

    private record Floats(float[] x, float[] y) implements Mover {
        @Override
        public void run(int xo, int yo, int n) {
            System.arraycopy(x, xo, y, yo, n);
        }

        @Override
        public void repeat(int xo, int yo, int n) {
            java.util.Arrays.fill(y, yo, yo + n, x[xo]);
        }

        @Override
        public void strided(int xo, int xs, int yo, int ys, int n) {
            for (int i = 0; i < n; i++) {
                y[yo + i * ys] = x[xo + i * xs];
            }
        }

        @Override
        public void eight(int xo, int xs, int yo, int ys, int columns) {
            int y4 = yo + 4 * ys;
            for (int c = 0; c < columns; c++) {
                int p = xo + c * xs;
                y[yo + c] = x[p];
                y[yo + ys + c] = x[p + 1];
                y[yo + 2 * ys + c] = x[p + 2];
                y[yo + 3 * ys + c] = x[p + 3];
                y[y4 + c] = x[p + 4];
                y[y4 + ys + c] = x[p + 5];
                y[y4 + 2 * ys + c] = x[p + 6];
                y[y4 + 3 * ys + c] = x[p + 7];
            }
        }
    }

    private record Ints(int[] x, int[] y) implements Mover {
        @Override
        public void run(int xo, int yo, int n) {
            System.arraycopy(x, xo, y, yo, n);
        }

        @Override
        public void repeat(int xo, int yo, int n) {
            java.util.Arrays.fill(y, yo, yo + n, x[xo]);
        }

        @Override
        public void strided(int xo, int xs, int yo, int ys, int n) {
            for (int i = 0; i < n; i++) {
                y[yo + i * ys] = x[xo + i * xs];
            }
        }

        @Override
        public void eight(int xo, int xs, int yo, int ys, int columns) {
            int y4 = yo + 4 * ys;
            for (int c = 0; c < columns; c++) {
                int p = xo + c * xs;
                y[yo + c] = x[p];
                y[yo + ys + c] = x[p + 1];
                y[yo + 2 * ys + c] = x[p + 2];
                y[yo + 3 * ys + c] = x[p + 3];
                y[y4 + c] = x[p + 4];
                y[y4 + ys + c] = x[p + 5];
                y[y4 + 2 * ys + c] = x[p + 6];
                y[y4 + 3 * ys + c] = x[p + 7];
            }
        }
    }
}
