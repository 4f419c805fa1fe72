package io.tatara.kernels.conv;

import java.util.List;

/**
 * How a channel of an image is laid out so that every tap of every row of pixels is a run of
 * floats: with its padding, and, where pixels are a stride apart, each row as that many parts, each
 * of the columns at one place within the stride.
 *
 * @param as whether the image itself has that layout: nothing need be copied
 * @param rowLow row of the image that comes first
 * @param rowStep rows of the image from one to the next
 * @param rows how many
 * @param columnLow column of the image that comes first
 * @param columnStep columns of the image from one element of a part to the next
 * @param parts of a row
 * @param width of a part
 */
record Plane(
        boolean as,
        int height,
        int imageWidth,
        int rowLow,
        int rowStep,
        int rows,
        int columnLow,
        int columnStep,
        int parts,
        int width) {

    /** For images of these extents and all these axes, whose source steps are alike. */
    static Plane of(int height, int width, List<Axis> ys, List<Axis> xs) {
        int[] y = range(ys);
        int[] x = range(xs);
        if (y[0] > y[1] || x[0] > x[1]) {
            return new Plane(false, height, width, 0, 1, 0, 0, 1, 1, 0);
        }
        boolean inside = y[0] >= 0 && y[1] < height && x[0] >= 0 && x[1] < width;
        int strideX = xs.getFirst().inStep();
        if (inside && strideX == 1) {
            return new Plane(true, height, width, 0, 1, height, 0, 1, 1, width);
        }
        return around(height, width, ys, xs);
    }

    /** The same, always laid out anew: no more than what the axes ask for. */
    static Plane around(int height, int width, List<Axis> ys, List<Axis> xs) {
        int[] y = range(ys);
        int[] x = range(xs);
        int strideX = xs.getFirst().inStep();
        // One tap: only every so many rows or columns are needed.
        int rowStep = ys.size() == 1 && ys.getFirst().taps() == 1 ? ys.getFirst().inStep() : 1;
        int parts = xs.size() == 1 && xs.getFirst().taps() == 1 ? 1 : strideX;
        return new Plane(
                false,
                height,
                width,
                y[0],
                rowStep,
                (y[1] - y[0]) / rowStep + 1,
                x[0],
                strideX,
                parts,
                (x[1] - x[0]) / strideX + 1);
    }

    private static int[] range(List<Axis> axes) {
        int low = Integer.MAX_VALUE;
        int high = Integer.MIN_VALUE;
        for (Axis a : axes) {
            if (a.taps() > 0) {
                low = Math.min(low, a.low());
                high = Math.max(high, a.high());
            }
        }
        return new int[] {low, high};
    }

    /** Floats from a row to the next. */
    int pitch() {
        return parts * width;
    }

    /** Floats of a channel. */
    int size() {
        return rows * pitch();
    }

    /** Floats from the first pixel of row i of an axis to that of row 0. */
    int row(Axis y, int i) {
        return y.inStep() * i / rowStep * pitch();
    }

    /** Where the first pixel finds this tap, from the beginning of a channel. */
    int tap(Axis y, int ty, Axis x, int tx) {
        int row = (y.inStart() + y.tapIn() * ty - rowLow) / rowStep;
        int column = x.inStart() + x.tapIn() * tx - columnLow;
        return row * pitch() + column % columnStep * width + column / columnStep;
    }

    /** Lays a channel out, its borders included. */
    void fill(ConvRows kernels, float[] image, int from, float[] to, int at) {
        if (rowLow < 0 || rowLow + (rows - 1) * rowStep >= height || sides()) {
            java.util.Arrays.fill(to, at, at + size(), 0);
        }
        inside(kernels, image, from, to, at);
    }

    private boolean sides() {
        int last = columnLow + parts - 1 + (width - 1) * columnStep;
        return columnLow < 0 || last >= imageWidth;
    }

    /** As above where the borders are 0 already. */
    void inside(ConvRows kernels, float[] image, int from, float[] to, int at) {
        int first = Math.clamp((-rowLow + rowStep - 1L) / rowStep, 0, rows);
        int end = Math.clamp((height - rowLow + rowStep - 1L) / rowStep, first, rows);
        for (int part = 0; part < parts; part++) {
            int left = columnLow + part;
            int before = left >= 0 ? 0 : Math.min(width, (-left + columnStep - 1) / columnStep);
            int known = (imageWidth - left + columnStep - 1) / columnStep;
            int n = Math.clamp(known, before, width) - before;
            int move = part * width + before;
            int column = left + before * columnStep;
            if (n <= 0 || first >= end) {
                continue;
            }
            int source = from + (rowLow + first * rowStep) * imageWidth + column;
            int target = at + first * pitch() + move;
            int down = rowStep * imageWidth;
            if (columnStep == 1) {
                kernels.copy(end - first, n, image, source, down, to, target, pitch());
            } else {
                kernels.gather(
                        end - first, columnStep, n, image, source, down, to, target, pitch());
            }
        }
    }
}
