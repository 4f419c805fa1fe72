package io.tatara.runtime;

import io.tatara.kernels.TataraException;
import io.tatara.runtime.graph.Picture;
import io.tatara.runtime.spi.Replay;
import java.util.function.Function;

/**
 * A recorded piece of work that runs again on the same memory: on CUDA as one CUDA graph, elsewhere
 * op by op, with the same numbers.
 *
 * <pre>{@code
 * try (Scope scope = device.scope()) {
 *     Tensor x = scope.zeros(32, 784);
 *     Graph g = Graph.record(scope, s -> new Tensor[] {model.forward(s, x)});
 *     for (float[] batch : batches) {
 *         x.write(batch);
 *         g.replay();
 *         use(g.outputs()[0].toFloats());
 *     }
 * }
 * }</pre>
 *
 * What is recorded are the ops that the body runs on its thread, with their arguments. What the
 * host does in the body happens once, while recording: tensors made from values keep those values
 * unless they are written later, reads give the first run's numbers, and branches stay as they were
 * taken. An op in place (an optimizer step) takes effect once for the recording and once for each
 * replay.
 *
 * <p><b>What stays readable</b> after the recording and after each replay, with the right numbers:
 * the outputs; tensors that the body put into scopes other than its own (also by {@link
 * Tensor#moveTo}) and did not close; and all that was there before. What ops made in the body's own
 * scope, or in scopes within it, and the body did not return, ends with the body, as if it had been
 * closed there. Tensors that the host made in the body ({@code scope.tensor(values)}) stay, to be
 * written.
 *
 * <p><b>What is done to the list</b> (see {@link Options}): ops whose results nobody reads are
 * dropped; chains of pointwise ops become one op each, where that changes no bit (so not through
 * 16-bit tensors); tensors that have ended share memory where their lives do not overlap. The
 * memory of the rest, also of inputs closed since, stays allocated until the graph is closed, so a
 * replay allocates nothing. While it is recorded everything has memory of its own.
 *
 * <p>Replays and other work on the device keep the order of the calls.
 */
public final class Graph implements AutoCloseable {
    private static final ThreadLocal<Recording> RECORDING = new ThreadLocal<>();

    /**
     * What is done to the recorded ops. With neither, nothing is, and all tensors of the body stay
     * open.
     *
     * @param fuse whether chains of pointwise ops become one op each
     * @param plan whether tensors that have ended share memory
     */
    public record Options(boolean fuse, boolean plan) {
        /** The ops as they were recorded, each tensor with memory of its own. */
        public static final Options PLAIN = new Options(false, false);

        /** Both; {@link #PLAIN} under {@code -Dtatara.graph=plain}. */
        public static Options standard() {
            return "plain".equals(System.getProperty("tatara.graph"))
                    ? PLAIN
                    : new Options(true, true);
        }
    }

    /**
     * Memory of what the recorded ops made (not that of inputs and weights).
     *
     * @param recorded bytes while it was recorded, each tensor with memory of its own
     * @param kept bytes that the graph keeps
     * @param tensors pieces of memory that {@code recorded} counts
     * @param pieces pieces of memory that {@code kept} counts
     */
    public record MemoryUse(long recorded, long kept, int tensors, int pieces) {}

    private final Scope scope;
    private final Replay replay;
    private final GraphProgram program;
    private final Tensor[] outputs;
    private final int size;
    private boolean closed;

    private Graph(Scope scope, Replay replay, GraphProgram program, Tensor[] outputs, int size) {
        this.scope = scope;
        this.replay = replay;
        this.program = program;
        this.outputs = outputs;
        this.size = size;
    }

    /**
     * What this thread records on the device; null where it records nothing.
     *
     * @throws TataraException if it records on another device
     */
    static Recording recording(Device device) {
        Recording r = RECORDING.get();
        if (r != null && r.device() != device) {
            throw new TataraException(
                    "an op on " + device + " while a graph of " + r.device() + " is recorded");
        }
        return r;
    }

    /** Runs the body once and records it, with the {@linkplain Options#standard usual options}. */
    public static Graph record(Scope scope, Function<Scope, Tensor[]> body) {
        return record(scope, Options.standard(), body);
    }

