package io.tatara.tornado;

import io.tatara.runtime.DeviceException;
import io.tatara.tornado.kernels.Copies;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.ImmutableTaskGraph;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.WorkerGrid3D;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * One execution plan over one heap, with a graph for each kernel, for the life of a device. All of
 * it happens on one thread of its own: a plan that two threads use brings the JVM down. Launches
 * return when their arguments are taken, the others when they are done.
 *
 * <p>Graphs of one task: the heap stays on the device from graph to graph, and what a launch needs
 * is the array of arguments. Host data passes through a staging array of the next larger size.
 */
final class Session implements AutoCloseable {
    /**
     * Flags of OpenCL's compiler. Those that are standard in TornadoVM relax arithmetic: no NaN, no
     * infinities, sums in another order.
     */
    static final String FLAGS = "-w";

    /** Ints of the array of arguments. */
    static final int ARGUMENTS = 1024;

    /** Words of the staging arrays. */
    private static final int[] STAGES = {1 << 8, 1 << 14, 1 << 20};

    private final ExecutorService thread =
            Executors.newSingleThreadExecutor(
                    r -> Thread.ofPlatform().name("tatara-tornado").daemon(true).unstarted(r));
    private final FloatArray heap;
    private final IntArray intHeap;
    private final IntArray arguments = new IntArray(ARGUMENTS);
    private final FloatArray floats = new FloatArray(ARGUMENTS);
    private final FloatArray[] stages = new FloatArray[STAGES.length];
    private final IntArray[] intStages = new IntArray[STAGES.length];
    private final WorkerGrid3D grid = new WorkerGrid3D(1, 1, 1);
    private final List<ImmutableTaskGraph> graphs = new ArrayList<>();

    /** One for each graph: TornadoVM walks through all names of a scheduler at each launch. */
    private final List<GridScheduler> schedulers = new ArrayList<>();

    private final Set<TaskGraphs> recorded = new HashSet<>();
    private final TornadoDevice device;
    private final int firstCopy;
    private TornadoExecutionPlan plan;

    /** The plan that was used last; null: this session's own. */
    private TaskGraphs last;

    /**
     * @param words of the float32 heap
     * @param intWords of the int32 heap
     * @param kernels what can be launched, each at the index of its number
     */
    Session(TornadoDevice device, int words, int intWords, List<KernelTable.Entry> kernels) {
        this.heap = new FloatArray(words);
        this.intHeap = new IntArray(intWords);
        this.device = device;
        this.firstCopy = kernels.size() + 1;
        try {
            call(
                    "open",
                    () -> {
                        open(kernels);
                        return null;
                    });
        } catch (RuntimeException | Error e) {
            thread.shutdown();
            throw e;
        }
    }

    private void open(List<KernelTable.Entry> kernels) {
        KernelContext context = new KernelContext();
        IntArray none = IntArray.fromElements(0, 0);
        FloatArray noFloats = FloatArray.fromElements(0);
        WorkerGrid3D one = new WorkerGrid3D(1, 1, 1);
        one.setLocalWork(1, 1, 1);
        graphs.add(
                new TaskGraph(name(one))
                        .transferToDevice(
                                DataTransferMode.FIRST_EXECUTION, heap, intHeap, none, noFloats)
                        .task("t", Copies::begin, context, none, noFloats, heap, intHeap)
                        .persistOnDevice(heap, intHeap)
                        .transferToHost(DataTransferMode.EVERY_EXECUTION, none)
                        .snapshot());
        for (KernelTable.Entry k : kernels) {
            graphs.add(
                    graph().task("t", k.code(), context, arguments, floats, heap, intHeap)
                            .snapshot());
        }
        for (int s = 0; s < STAGES.length; s++) {
            FloatArray stage = new FloatArray(STAGES[s]);
            IntArray ints = new IntArray(STAGES[s]);
            stages[s] = stage;
            intStages[s] = ints;
            graphs.add(
                    graph().task("t", Copies::readFloats, context, arguments, heap, intHeap, stage)
                            .transferToHost(DataTransferMode.EVERY_EXECUTION, stage)
                            .snapshot());
            graphs.add(
                    graph().transferToDevice(DataTransferMode.EVERY_EXECUTION, stage)
                            .task(
                                    "t",
                                    Copies::writeFloats,
                                    context,
                                    arguments,
                                    heap,
                                    intHeap,
                                    stage)
                            .snapshot());
            graphs.add(
                    graph().task("t", Copies::readInts, context, arguments, heap, intHeap, ints)
                            .transferToHost(DataTransferMode.EVERY_EXECUTION, ints)
                            .snapshot());
            graphs.add(
                    graph().transferToDevice(DataTransferMode.EVERY_EXECUTION, ints)
                            .task("t", Copies::writeInts, context, arguments, heap, intHeap, ints)
                            .snapshot());
        }
        plan = plan(graphs);
        run(0);
    }

    private TornadoExecutionPlan plan(List<ImmutableTaskGraph> graphs) {
        TornadoExecutionPlan p =
                new TornadoExecutionPlan(graphs.toArray(ImmutableTaskGraph[]::new));
        p.withDevice(device);
        p.withCompilerFlags(TornadoVMBackendType.OPENCL, FLAGS);
        return p;
    }

    private String name(WorkerGrid3D of) {
        String name = "g" + graphs.size();
        schedulers.add(new GridScheduler(name + ".t", of));
        return name;
    }

