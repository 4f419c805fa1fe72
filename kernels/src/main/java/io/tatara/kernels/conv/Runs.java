package io.tatara.kernels.conv;

/**
 * Where a stretch of pixels, counted over all images of a batch, stands in memory: runs of floats
 * that follow each other, from which a tap's values are the same distance away everywhere.
 */
final class Runs {
    private final int[] offsets;
    private final int[] places;
    private int count;
    private int last;

    /**
     * @param most pixels of a stretch
     */
    Runs(int most) {
        offsets = new int[most];
        places = new int[most + 1];
    }

    /** How many. */
    int count() {
        return count;
    }

    /** Where run s begins in memory, for a tap at 0. */
    int offset(int s) {
        return offsets[s];
    }

    /** Pixel of the stretch with which run s begins; for s = count the number of pixels. */
    int place(int s) {
        return places[s];
    }

    int[] offsets() {
        return offsets;
    }

    int[] places() {
        return places;
    }

    /** Offset behind the last float of any run. */
    int end() {
        return last;
    }

    /** How many pixels from this one on are one run. */
    static int room(Plane plane, Axis y, Axis x, int from) {
        int columns = x.count();
        int pixel = from % (y.count() * columns);
        return joined(plane, y, x) ? y.count() * columns - pixel : columns - pixel % columns;
    }

    /** Whether rows follow each other without a gap. */
    private static boolean joined(Plane plane, Axis y, Axis x) {
        return plane.row(y, 1) == x.count();
    }

    /**
     * Finds the runs of pixels [from, to).
     *
     * @param imageStride floats from an image to the next
     */
    void find(Plane plane, Axis y, Axis x, int imageStride, int from, int to) {
        int columns = x.count();
        int pixels = y.count() * columns;
        boolean joined = joined(plane, y, x);
        count = 0;
        last = 0;
        for (int at = from; at < to; ) {
            int pixel = at % pixels;
            int column = pixel % columns;
            int rest = joined ? pixels - pixel : columns - column;
            int n = Math.min(rest, to - at);
            int offset = at / pixels * imageStride + plane.row(y, pixel / columns) + column;
            offsets[count] = offset;
            places[count++] = at - from;
            last = Math.max(last, offset + n);
            at += n;
        }
        places[count] = to - from;
    }
}
