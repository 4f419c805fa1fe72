package io.tatara.kernels.recurrent;

import io.tatara.kernels.DType;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuTraits;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * How {@code recurrent_grid.cu} spreads a recurrence over a device: a pure function of the sizes
 * and the device's traits. The terms are those of the source's head comment.
 *
 * @param units hidden units of a block
 * @param slices blocks along the hidden units
 * @param rowGroups groups of the batch's rows, each with blocks of its own
 * @param rows rows of a group
 * @param directions directions that one launch takes
 * @param phases products of a step, one or two
 * @param inRegisters per phase how many of its {@code along} steps have their weights in registers
 * @param chunk rows computed at a time
 * @param rowBlock rows that a product takes at a time
 * @param vector whether states are read 16 bytes at a time
 * @param states floats that a thread keeps per row and unit
 * @param sums sums over steps and chunks that it keeps
 * @param stages buffers of states of {@code recurrent_tiles.cu}, 0 without it; then {@code along}
 *     counts a warp's slices of columns and all weights are in shared memory
 * @param team blocks that have a slice together, each a part of its sums; 1 for none, as always
 *     without {@code recurrent_tiles.cu}
 * @param sharedBytes dynamic shared memory of a block
 * @param microseconds what the model below expects of a sequence; only good for comparing
 */
