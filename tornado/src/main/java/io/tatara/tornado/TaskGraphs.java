package io.tatara.tornado;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import uk.ac.manchester.tornado.api.GridScheduler;
import uk.ac.manchester.tornado.api.ImmutableTaskGraph;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.TaskGraph;
import uk.ac.manchester.tornado.api.TornadoExecutionPlan;
import uk.ac.manchester.tornado.api.WorkerGrid3D;
import uk.ac.manchester.tornado.api.enums.DataTransferMode;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Launches as task graphs of many tasks in a plan of their own, each replayed by one call. The
 * arguments of a task are arrays of its own, sent to the device once.
 *
 * <p>A plan takes no new graphs once it runs, but its graphs may stand in another plan too, and
 * what they hold on the device with them: the first graph of this plan is the session's own first
 * one, from which the others take the heaps. So nothing is copied, and closing frees the arguments
 * and leaves the heaps. Used on the session's thread alone.
 */
final class TaskGraphs {
    /**
     * Tasks of a graph: TornadoVM's buffer for a graph's code (4096 bytes, where the JVM's flags do
     * not say more) holds 22 of these.
     */
    static final int TASKS = 20;

    /** Fewer launches gain nothing: to change plans costs two. */
    static final int LEAST = 8;

    /**
     * A launch and the name of its task. TornadoVM keeps a plan's compiled code by the names of
     * graph, task and method: the graphs of a plan bear one name, and tasks of the same kernel in
     * different graphs too.
     */
    record Task(Launch launch, String name) {}

    private static final String GRAPH = "r";

    private final List<ImmutableTaskGraph> graphs = new ArrayList<>();
    private final List<GridScheduler> schedulers = new ArrayList<>();
    private final TornadoExecutionPlan plan;

    /**
     * @param first the graph that holds the heaps, already run
     * @param firstScheduler its grid
     * @param plans makes a plan of graphs
     */
    TaskGraphs(
            List<List<Task>> chunks,
            ImmutableTaskGraph first,
            GridScheduler firstScheduler,
            FloatArray heap,
            IntArray intHeap,
            Function<List<ImmutableTaskGraph>, TornadoExecutionPlan> plans) {
        KernelContext context = new KernelContext();
        graphs.add(first);
        schedulers.add(firstScheduler);
        for (List<Task> chunk : chunks) {
            TaskGraph graph = new TaskGraph(GRAPH).consumeFromDevice(heap, intHeap);
            GridScheduler scheduler = new GridScheduler();
            for (Task t : chunk) {
                Launch l = t.launch();
                IntArray arguments = IntArray.fromArray(l.args());
                FloatArray floats = new FloatArray(l.args().length);
                MemorySegment.copy(
                        arguments.getSegment(), 0, floats.getSegment(), 0, 4L * l.args().length);
                graph.transferToDevice(DataTransferMode.FIRST_EXECUTION, arguments, floats)
                        .task(
                                t.name(),
                                l.kernel().code(),
                                context,
                                arguments,
                                floats,
                                heap,
                                intHeap);
                scheduler.addWorkerGrid(GRAPH + "." + t.name(), grid(l));
            }
            graphs.add(graph.snapshot());
            schedulers.add(scheduler);
        }
        plan = plans.apply(graphs);
        // From here on the others find the heaps: a graph takes them from the one that ran last.
        run(0);
    }

    private static WorkerGrid3D grid(Launch l) {
        WorkerGrid3D grid = new WorkerGrid3D(1, 1, 1);
        l.spread(grid);
        return grid;
    }

    /** Graphs of nearly equal size. */
    static List<List<Task>> chunks(List<Launch> launches) {
        List<List<Task>> chunks = new ArrayList<>();
        int count = Math.ceilDiv(launches.size(), TASKS);
        for (int c = 0; c < count; c++) {
            int from = (int) ((long) launches.size() * c / count);
            int to = (int) ((long) launches.size() * (c + 1) / count);
            List<Task> chunk = new ArrayList<>();
            Map<Integer, Integer> times = new HashMap<>();
            for (int i = from; i < to; i++) {
                int kernel = launches.get(i).kernel().number();
                int time = times.merge(kernel, 1, Integer::sum);
                // A graph's last task is always compiled anew.
                String name = i == to - 1 ? "last" + c : "k" + kernel + "x" + time;
                chunk.add(new Task(launches.get(i), name));
            }
            chunks.add(chunk);
        }
        return chunks;
    }

    /** Enqueues everything. */
    void run() {
        for (int g = 1; g < graphs.size(); g++) {
            run(g);
        }
    }

    /** Returns when everything is done. */
    void await() {
        run(0);
    }

    /** Frees the arguments on the device; the heaps are the first graph's and stay. */
    void free() {
        Session.free(plan, 1, graphs.size());
    }

    private void run(int graph) {
        plan.withGraph(graph).withGridScheduler(schedulers.get(graph)).execute();
    }
}