    /**
     * Runs the body once and records it.
     *
     * @param scope whose end closes the graph, if nothing does before
     * @param body is given a scope that the graph owns; the tensors that it returns are {@link
     *     #outputs}
     * @throws TataraException if this thread records already, or the body returns a null or closed
     *     tensor, or one of another device; what the body throws goes through, and nothing stays
     */
    public static Graph record(Scope scope, Options options, Function<Scope, Tensor[]> body) {
        if (RECORDING.get() != null) {
            throw new TataraException("a graph is recorded within the recording of another");
        }
        Device device = scope.device();
        Scope own = scope.child();
        Recording recording = new Recording(device);
        GraphProgram program = null;
        boolean done = false;
        try {
            Tensor[] outputs;
            RECORDING.set(recording);
            try {
                outputs = body.apply(own);
            } finally {
                RECORDING.remove();
            }
            check(device, outputs);
            outputs = outputs.clone();
            if (options.fuse || options.plan) {
                recording.end(own, outputs);
            } else {
                recording.keep();
            }
            int size = recording.nodes().size();
            program = GraphProgram.of(recording, options);
            Replay replay = device.backEnd().record(program.invocations());
            Graph g = new Graph(own, replay, program, outputs, size);
            own.beforeClose(g::close);
            GraphProgram held = program;
            own.atLeak(() -> {
                replay.close();
                held.release();
            });
            done = true;
            return g;
        } finally {
            if (!done) {
                own.close();
                recording.release();
                if (program != null) {
                    program.release();
                }
            }
        }
    }

    private static void check(Device device, Tensor[] outputs) {
        if (outputs == null) {
            throw new TataraException("the body of a graph returned null, an array is expected");
        }
        for (int i = 0; i < outputs.length; i++) {
            if (outputs[i] == null) {
                throw new TataraException("output " + i + " of a graph is null");
            }
            if (outputs[i].usable().device() != device) {
                throw new TataraException(
                        "output "
                                + i
                                + " of a graph is on "
                                + outputs[i].device()
                                + ", the graph on "
                                + device);
            }
        }
    }

    /**
     * Runs the recorded ops again, on what their inputs hold now.
     *
     * @throws ScopeException if the graph is closed
     * @throws TataraException while this thread records
     */
    public synchronized void replay() {
        usable();
        if (RECORDING.get() != null) {
            throw new TataraException("a graph is replayed within the recording of another");
        }
        scope.check();
        replay.run();
    }

    /** What the body returned; overwritten by each replay. */
    public synchronized Tensor[] outputs() {
        usable();
        return outputs.clone();
    }

    /** Number of recorded ops. */
    public int size() {
        return size;
    }

    /** Number of ops that a replay runs: without those that were dropped, chains counted once. */
    public int ops() {
        return program.nodes().size();
    }

    /** Memory of what the recorded ops made. */
    public MemoryUse memory() {
        return program.use();
    }

    /**
     * A picture of the ops that a replay runs, in Graphviz's DOT language: names, attributes,
     * shapes, types, memory, and what was fused.
     */
    public String toDot() {
        return picture().toDot();
    }

    /** The same picture as SVG, laid out here. */
    public String toSvg() {
        return picture().toSvg();
    }

    private Picture picture() {
        return Picture.of(summary(), program.nodes(), program::place);
    }

    public synchronized boolean isClosed() {
        return closed;
    }

    private void usable() {
        if (closed) {
            throw new ScopeException(
                    "a graph of " + scope.device() + " is used after it was closed");
        }
    }

    /** Gives the graph and its memory back. Twice does nothing. */
    @Override
    public void close() {
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
        }
        replay.close();
        program.release();
        scope.close();
    }

    private String summary() {
        MemoryUse m = memory();
        return size
                + " ops on "
                + scope.device()
                + (ops() < size ? ", " + ops() + " after fusing" : "")
                + ", "
                + Picture.bytes(m.kept())
                + " of "
                + Picture.bytes(m.recorded());
    }

    /** Recorded ops, ops of a replay, bytes kept of bytes recorded. */
    @Override
    public String toString() {
        return "Graph(" + summary() + (isClosed() ? ", closed)" : ")");
    }
}
