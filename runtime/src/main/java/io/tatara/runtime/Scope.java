package io.tatara.runtime;

import io.tatara.kernels.DType;
import io.tatara.kernels.Emitter;
import io.tatara.kernels.Op;
import io.tatara.kernels.Shape;
import io.tatara.kernels.TataraException;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.Value;
import io.tatara.kernels.layout.Fill;
import io.tatara.runtime.spi.Memory;
import io.tatara.runtime.spi.Weight;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Cleaner;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * The lifetime of tensors: all that is made in a scope ends when it closes (try-with-resources),
 * without waiting for the garbage collector. Scopes nest; closing one closes those within. A scope
 * belongs to one thread at a time; a device serves many scopes and threads at once.
 *
 * <p>A scope that is dropped without being closed gives its memory back when it is collected, and
 * says so with the place where it was opened ({@code -Dtatara.leaks=trace} records that place).
 */
public final class Scope implements Emitter, AutoCloseable {
    private static final Cleaner CLEANER = Cleaner.create();
    private static final boolean TRACE = "trace".equals(System.getProperty("tatara.leaks"));

    /** What must outlive the scope object so that a forgotten scope can be cleaned up. */
    private static final class State implements Runnable {
        final ArrayList<Storage> slots = new ArrayList<>();
        final ArrayList<Integer> freeSlots = new ArrayList<>();
        final Device device;
        final Throwable site = TRACE ? new Throwable("scope opened here") : null;
        Runnable atLeak; // null for none
        boolean closed;

        State(Device device) {
            this.device = device;
        }

        synchronized int add(Storage s) {
            int slot = freeSlots.isEmpty() ? -1 : freeSlots.removeLast();
            if (slot >= 0) {
                slots.set(slot, s);
                return slot;
            }
            slots.add(s);
            return slots.size() - 1;
        }

        synchronized void remove(int slot) {
            Storage s = slots.get(slot);
            if (s != null) {
                slots.set(slot, null);
                freeSlots.add(slot);
                s.release();
            }
        }

        synchronized int release() {
            int n = 0;
            for (Storage s : slots) {
                if (s != null) {
                    s.release();
                    n++;
                }
            }
            slots.clear();
            freeSlots.clear();
            closed = true;
            return n;
        }

        /** Runs when the scope was collected. */
        @Override
        public void run() {
            if (!closed) {
                if (atLeak != null) {
                    atLeak.run();
                }
                int n = release();
                device.scopeLeaked(n, site);
            }
        }
    }

    private final Device device;
    private final Scope parent;
    private final State state;
    private final Cleaner.Cleanable cleanable;
    private final List<Scope> children = new ArrayList<>();
    private Runnable beforeClose; // null for none

    Scope(Device device, Scope parent) {
        this.device = device;
        this.parent = parent;
        this.state = new State(device);
        this.cleanable = CLEANER.register(this, state);
        device.scopeOpened();
        if (parent != null) {
            parent.children.add(this);
        }
    }

    public Device device() {
        return device;
    }

    /** A scope within this one, for the temporaries of a step. */
    public Scope child() {
        check();
        return new Scope(device, this);
    }

    /** The ops as methods, results living in this scope. */
    public Ops ops() {
        check();
        return new Ops(this);
    }

    /** A tape that records what is computed through it, results living in this scope. */
    public Tape tape() {
        check();
        return new Tape(this);
    }

    /** A float32 tensor with these elements. */
    public Tensor tensor(float[] values, int... dims) {
        return make(new TensorSpec(DType.FLOAT32, Shape.of(dims)), null).write(values);
    }

    /**
     * A tensor of a real type with these elements; for float16 and bfloat16 they are rounded to
     * nearest (what is too large for float16 becomes an infinity).
     */
    public Tensor tensor(DType dtype, float[] values, int... dims) {
        return make(new TensorSpec(dtype, Shape.of(dims)), null).write(values);
    }

    /** An int32 tensor with these elements. */
    public Tensor tensor(int[] values, int... dims) {
        return make(new TensorSpec(DType.INT32, Shape.of(dims)), null).write(values);
    }

    /**
     * A tensor from host memory in native byte order; heap and native segments alike, no copy in
     * between.
     */
    public Tensor tensor(TensorSpec spec, MemorySegment values) {
        return make(spec, null).write(values);
    }

    /** A tensor whose contents are not defined yet. */
    public Tensor empty(TensorSpec spec) {
        return make(spec, null);
    }

    /** Zeros, float32. */
    public Tensor zeros(int... dims) {
        return full(0, dims);
    }

