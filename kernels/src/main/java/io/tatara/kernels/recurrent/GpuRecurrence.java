package io.tatara.kernels.recurrent;

import io.tatara.kernels.DType;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuProgram;
import io.tatara.kernels.gpu.GpuSources;
import io.tatara.kernels.gpu.GpuTraits;
import io.tatara.kernels.matmul.MatMulGpu;
import io.tatara.kernels.matmul.Precision;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Plans of this room: tile sizes, the program for a cell, and the launches around the loop. */
final class GpuRecurrence {
    /** Optional arguments of the sources: bit i of OPTIONAL is the i-th. */
    enum Optional {
        LENGTHS,
        H0,
        C0,
        BIAS,
        BIAS_HH,
        PEEPHOLE,
        FINAL,
        DY,
        DHN,
        DCN,
        DGATES,
        DCELLS
    }

    /** Hidden units of a tile; UNITS in the source. */
    private static final int UNITS = 16;

    final Extents e;

    /** Of all real tensors. */
    final DType dtype;

    final GpuPlan.Builder plan = GpuPlan.builder();
    private final GpuTraits traits;
    private final int rows;
    private final int split;
    private final int sumLanes;
    private final String file;
    private final Object[] cell;
    private int optional;
    private GpuProgram program;

    /** For the cell in this source file, with further defines as name, value pairs. */
    GpuRecurrence(Extents e, DType dtype, GpuTraits traits, String file, Object... defines) {
        this.e = e;
        this.dtype = dtype;
        this.traits = traits;
        this.file = file;
        int group = Integer.highestOneBit(Math.clamp(traits.maxWorkGroup(), UNITS, 256));
        int r = e.batch() >= 16 ? 16 : e.batch() >= 4 ? 4 : 1;
        // Smaller tiles read the weight more often, but a device half empty is worse.
        while (r > 1 && tiles(r) < traits.computeUnits()) {
            r /= 4;
        }
        rows = Math.min(r, group / UNITS);
        split = traits.cpu() ? 1 : group / (UNITS * rows);
        sumLanes = Math.min(8, group / UNITS);
        cell = defines.clone();
    }

    private long tiles(int r) {
        return (long) ceil(e.batch(), r) * ceil(e.hidden(), UNITS) * e.directions();
    }

    static int ceil(int n, int d) {
        return (n + d - 1) / d;
    }

    /** Argument for an optional input, null where it is absent; says so to the source. */
    Object optional(Optional which, TensorSpec[] in, int i) {
        if (in[i] == null) {
            return null;
        }
        optional |= 1 << which.ordinal();
        return GpuPlan.in(i);
    }

    /** That the final states are outputs of their own. */
    void finals() {
        optional |= 1 << Optional.FINAL.ordinal();
    }

    /** The program; all optional arguments must have been named before. */
    private GpuProgram program() {
        if (program == null) {
            List<Object> d = defines();
            d.addAll(List.of("ROWS", rows, "SPLIT", split, "SUM_LANES", sumLanes));
            String text = text("steps.cl", "recurrent.cl", file);
            program = GpuProgram.of("recurrent/" + file, text, d.toArray());
        }
        return program;
    }

    private static String text(String... files) {
        StringBuilder s = new StringBuilder();
        for (String f : files) {
            s.append(GpuSources.load(GpuRecurrence.class, f));
        }
        return s.toString();
    }

    /** What all sources of this room are told. */
    private List<Object> defines() {
        List<Object> d = new ArrayList<>(Arrays.asList(cell));
        d.addAll(
                List.of(
                        "STORAGE",
                        GpuProgram.storage(dtype),
                        "DIRECTIONS",
                        e.directions(),
                        "REVERSE",
                        e.direction() == Direction.REVERSE ? 1 : 0,
                        "OPTIONAL",
                        optional));
        return d;
    }

    /**
     * The whole loop in one launch (one per direction where the shape says so); the semaphores, the
     * sizes and what is behind them follow the buffers.
     */
    void grid(GridShape s, String source, String entry, List<Object> buffers, int... numbers) {
        List<Object> d = defines();
        d.addAll(s.defines());
        d.addAll(List.of("BACK", entry.endsWith("_back") ? 1 : 0));
        List<String> headers =
                dtype == DType.FLOAT32 && !s.tiled()
                        ? List.of("warp.cuh", "grid.cuh")
                        : List.of("warp.cuh", "grid.cuh", "tensor.cuh");
        GpuProgram p = GpuProgram.of("recurrent/" + source, "", d.toArray());
        String text =
                s.tiled()
                        ? text("steps.cl", "recurrent_grid.cu", "recurrent_tiles.cu", source)
                        : text("steps.cl", "recurrent_grid.cu", source);
        p = new GpuProgram(p.name(), text, p.defines(), headers);
        for (int first = 0; first < e.directions(); first += s.directions()) {
            List<Object> args = new ArrayList<>(buffers);
            args.add(new GpuPlan.Arg.Semaphores());
            args.addAll(List.of(first, e.steps(), e.batch(), e.hidden(), s.units(), s.rows()));
            for (int x : numbers) {
                args.add(x);
            }
            plan.launch(
                    p,
                    entry,
                    s.groups(),
                    new int[] {GridShape.THREADS, 1, 1},
                    s.sharedBytes(),
                    true,
                    args.toArray());
        }
    }

    /** Adds the memory for the parts of sums that a team's blocks give each other, if any do. */
    void parts(GridShape s, List<Object> buffers) {
        if (s.parts() > 0) {
            buffers.add(floats(s.parts()));
        }
    }

