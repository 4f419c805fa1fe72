package io.tatara.kernels.matmul;

/**
 * Images laid out so that a tap of a convolution is a shift. Their pixels stand in one row of
 * places, in which image follows image, line follows line, with zeros between: {@link #pitch}
 * places from a line to the next, {@link #plane} from an image to the next; a place holds all
 * channels. Result (i, y, x) and place i · plane + y · pitch + x are one, and what tap t reads for
 * it stands {@code shift(t)} places on. The gap behind a line is the padding of its right side and
 * of the next line's left, that behind an image the padding below it and above the next; beyond
 * both ends of the row all reads as 0. With a stride, every phase (element modulo stride) has a row
 * of its own, and a tap reads one of them.
 *
 * @param images in a row
 */
public record ShiftedRows(Along y, Along x, int images) {
    /** From here on lines are worth a place of waste that makes them even. */
    private static final int LONG = 28;

    /**
     * One axis: result i sums over taps t what stands at element start + step · t + stride · i of
     * the source.
     *
     * @param source elements, zeros around them
     * @param results elements of the result
     */
    public record Along(int taps, int start, int step, int stride, int source, int results) {
        /** Where tap t begins. */
        private int at(int t) {
            return start + step * t;
        }

        /** The first phase that has a row. */
        public int first() {
            return taps == 1 ? Math.floorMod(start, stride) : 0;
        }

        /** How many there are. */
        public int phases() {
            return taps == 1 ? 1 : stride;
        }

        /** Elements of the longest phase. */
        private int elements() {
            return Math.max(0, Math.ceilDiv(source - first(), stride));
        }

        /** Places from one line (image) to the next, so that no tap meets a neighbour's. */
        public int extent() {
            int low = Math.floorDiv(Math.min(at(0), at(taps - 1)), stride);
            int high = Math.floorDiv(Math.max(at(0), at(taps - 1)), stride);
            return Math.max(results, Math.max(elements() - Math.min(0, low), results + high));
        }
    }

    /** Places from a line to the next. */
    public int pitch() {
        int least = x.extent();
        return least % 2 == 1 && x.results % 2 == 0 && x.results >= LONG ? least + 1 : least;
    }

    /** Places from an image to the next. */
    public int plane() {
        return y.extent() * pitch();
    }

    /**
     * Whether two neighbouring places from an even one on are an aligned pair of a line, or none.
     */
    public boolean even() {
        return x.stride == 1 && pitch() % 2 == 0 && x.source % 2 == 0 && x.results % 2 == 0;
    }

    /** About the places of a row, however many. */
    public double size() {
        return (double) images * y.extent() * pitch();
    }

    /** Elements of a place, whole 16 bytes: its channels and zeros behind them. */
    public static int line(int channels) {
        return Math.ceilDiv(channels, 8) * 8;
    }

    /** Places of a row, a multiple of 8. */
    public int length() {
        return Math.ceilDiv(images * plane(), 8) * 8;
    }

    /** Rows. */
    public int phases() {
        return y.phases() * x.phases();
    }

    public int taps() {
        return y.taps * x.taps;
    }

    /**
     * Neighbouring places, from a multiple of so many on, that are neighbouring elements of the
     * result, aligned to them, or none at all: 4, 2 or 1.
     */
    int run() {
        int results = y.results * x.results;
        boolean gapless = plane() == results;
        for (int r = 4; r > 1; r /= 2) {
            if (gapless ? results % r == 0 : pitch() % r == 0 && x.results % r == 0) {
                return r;
            }
        }
        return 1;
    }

    /** What the source asks for: taps, the table of shifts, results. */
    Object[] args() {
        return new Object[] {
            taps(),
            x.taps,
            y.start,
            y.step,
            y.stride,
            y.first(),
            x.start,
            x.step,
            x.stride,
            x.first(),
            x.phases(),
            pitch(),
            plane(),
            images,
            y.results,
            x.results
        };
    }
}
