package io.tatara.runtime.cuda;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuPlan.Arg;
import io.tatara.kernels.gpu.GpuProgram;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToLongFunction;

/**
 * A plan ready to be launched: for each launch the function and the arguments' values in native
 * memory, in which the pointers alone change from run to run, so that a launch allocates nothing.
 * What the device cannot do is found out here, before anything is enqueued. Guarded by the device's
 * monitor.
 */
final class CudaPlan {
    /** A pointer to write before each launch: where, and which. */
    private record Slot(long offset, Source source, int index) {}

    private enum Source {
        INPUT,
        OUTPUT,
        TEMPORARY
    }

    /** A launch. */
    static final class Step {
        private final GpuPlan.Launch launch;
        private final long function;
        private final int[] grid;
        private final MemorySegment values;
        private final MemorySegment parameters;
        private final Slot[] slots;
        private final TensorMapSlot[] maps;
        private final EarlyLaunch early; // null for a plain launch

        private Step(GpuPlan.Launch l, long function, boolean early, Arena arena) {
            this.launch = l;
            this.function = function;
            this.grid = new int[6];
            System.arraycopy(l.groups(), 0, grid, 0, 3);
            System.arraycopy(l.local(), 0, grid, 3, 3);
            this.early = early ? new EarlyLaunch(grid, l.dynamicShared(), arena) : null;
            int n = l.args().size();
            long[] offsets = new long[n];
            long size = 0;
            for (int i = 0; i < n; i++) {
                boolean map = l.args().get(i) instanceof Arg.TensorMap;
                long align = map ? TensorMapSlot.ALIGNMENT : 8;
                offsets[i] = (size + align - 1) / align * align;
                size = offsets[i] + (map ? TensorMapSlot.BYTES : 8);
            }
            values = arena.allocate(Math.max(8, size), TensorMapSlot.ALIGNMENT);
            parameters = arena.allocate(ADDRESS, Math.max(1, n));
            List<Slot> pointers = new ArrayList<>();
            List<TensorMapSlot> tensorMaps = new ArrayList<>();
            for (int i = 0; i < n; i++) {
                long at = offsets[i];
                parameters.setAtIndex(ADDRESS, i, values.asSlice(at));
                switch (l.args().get(i)) {
                    case Arg.Input a -> pointers.add(new Slot(at, Source.INPUT, a.index()));
                    case Arg.Output a -> pointers.add(new Slot(at, Source.OUTPUT, a.index()));
                    case Arg.Temporary a -> pointers.add(new Slot(at, Source.TEMPORARY, a.index()));
                    case Arg.Null a -> values.set(JAVA_LONG, at, 0L);
                    case Arg.Int a -> values.set(JAVA_INT, at, a.value());
                    case Arg.Float a -> values.set(JAVA_FLOAT, at, a.value());
                    case Arg.Semaphores a -> semaphores = at;
                    case Arg.TensorMap a ->
                            tensorMaps.add(
                                    new TensorMapSlot(
                                            a, values.asSlice(at, TensorMapSlot.BYTES), arena));
                }
            }
            slots = pointers.toArray(Slot[]::new);
            maps = tensorMaps.toArray(TensorMapSlot[]::new);
        }

        private long semaphores = -1;

        String entry() {
            return launch.entry();
        }

        /** Writes the pointers and launches. */
        void launch(
                CudaDriver driver,
                long stream,
                long[] in,
                long[] out,
                long[] temporaries,
                CudaBuffers buffers) {
            for (Slot s : slots) {
                values.set(
                        JAVA_LONG,
                        s.offset,
                        switch (s.source) {
                            case INPUT -> in[s.index];
                            case OUTPUT -> out[s.index];
                            case TEMPORARY -> temporaries[s.index];
                        });
            }
            if (semaphores >= 0) {
                values.set(JAVA_LONG, semaphores, buffers.semaphores());
            }
            for (TensorMapSlot m : maps) {
                m.bind(
                        driver,
                        switch (m.buffer()) {
                            case Arg.Input a -> in[a.index()];
                            case Arg.Output a -> out[a.index()];
                            case Arg.Temporary a -> temporaries[a.index()];
                            default -> throw new IllegalStateException("no buffer: " + m.buffer());
                        });
            }
            if (early != null) {
                driver.launchEarly(function, early.on(stream), parameters);
                return;
            }
            driver.launch(
                    function,
                    grid,
                    launch.dynamicShared(),
                    launch.cooperative(),
                    stream,
                    parameters);
        }
    }

    private final List<Step> steps = new ArrayList<>();
    private final List<Long> temporaries;

    private CudaPlan(List<Long> temporaries) {
        this.temporaries = temporaries;
    }

    List<Step> steps() {
        return steps;
    }

    List<Long> temporaries() {
        return temporaries;
    }

    /** Compiles what is not compiled yet and checks; made in the context, outside the monitor. */
    static CudaPlan of(
            String op, GpuPlan plan, LaunchCheck check, ToLongFunction<GpuProgram> modules) {
        CudaPlan p = new CudaPlan(plan.temporaries());
        // Freed when the plan is collected: nobody has to know when its last launch is enqueued.
        Arena arena = Arena.ofAuto();
        for (GpuPlan.Launch l : plan.launches()) {
            check.geometry(op, l);
            long function = check.function(op, l, modules.applyAsLong(l.program()));
            // What came before the plan is none of its own: only its later launches may begin
            // early.
            boolean early = l.early() && check.early() && !p.steps.isEmpty();
            p.steps.add(new Step(l, function, early, arena));
        }
        return p;
    }
}
