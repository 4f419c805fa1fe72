package io.tatara.runtime;

import io.tatara.kernels.Op;
import io.tatara.kernels.TataraException;
import io.tatara.kernels.Value;
import io.tatara.runtime.spi.Binding;
import io.tatara.runtime.spi.Invocation;
import io.tatara.runtime.spi.Replay;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
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
 * <p>All memory that the recorded ops touch stays allocated until the graph is closed, also that of
 * tensors closed in the body and of inputs closed since. Replays and other work on the device keep
 * the order of the calls.
 */
public final class Graph implements AutoCloseable {
    private static final ThreadLocal<Recording> RECORDING = new ThreadLocal<>();

    private final Scope scope;
    private final Replay replay;
    private final List<Storage> storages;
    private final Tensor[] outputs;
    private final int size;
    private boolean closed;

    private Graph(Scope scope, Replay replay, Recording recording, Tensor[] outputs) {
        this.scope = scope;
        this.replay = replay;
        this.storages = List.copyOf(recording.storages);
        this.outputs = outputs;
        this.size = recording.invocations.size();
    }

    /** What the body has run so far. */
    static final class Recording {
        private final Device device;
        private final List<Invocation> invocations = new ArrayList<>();
        private final Set<Storage> storages = Collections.newSetFromMap(new IdentityHashMap<>());

        private Recording(Device device) {
            this.device = device;
        }

        void add(Op op, Value[] in, Tensor[] out, Binding[] inputs, Binding[] outputs) {
            for (Value v : in) {
                if (v != null) {
                    keep(((Tensor) v).storage());
                }
            }
            for (Tensor t : out) {
                keep(t.storage());
            }
            invocations.add(new Invocation(op, inputs, outputs));
        }

        private void keep(Storage s) {
            if (storages.add(s)) {
                s.retain();
            }
        }

        private void release() {
            storages.forEach(Storage::release);
        }
    }

    /**
     * What this thread records on the device; null where it records nothing.
     *
     * @throws TataraException if it records on another device
     */
    static Recording recording(Device device) {
        Recording r = RECORDING.get();
        if (r != null && r.device != device) {
            throw new TataraException(
                    "an op on " + device + " while a graph of " + r.device + " is recorded");
        }
        return r;
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
    public static Graph record(Scope scope, Function<Scope, Tensor[]> body) {
        if (RECORDING.get() != null) {
            throw new TataraException("a graph is recorded within the recording of another");
        }
        Device device = scope.device();
        Scope own = scope.child();
        Recording recording = new Recording(device);
        Replay replay = null;
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
            replay = device.backEnd().record(recording.invocations);
            Graph g = new Graph(own, replay, recording, outputs.clone());
            own.beforeClose(g::close);
            done = true;
            return g;
        } finally {
            if (!done) {
                own.close();
                recording.release();
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
        storages.forEach(Storage::release);
        scope.close();
    }

    @Override
    public String toString() {
        return "Graph(" + size + " ops on " + scope.device() + (isClosed() ? ", closed)" : ")");
    }
}