    /** A launch for all tiles of a step; the sizes and what is behind them follow the buffers. */
    void step(String entry, List<Object> buffers, int... numbers) {
        List<Object> args = new ArrayList<>(buffers);
        args.addAll(List.of(e.steps(), e.batch(), e.hidden()));
        for (int x : numbers) {
            args.add(x);
        }
        int[] groups = {ceil(e.hidden(), UNITS), ceil(e.batch(), rows), e.directions()};
        plan.launch(
                program(), entry, groups, new int[] {UNITS * rows * split, 1, 1}, args.toArray());
    }

    /** Elements of the recurrence's type. */
    GpuPlan.Arg temporary(int elements) {
        return plan.temporary((long) dtype.bytes() * elements);
    }

    /** Elements of float32. */
    GpuPlan.Arg floats(int elements) {
        return plan.temporary(4L * elements);
    }

    /** The final state of rows that take no step: the initial one. */
    void start(Object initial, Object state, boolean lengths) {
        int n = e.directions() * e.batch() * e.hidden();
        if (!lengths && e.steps() > 0) {
            return;
        }
        if (initial == null) {
            launch1d("recurrent_zero", n, state, n);
        } else {
            launch1d("recurrent_copy", n, initial, state, n);
        }
    }

    private void launch1d(String entry, int items, Object... args) {
        plan.launch1d(program(), entry, items, Math.min(128, traits.maxWorkGroup()), args);
    }

    /** The input's part of the gates of direction d over all steps: C = x · wᵀ, C of this type. */
    void inputProduct(Object x, Object w, int gates, int d, DType type, Object c, int co, int ldc) {
        int m = gates * e.hidden();
        int i = e.inputs();
        MatMulGpu.launch(
                plan,
                traits,
                dtype,
                type,
                Precision.STRICT,
                false,
                true,
                e.rows(),
                m,
                i,
                x,
                0,
                i,
                w,
                d * m * i,
                i,
                0,
                c,
                co,
                ldc);
    }

    /** dx += δ · w over all steps and dw = δᵀ · x. */
    void inputGradient(
            Object delta,
            int at,
            int ld,
            int gates,
            int d,
            Object x,
            Object w,
            Object dx,
            Object dw) {
        int m = gates * e.hidden();
        int i = e.inputs();
        int wo = d * m * i;
        float beta = d == 0 ? 0 : 1;
        MatMulGpu.launch(
                plan,
                traits,
                dtype,
                dtype,
                Precision.STRICT,
                false,
                false,
                e.rows(),
                i,
                m,
                delta,
                at,
                ld,
                w,
                wo,
                i,
                beta,
                dx,
                0,
                i);
        MatMulGpu.launch(
                plan,
                traits,
                dtype,
                dtype,
                Precision.STRICT,
                true,
                false,
                m,
                i,
                e.rows(),
                delta,
                at,
                ld,
                x,
                0,
                i,
                0,
                dw,
                wo,
                i);
    }

    /** Rows [row, row + m) of direction d of dw [D, gates·H, H] = δᵀ · v over all steps. */
    void weightGradient(
            Object delta,
            int at,
            int ld,
            int m,
            Object v,
            int vo,
            int ldv,
            int gates,
            int d,
            int row,
            Object dw) {
        int h = e.hidden();
        int to = (d * gates * h + row) * h;
        MatMulGpu.launch(
                plan,
                traits,
                dtype,
                dtype,
                Precision.STRICT,
                true,
                false,
                m,
                h,
                e.rows(),
                delta,
                at,
                ld,
                v,
                vo,
                ldv,
                0,
                dw,
                to,
                h);
    }

    /** The states that the steps of direction d started from, [T·N, H]. */
    void before(Object y, Object h0, Object lengths, int d, Object to) {
        int n = e.rows() * e.hidden();
        launch1d("states_before", n, y, h0, lengths, d, to, e.steps(), e.batch(), e.hidden());
    }

    /**
     * Column sums of δ: the gradient of a bias. Columns from {@code from} on stand {@code skip}
     * further on.
     */
    void columnSums(Object delta, int at, int ld, int n, int from, int skip, Object out, int oo) {
        int[] groups = {ceil(n, 16), 1, 1};
        int[] local = {16 * sumLanes, 1, 1};
        plan.launch(
                program(),
                "column_sums",
                groups,
                local,
                delta,
                at,
                ld,
                e.rows(),
                n,
                from,
                skip,
                out,
                oo);
    }

    /**
     * out [D, rows, H] of what a launch over the grid summed up, rows of the sums from {@code
     * first} on, those from {@code from} on one further.
     */
    void groupSums(GridShape s, Object sums, int first, int from, int rows, Object out) {
        launch1d(
                "group_sums",
                e.directions() * rows * e.hidden(),
                sums,
                s.rowGroups(),
                s.sums(),
                first,
                from,
                rows,
                e.hidden(),
                out);
    }

    /** dpeephole of direction d. */
    void peepholeSums(Object delta, Object cells, Object c0, Object lengths, int d, Object out) {
        int[] groups = {ceil(e.hidden(), 16), 3, 1};
        int[] local = {16 * sumLanes, 1, 1};
        plan.launch(
                program(),
                "peephole_sums",
                groups,
                local,
                delta,
                cells,
                c0,
                lengths,
                d,
                out,
                e.steps(),
                e.batch(),
                e.hidden());
    }
}
