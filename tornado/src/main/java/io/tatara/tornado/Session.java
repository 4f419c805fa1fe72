package io.tatara.tornado;

import io.tatara.runtime.DeviceException;
import io.tatara.tornado.kernels.Copies;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
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
import uk.ac.manchester.tornado.api.exceptions.TornadoExecutionPlanException;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * One execution plan over one heap, with a graph for each kernel, for the life of a device. All of
 * it happens on one thread of its own: a plan that two threads use brings the JVM down. Calls are
 * done when they return.
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
    private final GridScheduler scheduler = new GridScheduler();
    private final int firstCopy;
    private TornadoExecutionPlan plan;

    /**
     * @param words of the float32 heap
     * @param intWords of the int32 heap
     * @param kernels what can be launched, each at the index of its number
     */
    Session(TornadoDevice device, int words, int intWords, List<KernelTable.Entry> kernels) {
        this.heap = new FloatArray(words);
        this.intHeap = new IntArray(intWords);
        this.firstCopy = kernels.size() + 1;
        try {
            call(
                    "open",
                    () -> {
                        open(device, kernels);
                        return null;
                    });
        } catch (RuntimeException | Error e) {
            thread.shutdown();
            throw e;
        }
    }

    private void open(TornadoDevice device, List<KernelTable.Entry> kernels) {
        KernelContext context = new KernelContext();
        List<ImmutableTaskGraph> graphs = new ArrayList<>();
        grid.setLocalWork(1, 1, 1);
        graphs.add(
                new TaskGraph(name(graphs))
                        .transferToDevice(DataTransferMode.FIRST_EXECUTION, heap, intHeap)
                        .transferToDevice(DataTransferMode.EVERY_EXECUTION, arguments, floats)
                        .task("t", Copies::begin, context, arguments, floats, heap, intHeap)
                        .persistOnDevice(heap, intHeap)
                        .snapshot());
        for (KernelTable.Entry k : kernels) {
            graphs.add(
                    graph(graphs)
                            .task("t", k.code(), context, arguments, floats, heap, intHeap)
                            .snapshot());
        }
        for (int s = 0; s < STAGES.length; s++) {
            FloatArray stage = new FloatArray(STAGES[s]);
            IntArray ints = new IntArray(STAGES[s]);
            stages[s] = stage;
            intStages[s] = ints;
            graphs.add(
                    graph(graphs)
                            .task("t", Copies::readFloats, context, arguments, heap, intHeap, stage)
                            .transferToHost(DataTransferMode.EVERY_EXECUTION, stage)
                            .snapshot());
            graphs.add(
                    graph(graphs)
                            .transferToDevice(DataTransferMode.EVERY_EXECUTION, stage)
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
                    graph(graphs)
                            .task("t", Copies::readInts, context, arguments, heap, intHeap, ints)
                            .transferToHost(DataTransferMode.EVERY_EXECUTION, ints)
                            .snapshot());
            graphs.add(
                    graph(graphs)
                            .transferToDevice(DataTransferMode.EVERY_EXECUTION, ints)
                            .task("t", Copies::writeInts, context, arguments, heap, intHeap, ints)
                            .snapshot());
        }
        plan = new TornadoExecutionPlan(graphs.toArray(ImmutableTaskGraph[]::new));
        plan.withDevice(device);
        plan.withCompilerFlags(TornadoVMBackendType.OPENCL, FLAGS);
        int[] one = {1, 1, 1};
        run(0, one, one);
    }

    private String name(List<ImmutableTaskGraph> graphs) {
        String name = "g" + graphs.size();
        scheduler.addWorkerGrid(name + ".t", grid);
        return name;
    }

    /** A graph that finds the heaps on the device and leaves them there. */
    private TaskGraph graph(List<ImmutableTaskGraph> graphs) {
        return new TaskGraph(name(graphs))
                .consumeFromDevice(heap, intHeap)
                .transferToDevice(DataTransferMode.EVERY_EXECUTION, arguments, floats)
                .persistOnDevice(heap, intHeap);
    }

    private void run(int graph, int[] groups, int[] local) {
        // Whole work-groups by construction: any other global size leaves everything undone.
        grid.setGlobalWork(
                (long) groups[0] * local[0],
                (long) groups[1] * local[1],
                (long) groups[2] * local[2]);
        grid.setLocalWork(local[0], local[1], local[2]);
        plan.withGraph(graph).withGridScheduler(scheduler).execute();
    }

    /**
     * A launch with everything in its place.
     *
     * @param args its ints; where an argument is a float, its bits
     * @param groups work-groups along x, y, z
     * @param local work-items of a group
     */
    record Launch(KernelTable.Entry kernel, int[] args, int[] groups, int[] local) {
        Launch {
            if (args.length > ARGUMENTS) {
                throw new DeviceException(
                        "kernel "
                                + kernel.name()
                                + ": "
                                + args.length
                                + " arguments, at most "
                                + ARGUMENTS);
            }
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
                    MemorySegment ints = arguments.getSegment();
                    for (Launch l : launches) {
                        int n = l.args().length;
                        MemorySegment.copy(l.args(), 0, ints, ValueLayout.JAVA_INT, 0, n);
                        MemorySegment.copy(ints, 0, floats.getSegment(), 0, 4L * n);
                        run(l.kernel().number() + 1, l.groups(), l.local());
                    }
                    return null;
                });
    }

    /** Copies words of host memory to a heap. */
    void write(MemorySegment from, int at, boolean ints) {
        int n = words(from);
        call(
                "upload",
                () -> {
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
        run(firstCopy + 4 * stage + way, new int[] {(n + 127) / 128, 1, 1}, new int[] {128, 1, 1});
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

    @Override
    public void close() {
        call(
                "close",
                () -> {
                    plan.freeDeviceMemory();
                    try {
                        plan.close();
                    } catch (TornadoExecutionPlanException e) {
                        throw new DeviceException("TornadoVM: close: " + e.getMessage(), e);
                    }
                    return null;
                });
        thread.shutdown();
    }
}