    /** Zeros of any type. */
    public Tensor zeros(DType dtype, int... dims) {
        return full(dtype, 0, dims);
    }

    /** Every element the same, rounded to the type. */
    public Tensor full(DType dtype, float value, int... dims) {
        return (Tensor) one(new Fill(TensorSpec.of(dtype, dims), value));
    }

    /** Every element the same, float32. */
    public Tensor full(float value, int... dims) {
        return (Tensor) one(new Fill(TensorSpec.f32(dims), value));
    }

    /** Normally distributed float32 elements, drawn on the host. */
    public Tensor normal(RandomGenerator random, float deviation, int... dims) {
        return normal(DType.FLOAT32, random, deviation, dims);
    }

    /** Normally distributed elements of a real type: float32's draws, rounded. */
    public Tensor normal(DType dtype, RandomGenerator random, float deviation, int... dims) {
        float[] v = new float[Shape.of(dims).size()];
        for (int i = 0; i < v.length; i++) {
            v[i] = (float) (deviation * random.nextGaussian());
        }
        return tensor(dtype, v, dims);
    }

    /**
     * A long-lived weight: kernels may keep copies of it in layouts of their own until it is
     * written.
     */
    public Tensor weight(float[] values, int... dims) {
        return weight(DType.FLOAT32, values, dims);
    }

    /** A long-lived weight of a real type, to which the values are rounded. */
    public Tensor weight(DType dtype, float[] values, int... dims) {
        return make(TensorSpec.of(dtype, dims), new Weight()).write(values);
    }

    /** A long-lived weight from host memory in native byte order. */
    public Tensor weight(TensorSpec spec, MemorySegment values) {
        return make(spec, new Weight()).write(values);
    }

    Tensor make(TensorSpec spec, Weight weight) {
        check();
        if (spec.dtype() == DType.FLOAT64) {
            throw new TataraException(
                    spec
                            + " on "
                            + device
                            + ": float64 is the reference's alone; devices hold float32, float16,"
                            + " bfloat16 and int32");
        }
        Storage s =
                new Storage(
                        device,
                        spec.dtype(),
                        device.pool().acquire(spec.dtype(), spec.size()),
                        weight);
        return new Tensor(this, spec, s);
    }

    /**
     * A tensor over memory that a back end has made from the caller's own: it is not freed when the
     * tensor ends. For back ends' ways to join other code.
     */
    public Tensor borrow(TensorSpec spec, Memory memory) {
        check();
        return new Tensor(this, spec, new Storage(device, spec.dtype(), memory, null, false));
    }

    /** Runs any op; results live in this scope. */
    @Override
    public Tensor[] emit(Op op, Value... inputs) {
        return device.run(this, op, inputs);
    }

    /** Whether it is the other scope or one within it. */
    boolean isWithin(Scope other) {
        Scope s = this;
        while (s != null && s != other) {
            s = s.parent;
        }
        return s != null;
    }

    /** What ends with the scope, before its tensors do. */
    void beforeClose(Runnable action) {
        beforeClose = action;
    }

    /**
     * What must be done besides where the scope is collected without having been closed; may not
     * refer to the scope, which would keep it.
     */
    void atLeak(Runnable action) {
        state.atLeak = action;
    }

    int adopt(Storage s) {
        check();
        return state.add(s);
    }

    void drop(int slot) {
        state.remove(slot);
    }

    public boolean isClosed() {
        return state.closed;
    }

    void check() {
        if (state.closed) {
            throw new ScopeException("scope of " + device + " is used after it was closed");
        }
        device.check();
    }

    /** Number of tensors that live here, views counted too. */
    public int size() {
        synchronized (state) {
            return state.slots.size() - state.freeSlots.size();
        }
    }

    /** Ends all tensors of this scope and of the scopes within. Closing twice does nothing. */
    @Override
    public void close() {
        if (state.closed) {
            return;
        }
        if (beforeClose != null) {
            beforeClose.run();
            if (state.closed) {
                return; // that closed the scope too
            }
        }
        for (Scope c : new ArrayList<>(children)) {
            c.close();
        }
        state.release();
        cleanable.clean();
        device.scopeClosed();
        if (parent != null) {
            parent.children.remove(this);
        }
    }

    @Override
    public String toString() {
        return "Scope(" + device + ", " + (isClosed() ? "closed" : size() + " tensors") + ")";
    }

    static Tensor tensor(Value v) {
        if (v instanceof Tensor t) {
            return t;
        }
        throw new TataraException("a Tensor is needed, given " + v);
    }
}
