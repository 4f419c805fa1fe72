package io.tatara.kernels.matmul;

import java.util.List;

/**
 * How {@code lines_weights_sm90.cu} cuts a weight gradient: tiles of {@link #SIDE} by {@link #SIDE}
 * channels, and pieces of the places, as many as blocks. Pitch and plane are wider than those of
 * {@link ShiftedRows} where that lets a load take more.
 *
 * @param vec elements of a load of dy: all in a line of the images or none, or {@link #LINE}
 * @param xvec of x, with a stride of those of both phases
 * @param turns of 16 places that a warp loads at a time: many under way, as registers allow
 * @param pitch places from a line to the next
 * @param plane from an image to the next
 * @param base place that the lines of x begin with, counted from that of dy's
 * @param lead lines of x that a step needs besides its own
 * @param stages steps in shared memory
 * @param steps of all places
 * @param depth steps of a piece
 * @param tiles of all channels
 * @param cluster blocks that add their pieces themselves
 */
record LineWeightTiling(
        int vec,
        int xvec,
        int turns,
        int pitch,
        int plane,
        int base,
        int lead,
        int stages,
        int steps,
        int depth,
        int tiles,
        int cluster) {
    static final int SIDE = 64;
    static final int LINE = 8;

    /** Places of one product of the matrix units, and of a step. */
    private static final int SLICE = 16;

    private static final int STEP = 64;

    /** Elements of a load; the last: lines of up to 7 at any element, one in 8 places. */
    private static final int[] VECTORS = {4, 2, 1, LINE};

    private static final int LINE_BYTES = 128;
    private static final int MEMORY = 227 << 10;
    private static final int BARRIERS = 16;

    /** Most stages: as many as leave room for the sums on their way out, in any case. */
    private static final int STAGES = 10;

    private static final int MOST_PIECES = 160;

    /** Most bytes of raw sums in memory, and of those that need none. */
    private static final long WORKSPACE = 64L << 20;

    private static final long MOST_SUMS = 256L << 20;

    // The estimate, in clock cycles of a multiprocessor: the matrix units' rate, a
    // load that meets eight lines of memory, latencies, sums through shared memory,
    // bytes to L2 and to other blocks, two launches, bytes from L2.
    private static final double COLUMNS = 0.5;
    private static final double LOAD = 8;
    private static final double START = 3500;
    private static final double STAGE = 1000;
    private static final double STORE_BYTES = 48;
    private static final double MEET = 1200;
    private static final double SHARED_BYTES = 32;
    private static final double SECOND_LAUNCH = 4000;
    private static final double SUM_BYTES = 32;

    /** The tiling of least estimated time, null where there is none. */
    static LineWeightTiling of(ShiftedRows at, int rows, int channels, int multiprocessors) {
        return of(at, rows, channels, multiprocessors, LineWeightForm.modelled());
    }

    /** The same among some forms. */
    static LineWeightTiling of(
            ShiftedRows at,
            int rows,
            int channels,
            int multiprocessors,
            List<LineWeightForm> forms) {
        LineWeightTiling best = null;
        double least = Double.POSITIVE_INFINITY;
        for (int vec : VECTORS) {
            LineWeightTiling one = make(at, vec, rows, channels);
            if (one == null) {
                continue;
            }
            for (LineWeightForm form : forms) {
                int most = Math.min(MOST_PIECES, one.steps) / form.cluster();
                int last = form.direct() ? Math.min(1, most) : most;
                for (int parts = form.direct() ? 1 : 2; parts <= last; parts++) {
                    LineWeightTiling t = one.with(form.cluster(), parts);
                    double time = t.time(at, rows, channels, multiprocessors);
                    if (t.parts() == parts && t.fits(at, rows, channels) && time < least) {
                        best = t;
                        least = time;
                    }
                }
            }
        }
        return best;
    }

    /** All places in one piece; null where loads cannot take so many elements, or room lacks. */
    static LineWeightTiling make(ShiftedRows at, int vec, int rows, int channels) {
        ShiftedRows.Along x = at.x();
        ShiftedRows.Along y = at.y();
        int stride = x.stride();
        int whole = x.results() % vec + (stride == 1 ? x.source() % vec : 0);
        if (vec == LINE ? !lines(at, rows, channels) : whole != 0) {
            return null;
        }
        double pitches = Math.ceilDiv(at.pitch(), vec) * (double) vec;
        double planes = pitches * (at.plane() / at.pitch());
        double reaches = (y.taps() - 1.0) * y.step() * pitches + (x.taps() - 1.0) * x.step();
        if (planes * at.images() > 1 << 30 || reaches + 4 * STEP > MEMORY / LINE_BYTES) {
            return null;
        }
        int pitch = (int) pitches;
        int xvec = stride == 1 ? vec : strided(x.source(), pitch);
        int low = place(y, 0) * pitch + place(x, 0);
        int high = place(y, y.taps() - 1) * pitch + place(x, x.taps() - 1);
        int unit = stride == 1 ? vec : 2;
        int base = Math.floorDiv(low, unit) * unit;
        // Channels that may be none cost registers, as does each element by itself.
        boolean few = vec == 1 || xvec == 1 || rows % SIDE + channels % SIDE != 0;
        int turns = few ? 2 : 4;
        int lead = up(high - base, turns * SLICE / stride);
        int phases = stride * stride;
        int room = MEMORY / LINE_BYTES - 2 - phases * (lead + tail(x, turns));
        int stages = Math.min(STAGES, room / ((1 + phases) * STEP));
        int steps = Math.ceilDiv(at.images() * (int) planes, STEP);
        int tiles = Math.ceilDiv(rows, SIDE) * Math.ceilDiv(channels, SIDE);
        return stages < 2
                ? null
                : new LineWeightTiling(
                        vec,
                        xvec,
                        turns,
                        pitch,
                        (int) planes,
                        base,
                        lead,
                        stages,
                        steps,
                        steps,
                        tiles,
                        1);
    }

    /** Where a tap reads for place 0, in its phase. */
    private static int place(ShiftedRows.Along a, int tap) {
        return Math.floorDiv(a.start() + a.step() * tap, a.stride());
    }

    /** Elements of a load of both phases in turn. */
    private static int strided(int source, int pitch) {
        return source % 4 == 0 && pitch % 2 == 0 ? 4 : source % 2 == 0 ? 2 : 1;
    }

    /** Whether lines are one in 8 places, and words never reach behind the images. */
    private static boolean lines(ShiftedRows at, int rows, int channels) {
        ShiftedRows.Along x = at.x();
        ShiftedRows.Along y = at.y();
        boolean plain = x.stride() == 1;
        return at.pitch() <= LINE
                && (!plain || x.source() < LINE)
                && x.results() < LINE
                && (at.images() % 2 == 0
                        || (!plain || channels * y.source() * x.source() % 2 == 0)
                                && rows * y.results() * x.results() % 2 == 0);
    }

    /** With pieces for so many clusters a tile; the last ones may be empty. */
    LineWeightTiling with(int blocks, int parts) {
        int count = Math.ceilDiv(steps, blocks * parts);
        return new LineWeightTiling(
                vec, xvec, turns, pitch, plane, base, lead, stages, steps, count, tiles, blocks);
    }

    /** Lines behind a ring of x that repeat its beginning. */
    private static int tail(ShiftedRows.Along x, int turns) {
        int stride = x.stride();
        return up(SLICE - 1 + (x.taps() - 1) / stride * x.step(), turns * SLICE / stride);
    }

    private static int up(int x, int step) {
        return Math.ceilDiv(x, step) * step;
    }

    /** Clusters of a tile, each with sums of its own. */
    int parts() {
        return Math.ceilDiv(steps, depth * cluster);
    }

    /** Whether no launch adds sums of several clusters. */
    boolean direct() {
        return parts() == 1;
    }

    int blocks() {
        return tiles * parts() * cluster;
    }

    /** Floats from one cluster's raw sums to the next one's. */
    static int each(ShiftedRows at, int rows, int channels) {
        return Math.ceilDiv(rows * channels * at.taps(), 4) * 4;
    }

    private boolean fits(ShiftedRows at, int rows, int channels) {
        double bytes = (double) Float.BYTES * parts() * rows * channels * at.taps();
        return bytes <= (direct() ? MOST_SUMS : WORKSPACE);
    }

    /** Threads that share the sums of a result in the launch that adds them. */
    int share(int each, int multiprocessors) {
        int share = 1;
        while (share < 16
                && 4 * share <= parts()
                && (double) each / 4 * share < 4.0 * LineWeights.THREADS * multiprocessors) {
            share *= 2;
        }
        return share;
    }

    private static int words(int vec) {
        return vec == LINE ? 2 : vec;
    }

    /** Estimated cycles. */
    double time(ShiftedRows at, int rows, int channels, int multiprocessors) {
        double products = COLUMNS * SIDE * at.taps() * (STEP / SLICE);
        int phases = at.phases();
        double results = LOAD * 2 * STEP / words(vec);
        double images = LOAD * 2 * STEP * phases / words(xvec);
        double each = Math.max(products, results + images);
        LineWeightForm form = new LineWeightForm(cluster, direct());
        double waves = Math.ceil((double) tiles * parts() / form.running(multiprocessors));
        double start = images * lead / STEP;
        double tile = (double) Float.BYTES * SIDE * SIDE * at.taps();
        double store = tile / cluster / (direct() ? 2 : 1) / STORE_BYTES;
        double meet = (cluster - 1) * (MEET + tile / cluster / SHARED_BYTES);
        double sums = (double) Float.BYTES * parts() * rows * channels * at.taps();
        double second = SECOND_LAUNCH + sums / (SUM_BYTES * multiprocessors);
        return START
                + waves * (depth * each + start + STAGE + meet + store)
                + (direct() ? 0 : second);
    }

    /** Bytes of shared memory of a block. */
    int shared(ShiftedRows at) {
        int x = stages * STEP + lead + tail(at.x(), turns);
        return (stages * STEP + at.phases() * x) * LINE_BYTES + BARRIERS * stages;
    }

    /** What the source is told. */
    Object[] defines(ShiftedRows at) {
        return new Object[] {
            "VEC",
            vec,
            "X_VEC",
            xvec,
            "FILL_TURNS",
            turns,
            "PITCH",
            pitch,
            "PLANE",
            plane,
            "BASE",
            "(" + base + ")",
            "LEAD",
            lead,
            "STAGES",
            stages,
            "STRIDE",
            at.x().stride(),
            "DILATION_Y",
            at.y().step(),
            "DILATION_X",
            at.x().step(),
            "START_Y",
            "(" + at.y().start() + ")",
            "START_X",
            "(" + at.x().start() + ")",
            "TAPSX",
            at.x().taps(),
            "TAPSY",
            at.y().taps(),
            "CLUSTER",
            cluster,
            "DIRECT",
            direct() ? 1 : 0
        };
    }
}