    /** A graph that finds the heaps on the device and leaves them there. */
    private TaskGraph graph() {
        return new TaskGraph(name(grid))
                .consumeFromDevice(heap, intHeap)
                .transferToDevice(DataTransferMode.EVERY_EXECUTION, arguments, floats);
    }

    private void run(int graph) {
        plan.withGraph(graph).withGridScheduler(schedulers.get(graph)).execute();
    }

    /** Plans have queues of their own: waits for the last one's work where it was another. */
    private void enter(TaskGraphs next) {
        if (last != next) {
            finish();
            last = next;
        }
    }

    /** The first graph reads a number back, behind all that the queue holds. */
    private void finish() {
        if (last == null) {
            run(0);
        } else {
            last.await();
        }
    }

    /** Runs launches in order. */
    void launch(String what, List<Launch> launches) {
        if (launches.isEmpty()) {
            return;
        }
        call(
                what,
                () -> {
                    enter(null);
                    MemorySegment ints = arguments.getSegment();
                    for (Launch l : launches) {
                        int n = l.args().length;
                        MemorySegment.copy(l.args(), 0, ints, ValueLayout.JAVA_INT, 0, n);
                        MemorySegment.copy(ints, 0, floats.getSegment(), 0, 4L * n);
                        l.spread(grid);
                        run(l.kernel().number() + 1);
                    }
                    return null;
                });
    }

    /** Returns when all work is done. */
    void await() {
        call(
                "synchronize",
                () -> {
                    finish();
                    return null;
                });
    }

    /**
     * Makes task graphs of launches.
     *
     * @throws DeviceException if TornadoVM refuses; then nothing is left of it
     */
    TaskGraphs taskGraphs(List<List<TaskGraphs.Task>> chunks) {
        return call(
                "task graphs",
                () -> {
                    TaskGraphs made =
                            new TaskGraphs(
                                    chunks,
                                    graphs.getFirst(),
                                    schedulers.getFirst(),
                                    heap,
                                    intHeap,
                                    this::plan);
                    recorded.add(made);
                    return made;
                });
    }

    void replay(TaskGraphs made) {
        call(
                "a recorded graph",
                () -> {
                    enter(made);
                    made.run();
                    return null;
                });
    }

    /** Twice does nothing, nor does it behind {@link #close()}. */
    void release(TaskGraphs made) {
        if (!thread.isShutdown()) {
            call(
                    "closing a recorded graph",
                    () -> {
                        free(made);
                        return null;
                    });
        }
    }

    private void free(TaskGraphs made) {
        if (recorded.remove(made)) {
            if (last == made) {
                enter(null);
            }
            made.free();
        }
    }

    /** How many task graphs are held. */
    int recorded() {
        return call("count", recorded::size);
    }

    /** Copies words of host memory to a heap. */
    void write(MemorySegment from, int at, boolean ints) {
        int n = words(from);
        call(
                "upload",
                () -> {
                    enter(null);
                    for (int done = 0; done < n; ) {
                        int s = stage(n - done);
                        int piece = Math.min(n - done, STAGES[s]);
                        MemorySegment.copy(from, 4L * done, staging(s, ints), 0, 4L * piece);
                        move(s, ints ? 3 : 1, at + done, piece);
                        done += piece;
                    }
                    return null;
                });
    }

    /** Copies words of a heap to host memory. */
    void read(int at, MemorySegment to, boolean ints) {
        int n = words(to);
        call(
                "download",
                () -> {
                    enter(null);
                    for (int done = 0; done < n; ) {
                        int s = stage(n - done);
                        int piece = Math.min(n - done, STAGES[s]);
                        move(s, ints ? 2 : 0, at + done, piece);
                        MemorySegment.copy(staging(s, ints), 0, to, 4L * done, 4L * piece);
                        done += piece;
                    }
                    return null;
                });
    }

    private MemorySegment staging(int s, boolean ints) {
        return ints ? intStages[s].getSegment() : stages[s].getSegment();
    }

    private void move(int stage, int way, int at, int n) {
        arguments.set(0, at);
        arguments.set(1, n);
        grid.setGlobalWork((n + 127L) / 128 * 128, 1, 1);
        grid.setLocalWork(128, 1, 1);
        run(firstCopy + 4 * stage + way);
    }

    private static int words(MemorySegment s) {
        return Math.toIntExact(s.byteSize() / 4);
    }

    private static int stage(int n) {
        for (int s = 0; s < STAGES.length; s++) {
            if (n <= STAGES[s]) {
                return s;
            }
        }
        return STAGES.length - 1;
    }

    FloatArray heap() {
        return heap;
    }

    IntArray intHeap() {
        return intHeap;
    }

    private <T> T call(String what, Callable<T> work) {
        Future<T> f = thread.submit(work);
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    return f.get();
                } catch (InterruptedException e) {
                    interrupted = true; // the device is at work: told when it is done
                }
            }
        } catch (ExecutionException e) {
            if (e.getCause() instanceof DeviceException d) {
                throw d;
            }
            throw new DeviceException("TornadoVM: " + what + ": " + e.getCause(), e.getCause());
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Frees what graphs of a plan hold on the device. */
    static void free(TornadoExecutionPlan plan, int from, int to) {
        for (int g = from; g < to; g++) {
            plan.withGraph(g).freeDeviceMemory();
        }
    }

    @Override
    public void close() {
        call(
                "close",
                () -> {
                    List.copyOf(recorded).forEach(this::free);
                    enter(null);
                    run(0);
                    free(plan, 1, graphs.size());
                    free(plan, 0, 1);
                    return null;
                });
        thread.shutdown();
    }
}
