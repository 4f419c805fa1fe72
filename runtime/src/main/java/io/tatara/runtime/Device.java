package io.tatara.runtime;

import io.tatara.kernels.Op;
import io.tatara.kernels.OpException;
import io.tatara.kernels.TataraException;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.Value;
import io.tatara.runtime.events.CopyEvent;
import io.tatara.runtime.events.LaunchEvent;
import io.tatara.runtime.memory.MemoryPool;
import io.tatara.runtime.spi.BackEndDevice;
import io.tatara.runtime.spi.Binding;
import io.tatara.runtime.spi.DeviceInfo;
import io.tatara.runtime.spi.Memory;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

/**
 * An opened device: owns memory and runs ops in the order of the calls. May be used by many threads
 * at once, each with scopes of its own. Close it after its scopes.
 */
public final class Device implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger("io.tatara");

    private final BackEndDevice backEnd;
    private final MemoryPool pool;
    private final AtomicLong openScopes = new AtomicLong();
    private final AtomicLong leakedScopes = new AtomicLong();
    private volatile boolean closed;

    Device(BackEndDevice backEnd) {
        this.backEnd = backEnd;
        this.pool = new MemoryPool(backEnd, Long.getLong("tatara.memory.limit", 0));
    }

    /** A device over a back end's own, for those who open one by other ways than {@link Tatara}. */
    public static Device of(BackEndDevice backEnd) {
        return new Device(backEnd);
    }

    public DeviceInfo info() {
        return backEnd.info();
    }

    /** A scope for tensors on this device. */
    public Scope scope() {
        check();
        return new Scope(this, null);
    }

    MemoryPool pool() {
        return pool;
    }

    /** The back end's own device, for kernel authors and benchmarks. */
    public BackEndDevice backEnd() {
        return backEnd;
    }

    /** Bytes in use, kept for reuse, most ever in use. */
    public MemoryPool.Stats memory() {
        return pool.stats();
    }

    /** Scopes opened and not yet closed. */
    public long openScopes() {
        return openScopes.get();
    }

    /** Scopes that were collected without having been closed. */
    public long leakedScopes() {
        return leakedScopes.get();
    }

    /** Waits until all work enqueued so far is done. */
    public void synchronize() {
        check();
        backEnd.synchronize();
    }

    /**
     * Nanoseconds that the device took for what {@code work} enqueued; see {@link
     * BackEndDevice#time}.
     */
    public long time(Runnable work) {
        check();
        return backEnd.time(work);
    }

    void check() {
        if (closed) {
            throw new DeviceException("device " + this + " is closed");
        }
    }

    Tensor[] run(Scope scope, Op op, Value[] values) {
        scope.check();
        Recording recording = Graph.recording(this);
        TensorSpec[] specs = new TensorSpec[values.length];
        Binding[] in = new Binding[values.length];
        for (int i = 0; i < values.length; i++) {
            if (values[i] == null) {
                continue;
            }
            Tensor t = Scope.tensor(values[i]).usable();
            if (t.device() != this) {
                throw new OpException(
                        op.name(),
                        "input " + i,
                        "a tensor on " + t.device(),
                        "a tensor on " + this);
            }
            specs[i] = t.spec();
            in[i] = binding(t);
        }
        TensorSpec[] outSpecs = infer(op, specs);
        checkOverwritten(op, values, outSpecs.length);
        if (op.view()) {
            Tensor t = (Tensor) values[0];
            t.storage().retain();
            Tensor view = new Tensor(scope, outSpecs[0], t.storage());
            if (recording != null) {
                recording.view(view);
            }
            return new Tensor[] {view};
        }
        Tensor[] out = new Tensor[outSpecs.length];
        Binding[] outBindings = new Binding[out.length];
        boolean done = false;
        try {
            for (int j = 0; j < out.length; j++) {
                int alias = op.alias(j);
                if (alias >= 0) {
                    Tensor t = (Tensor) values[alias];
                    t.storage().retain();
                    out[j] = new Tensor(scope, outSpecs[j], t.storage());
                } else {
                    out[j] = scope.make(outSpecs[j], null);
                }
                outBindings[j] = binding(out[j]);
            }
            launch(op, in, outBindings, outSpecs);
            if (recording != null) {
                recording.add(op, values, out);
            }
            done = true;
        } finally {
            for (int j = 0; j < out.length; j++) {
                if (out[j] != null && op.alias(j) >= 0) {
                    out[j].storage().written();
                }
                if (out[j] != null && !done) {
                    out[j].close();
                }
            }
        }
        return out;
    }

    /**
     * What an op writes in place may be none of its other inputs: kernels would read and write it
     * in any order.
     */
    private static void checkOverwritten(Op op, Value[] values, int outputs) {
        Map<Memory, Integer> overwritten = null; // most ops have none
        for (int j = 0; j < outputs; j++) {
            int alias = op.alias(j);
            if (alias >= 0) {
                overwritten = overwritten == null ? new IdentityHashMap<>() : overwritten;
                overwritten.putIfAbsent(((Tensor) values[alias]).storage().memory, alias);
            }
        }
        if (overwritten == null) {
            return;
        }
        for (int i = 0; i < values.length; i++) {
            Integer alias =
                    values[i] == null
                            ? null
                            : overwritten.get(((Tensor) values[i]).storage().memory);
            if (alias != null && alias != i) {
                throw new OpException(
                        op.name(),
                        "input " + i,
                        "the memory of input " + alias + ", which is overwritten",
                        "memory of its own");
            }
        }
    }

    private void launch(Op op, Binding[] in, Binding[] out, TensorSpec[] outSpecs) {
        LaunchEvent event = new LaunchEvent();
        event.begin();
        backEnd.execute(op, in, out);
        if (event.shouldCommit()) {
            event.op = op.name();
            event.device = info().id();
            event.outputs = Arrays.toString(outSpecs);
            event.commit();
        }
    }

    private static TensorSpec[] infer(Op op, TensorSpec[] specs) {
        try {
            return op.infer(specs);
        } catch (OpException e) {
            throw e;
        } catch (TataraException e) {
            throw new OpException(
                    op.name(), "inputs", Arrays.toString(specs), "valid shapes: " + e.getMessage());
        }
    }

    private static Binding binding(Tensor t) {
        return new Binding(t.spec(), t.storage().memory, t.storage().weight);
    }

    void upload(MemorySegment from, Memory to) {
        CopyEvent event = new CopyEvent();
        event.begin();
        backEnd.upload(from, to);
        commit(event, true, from.byteSize());
    }

    void download(Memory from, MemorySegment to) {
        CopyEvent event = new CopyEvent();
        event.begin();
        backEnd.download(from, to);
        commit(event, false, to.byteSize());
    }

    private void commit(CopyEvent event, boolean upload, long bytes) {
        if (event.shouldCommit()) {
            event.device = info().id();
            event.upload = upload;
            event.bytes = bytes;
            event.commit();
        }
    }

    void scopeOpened() {
        openScopes.incrementAndGet();
    }

    void scopeClosed() {
        openScopes.decrementAndGet();
    }

    void scopeLeaked(int tensors, Throwable site) {
        openScopes.decrementAndGet();
        leakedScopes.incrementAndGet();
        String message =
                "a scope of "
                        + this
                        + " with "
                        + tensors
                        + " tensors was dropped without close()"
                        + (site == null
                                ? "; run with -Dtatara.leaks=trace to see where it was opened"
                                : "");
        LOG.log(System.Logger.Level.WARNING, message, site);
    }

    /** Gives all memory back. Scopes still open become unusable; how many is logged. */
    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        if (openScopes.get() > 0) {
            LOG.log(
                    System.Logger.Level.WARNING,
                    "device {0} closes with {1} scopes still open",
                    this,
                    openScopes.get());
        }
        try {
            backEnd.synchronize();
        } finally { // a device that failed is closed all the same
            closed = true;
            pool.close();
            backEnd.close();
        }
    }

    @Override
    public String toString() {
        return info().id();
    }
}
