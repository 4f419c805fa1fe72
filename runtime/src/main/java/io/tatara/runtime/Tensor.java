package io.tatara.runtime;

import io.tatara.kernels.DType;
import io.tatara.kernels.Shape;
import io.tatara.kernels.TataraException;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.Value;
import io.tatara.kernels.jvm.Lanes;
import io.tatara.kernels.layout.Reshape;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;

/**
 * A dense row-major array on a device. Lives in a {@link Scope} and ends with it (or earlier, by
 * {@link #close}). What ops write to a tensor they were given is only what they say they write
 * (optimizer steps); else tensors do not change except by {@link #write(float...)}.
 */
public final class Tensor implements Value, AutoCloseable {
    private final TensorSpec spec;
    private final Storage storage;
    private Scope scope;
    private int slot;
    private boolean closed;

    Tensor(Scope scope, TensorSpec spec, Storage storage) {
        this.scope = scope;
        this.spec = spec;
        this.storage = storage;
        this.slot = scope.adopt(storage);
    }

    @Override
    public TensorSpec spec() {
        return spec;
    }

    public Shape shape() {
        return spec.shape();
    }

    public DType dtype() {
        return spec.dtype();
    }

    /** Number of elements. */
    public int size() {
        return spec.size();
    }

    public Scope scope() {
        return scope;
    }

    public Device device() {
        return storage.device;
    }

    Storage storage() {
        return storage;
    }

    /** Whether the tensor can no longer be used: it or its scope was closed. */
    public boolean isClosed() {
        return closed || scope.isClosed();
    }

    Tensor usable() {
        if (isClosed()) {
            throw new ScopeException(
                    "tensor "
                            + spec
                            + " is used after "
                            + (closed ? "it" : "its scope")
                            + " was closed");
        }
        device().check();
        return this;
    }

    /**
     * All elements of a float32, float16 or bfloat16 tensor, exactly, waiting for the work before
     * it.
     */
    public float[] toFloats() {
        real();
        float[] a = new float[size()];
        if (dtype().isHalf()) {
            short[] s = new short[a.length];
            read(MemorySegment.ofArray(s));
            Lanes.best().widen(dtype(), s, 0, a, 0, a.length);
        } else {
            read(MemorySegment.ofArray(a));
        }
        return a;
    }

    /** All elements of an int32 tensor. */
    public int[] toInts() {
        require(DType.INT32);
        int[] a = new int[size()];
        read(MemorySegment.ofArray(a));
        return a;
    }

    /** The only element of a real tensor of size 1. */
    public float item() {
        if (size() != 1) {
            throw new TataraException("item() of a tensor " + spec + ": one element is needed");
        }
        return toFloats()[0];
    }

    /** Copies all elements, in native byte order, to host memory of at least that many bytes. */
    public void read(MemorySegment to) {
        usable();
        checkBytes(to, "destination");
        if (size() > 0) {
            device().download(storage.memory, to.asSlice(0, spec.bytes()));
        }
    }

    /** Overwrites all elements of a real tensor, rounding to its type. */
    public Tensor write(float... values) {
        real();
        if (dtype().isHalf()) {
            short[] s = new short[values.length];
            Lanes.best().narrow(dtype(), values, 0, s, 0, s.length);
            return write(MemorySegment.ofArray(s), s.length);
        }
        return write(MemorySegment.ofArray(values), values.length);
    }

    /** Overwrites all elements of an int32 tensor. */
    public Tensor write(int... values) {
        require(DType.INT32);
        return write(MemorySegment.ofArray(values), values.length);
    }

    private Tensor write(MemorySegment values, int count) {
        if (count != size()) {
            throw new TataraException(
                    count + " values for tensor " + spec + " of " + size() + " elements");
        }
        return write(values);
    }

    /** Overwrites all elements from host memory in native byte order. */
    public Tensor write(MemorySegment from) {
        usable();
        checkBytes(from, "source");
        if (size() > 0) {
            device().upload(from.asSlice(0, spec.bytes()), storage.memory);
            storage.written();
        }
        return this;
    }

    private void checkBytes(MemorySegment s, String what) {
        if (s.byteSize() < spec.bytes()) {
            throw new TataraException(
                    what
                            + " of "
                            + s.byteSize()
                            + " bytes for tensor "
                            + spec
                            + " of "
                            + spec.bytes()
                            + " bytes");
        }
    }

    private void real() {
        usable();
        if (!dtype().isFloating()) {
            throw new TataraException("tensor " + spec + " read or written as real numbers");
        }
    }

    private void require(DType d) {
        usable();
        if (dtype() != d) {
            throw new TataraException("tensor " + spec + " read or written as " + d);
        }
    }

    /**
     * The same elements under another shape of the same size; shares memory. One extent may be -1.
     */
    public Tensor reshape(int... dims) {
        int[] d = dims.clone();
        long known = 1;
        int open = -1;
        for (int i = 0; i < d.length; i++) {
            if (d[i] == -1 && open < 0) {
                open = i;
            } else {
                known *= d[i];
            }
        }
        if (open >= 0) {
            if (known <= 0 || size() % known != 0) {
                throw new TataraException(
                        "reshape of "
                                + spec
                                + " to "
                                + Arrays.toString(dims)
                                + ": -1 cannot be resolved");
            }
            d[open] = (int) (size() / known);
        }
        return (Tensor) scope.one(new Reshape(Shape.of(d)), this);
    }

    /** Hands the tensor over to another scope of the same device, to outlive its own. */
    public Tensor moveTo(Scope other) {
        usable();
        other.check();
        if (other.device() != device()) {
            throw new ScopeException(
                    "tensor of " + device() + " cannot move to a scope of " + other.device());
        }
        storage.retain();
        int newSlot = other.adopt(storage);
        scope.drop(slot);
        scope = other;
        slot = newSlot;
        return this;
    }

    /**
     * The raw memory for code of one's own: a {@link MemorySegment} over the heap array on the JVM,
     * a {@code cl_mem} on OpenCL, a {@code CUdeviceptr} on CUDA. It may be longer than the tensor,
     * and is valid while the tensor lives; who writes to it calls {@link Device#synchronize} first.
     */
    public Object handle() {
        usable();
        return device().backEnd().handle(storage.memory);
    }

    /** Gives the memory back before the scope ends. */
    @Override
    public void close() {
        if (!closed && !scope.isClosed()) {
            closed = true;
            scope.drop(slot);
        }
    }

    /** Spec and, for small tensors, nothing else: printing must not wait for the device. */
    @Override
    public String toString() {
        return "Tensor(" + spec + " on " + device() + (isClosed() ? ", closed)" : ")");
    }

    static {
        // Host copies are in native order, as devices are on every machine this runs on.
        assert ValueLayout.JAVA_FLOAT.order() == ByteOrder.nativeOrder();
    }
}
