package io.tatara.kernels.recurrent;

import io.tatara.kernels.DType;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuTraits;
import java.util.List;

/**
 * How {@code recurrent_tiles.cu} spreads a recurrence over a device: float32, one product a step,
 * chunks of 32 rows of the batch, a slice of the weight that fits shared memory beside the states
 * on their way.
 */
final class TiledShape {
    /** Rows of the batch that are computed at a time. */
    static final int CHUNK = 32;

    /** Those of a thread. */
    private static final int ROWS = 8;

    /** Lanes that share a chunk's rows, and those that share the slice's. */
    private static final int LANES = CHUNK / ROWS;

    /**
     * Rows of the slice of a thread: with fewer the states that each multiprocessor reads cost the
     * second-level cache more than the product.
     */
    private static final int LEAST = 5;

    /** Columns that a warp takes at a time. */
    private static final int SLICE = 32;

    private static final int MOST_STAGES = 4;

    /**
     * What a chunk must hold for its tiles to pay: the instructions are the same for fewer rows.
     */
    private static final double FILL = 0.75;

    /**
     * Rows of a group of {@link GridShape#of}: with fewer each multiprocessor has too little of a
     * product for tiles. A team's is of few columns, so the other's rows say nothing there.
     */
    private static final int MANY = 16;

    private TiledShape() {}

    /**
     * The best shape, null where the recurrence does not fit or {@link GridShape#of} suits it
     * better.
     *
     * @param sums as {@link GridShape#of} has them
     * @param team blocks that have a slice together
     */
    static GridShape of(
            Extents e,
            DType dtype,
            GpuTraits traits,
            List<GridShape.Need> needs,
            int states,
            int sums,
            int team) {
        if (dtype != DType.FLOAT32 || !traits.cuda(80) || needs.size() > 1) {
            return null;
        }
        if (team == 1) {
            GridShape other = GridShape.of(e, dtype, traits, needs, states, sums);
            if (other == null || other.rows() < MANY) {
                return null;
            }
        }
        GridShape best = null;
        for (int units = Math.min(GridShape.THREADS / CHUNK, e.hidden()); units >= 1; units--) {
            int slices = GridShape.slices(e, units, team);
            for (int at = e.directions(); at >= 1; at--) {
                for (int groups = traits.computeUnits() / (slices * at); groups >= 1; groups--) {
                    GridShape s =
                            shape(
                                    e,
                                    traits,
                                    needs.getFirst(),
                                    states,
                                    sums,
                                    team,
                                    units,
                                    groups,
                                    at);
                    if (s != null && (best == null || s.microseconds() < best.microseconds())) {
                        best = s;
                    }
                }
            }
        }
        return best;
    }

    private static GridShape shape(
            Extents e,
            GpuTraits traits,
            GridShape.Need need,
            int states,
            int sums,
            int team,
            int units,
            int groups,
            int directions) {
        int rows = GpuRecurrence.ceil(e.batch(), groups);
        int rowGroups = GpuRecurrence.ceil(e.batch(), rows);
        int chunks = GpuRecurrence.ceil(rows, CHUNK);
        if (rows < FILL * CHUNK * chunks) {
            return null;
        }
        int gates = need.rowsPerUnit() * units * team;
        int across = GpuRecurrence.ceil(gates, LANES);
        if (across > ROWS || across < LEAST) {
            return null;
        }
        int along = GpuRecurrence.ceil(need.depth(), team * GridShape.WARPS * SLICE);
        long fixed =
                4L * along * across * LANES * GridShape.WARPS * SLICE
                        + 4L * CHUNK
                        + 4L * states * chunks * CHUNK * units
                        + 4L * sums * CHUNK * units;
        long stage = 4L * GridShape.WARPS * CHUNK * SLICE;
        int stages = (int) Math.min(MOST_STAGES, (traits.maxShared() - fixed) / stage);
        int slices = GridShape.slices(e, units, team);
        int counters = GridShape.counters(directions * rowGroups, chunks, slices, team);
        if (stages < 2 || counters > GpuPlan.SEMAPHORES) {
            return null;
        }
        return new GridShape(
                DType.FLOAT32,
                units,
                slices,
                rowGroups,
                rows,
                directions,
                List.of(new GridShape.Phase(across, along, LANES)),
                List.of(0),
                CHUNK,
                ROWS,
                e.hidden() % (GridShape.PIECE / 4) == 0,
                states,
                sums,
                stages,
                team,
                (int) (fixed + stages * stage),
                (double) e.directions()
                        / directions
                        * e.steps()
                        * stepTime(slices * rowGroups * directions, across * LANES, along, chunks));
    }

    /** A model of a step's time in µs; for choosing among these shapes only. */
    private static double stepTime(int blocks, int gates, int along, int chunks) {
        double clocks = 1700; // a µs
        double slots = 1.15; // instructions of a multiply-add
        double product = slots * gates * CHUNK * GridShape.WARPS * SLICE * along / 128;
        return 1.5 + 0.003 * blocks + chunks * (2 + product / clocks);
    }
}