record GridShape(
        DType dtype,
        int units,
        int slices,
        int rowGroups,
        int rows,
        int directions,
        List<Phase> phases,
        List<Integer> inRegisters,
        int chunk,
        int rowBlock,
        boolean vector,
        int states,
        int sums,
        int stages,
        int team,
        int sharedBytes,
        double microseconds) {
    static final int WARPS = 8;
    static final int THREADS = WARPS * 32;

    /** Bytes of a piece. */
    static final int PIECE = 16;

    /** Ints from one counter to the next: a sector of the second-level cache. */
    static final int COUNTER_GAP = 8;

    /** Slices that are tried; few, so that few programs come out. */
    private static final int[] UNITS = {1, 2, 4, 6, 8, 10, 12, 16, 20, 24, 28, 32, 48, 64};

    /** What a cell asks of a step: per phase the weight's rows per unit and the length of a sum. */
    record Need(int rowsPerUnit, int depth) {}

    /**
     * A product's layout: {@code across} × {@code laneRows} rows of the slice; {@code along} pieces
     * of a thread along the sum.
     */
    record Phase(int across, int along, int laneRows) {
        int pieces() {
            return across * along;
        }

        int rows() {
            return across * laneRows;
        }

        static Phase of(DType dtype, int rows, int depth) {
            int lanes = 8;
            if (dtype == DType.FLOAT32) {
                // Eight rows a thread read each state once for eight products.
                lanes = 1;
                while (rows > 8 * lanes && lanes < 32) {
                    lanes *= 2;
                }
            }
            int perPass = WARPS * (32 / lanes) * (PIECE / dtype.bytes());
            return new Phase(
                    GpuRecurrence.ceil(rows, lanes), GpuRecurrence.ceil(depth, perPass), lanes);
        }
    }

    /**
     * The best shape, null where the recurrence does not fit the device.
     *
     * @param needs of the phases of a step
     * @param states floats that a thread keeps per row and unit
     * @param sums sums over steps and chunks that it keeps
     */
    static GridShape of(
            Extents e, DType dtype, GpuTraits traits, List<Need> needs, int states, int sums) {
        if (e.steps() < 1
                || e.batch() < 1
                || traits.maxWorkGroup() < THREADS
                || !traits.cuda(dtype == DType.FLOAT32 ? 75 : 80)) {
            return null;
        }
        GridShape best = null;
        for (int units : UNITS) {
            int slices = slices(e, units, 1);
            for (int at = e.directions(); at >= 1; at--) {
                for (int groups = Math.min(e.batch(), traits.computeUnits() / (slices * at));
                        groups >= 1;
                        groups--) {
                    GridShape s = shape(e, dtype, traits, needs, states, sums, units, groups, at);
                    if (s != null && (best == null || s.microseconds < best.microseconds)) {
                        best = s;
                    }
                }
            }
            if (units >= e.hidden()) {
                break;
            }
        }
        return best;
    }

    /** Blocks along the hidden units, whole teams of them. */
    static int slices(Extents e, int units, int team) {
        return GpuRecurrence.ceil(e.hidden(), units * team) * team;
    }

    private static GridShape shape(
            Extents e,
            DType dtype,
            GpuTraits traits,
            List<Need> needs,
            int states,
            int sums,
            int units,
            int groups,
            int directions) {
        boolean f32 = dtype == DType.FLOAT32;
        int rows = GpuRecurrence.ceil(e.batch(), groups);
        int rowGroups = GpuRecurrence.ceil(e.batch(), rows);
        int most = Math.min(16, Integer.highestOneBit(THREADS / units));
        int rowBlock = f32 ? (rows >= 3 ? 4 : rows) : rows > 8 && most == 16 ? 16 : 8;
        if (most < rowBlock) {
            return null;
        }
        int chunk = Math.min(most, GpuRecurrence.ceil(rows, rowBlock) * rowBlock);
        chunk = chunk / rowBlock * rowBlock;
        int chunks = GpuRecurrence.ceil(rows, chunk);
        List<Phase> phases =
                needs.stream()
                        .map(n -> Phase.of(dtype, n.rowsPerUnit() * units, n.depth()))
                        .toList();
        int pieces = phases.stream().mapToInt(Phase::pieces).sum();
        int across = phases.stream().mapToInt(Phase::across).max().orElseThrow();
        int partRows = phases.stream().mapToInt(Phase::rows).max().orElseThrow();
        boolean vector = e.hidden() % (PIECE / dtype.bytes()) == 0;
        int results = f32 ? across * rowBlock : across * (across <= 2 ? 8 : 4);
        int room = registerPieces(f32 ? 32 : 30, results, f32 ? rowBlock : 2, vector);
        // The compiler's code for these chips takes more registers.
        room -= traits.arch() >= 120 ? 10 : traits.arch() < 90 ? 5 : 0;
        if (pieces > room) {
            // Pieces in shared memory need registers on their way.
            room -= results >= 32 || !f32 && sums > 0 ? 9 : 7;
        }
        List<Integer> inRegisters = inRegisters(room, phases);
        int registers = 0;
        for (int i = 0; i < phases.size(); i++) {
            registers += inRegisters.get(i) * phases.get(i).across();
        }
        long shared =
                (long) (pieces - registers) * THREADS * PIECE
                        + 4L * WARPS * chunk * partRows
                        + 4L * chunk
                        + 4L * states * chunks * chunk * units
                        + 4L * sums * chunk * units;
        int slices = slices(e, units, 1);
        int counters = counters(directions * rowGroups, chunks, slices, 1);
        if (results > 64
                || pieces > 96
                || shared > traits.maxShared()
                || counters > GpuPlan.SEMAPHORES) {
            return null;
        }
        double step = 0;
        for (int i = 0; i < needs.size(); i++) {
            double smem =
                    (double) Math.max(0, pieces - registers) * phases.get(i).pieces() / pieces;
            step +=
                    stepTime(
                            dtype,
                            (double) rows * needs.get(i).depth() * dtype.bytes(),
                            slices * rowGroups * directions,
                            phases.get(i).pieces(),
                            smem,
                            GpuRecurrence.ceil(rows, rowBlock),
                            rowBlock,
                            chunks);
        }
        double launches = (double) e.directions() / directions;
        return new GridShape(
                dtype,
                units,
                slices,
                rowGroups,
                rows,
                directions,
                phases,
                inRegisters,
                chunk,
                rowBlock,
                vector,
                states,
                sums,
                0,
                1,
                (int) shared,
                launches * e.steps() * step);
    }

    /** Ints of the counters of chunks, of blocks that are done, and of the teams' parts. */
    static int counters(int groups, int chunks, int slices, int team) {
        int ofTeams = team == 1 ? 0 : slices / team * chunks;
        return groups * (chunks + 1 + ofTeams) * COUNTER_GAP;
    }

    /**
     * Pieces for which registers are left beside the sums of a product, the states that it has read
     * ahead and what the gates need; checked against the compiler's report.
     */
    private static int registerPieces(int most, int results, int readAhead, boolean vector) {
        int ahead = readAhead <= 2 ? 4 * readAhead : 2 * readAhead;
        // States read one by one need registers on their way.
        return Math.min(most, (255 - (vector ? 60 : 90) - results - 4 * ahead) / 4);
    }

    private static List<Integer> inRegisters(int pieces, List<Phase> phases) {
        List<Integer> steps = new ArrayList<>();
        int left = pieces;
        for (Phase p : phases) {
            int n = Math.min(p.along(), left / p.across());
            steps.add(n);
            left -= n * p.across();
        }
        return List.copyOf(steps);
    }

    /** Pieces of weights that a thread keeps in shared memory. */
    int sharedPieces() {
        int n = 0;
        for (int i = 0; i < phases.size(); i++) {
            n += (phases.get(i).along() - inRegisters.get(i)) * phases.get(i).across();
        }
        return n;
    }

    /** A model of a phase's time in µs with the figures of one H100; for choosing only. */
    private static double stepTime(
            DType dtype,
            double readBytes,
            int blocks,
            int pieces,
            double sharedPieces,
            int rowBlocks,
            int rowBlock,
            int chunks) {
        double clocks = 1700; // a µs
        double exchange = 1.5 + 0.003 * blocks + 0.25 * (chunks - 1);
        double cache = Math.max(readBytes * blocks / 4.5e6, readBytes / (64 * clocks));
        double perPass =
                dtype == DType.FLOAT32
                        ? pieces * 4.0 * rowBlock * THREADS / 128 * 1.3
                        : pieces * 2.0 * WARPS * 1.5;
        double compute = rowBlocks * perPass / clocks;
        double shared = rowBlocks * sharedPieces * THREADS * PIECE / 128 / clocks;
        return exchange + Math.max(cache, Math.max(compute, shared));
    }

    boolean tiled() {
        return stages > 0;
    }

    /** Name, value pairs for the source. */
    List<Object> defines() {
        Phase a = phases.get(0);
        Phase b = phases.size() > 1 ? phases.get(1) : new Phase(0, 0, a.laneRows());
        List<Object> d = new ArrayList<>();
        if (tiled()) {
            d.addAll(List.of("TILED", 1, "STAGES", stages));
        }
        if (team > 1) {
            d.addAll(List.of("TEAM", team));
        }
        Object[] product = {
            "WARPS",
            WARPS,
            "A0",
            a.across(),
            "KP0",
            a.along(),
            "LR0",
            a.laneRows(),
            "A1",
            b.across(),
            "KP1",
            b.along(),
            "LR1",
            b.laneRows(),
            "KR0",
            inRegisters.get(0),
            "KR1",
            inRegisters.size() > 1 ? inRegisters.get(1) : 0,
            "CHUNK",
            chunk,
            "RB",
            rowBlock,
            "VECTOR",
            vector ? 1 : 0,
            "STATES",
            states,
            "SUMS",
            Math.max(1, sums)
        };
        d.addAll(Arrays.asList(product));
        return d;
    }

    /** Floats of the parts of sums that a team's blocks give each other; 0 without. */
    int parts() {
        int chunks = GpuRecurrence.ceil(rows, chunk);
        return team == 1 ? 0 : directions * rowGroups * chunks * slices * team * chunk * units;
    }

    int[] groups() {
        return new int[] {slices, rowGroups, directions};
    }
}
