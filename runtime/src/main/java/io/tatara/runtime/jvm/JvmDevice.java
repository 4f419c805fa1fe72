package io.tatara.runtime.jvm;

import io.tatara.kernels.DType;
import io.tatara.kernels.Op;
import io.tatara.kernels.OpEntry;
import io.tatara.kernels.OpTable;
import io.tatara.kernels.TataraException;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.jvm.JvmArray;
import io.tatara.kernels.jvm.JvmContext;
import io.tatara.kernels.jvm.JvmKernel;
import io.tatara.kernels.jvm.Lanes;
import io.tatara.kernels.jvm.Workers;
import io.tatara.kernels.matmul.Sgemm;
import io.tatara.runtime.DeviceException;
import io.tatara.runtime.OutOfDeviceMemoryException;
import io.tatara.runtime.spi.BackEndDevice;
import io.tatara.runtime.spi.Binding;
import io.tatara.runtime.spi.DeviceInfo;
import io.tatara.runtime.spi.Memory;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Runs ops on heap arrays, on the calling thread and a pool of workers; when a call returns it is
 * done. Kernels are float32's: tensors of 16-bit types are converted around each call.
 */
final class JvmDevice implements BackEndDevice, JvmContext {
    private static final int WARM_UP_ROUNDS = 300;
    private static final AtomicBoolean WARM = new AtomicBoolean(Boolean.getBoolean("tatara.cold"));

    private final DeviceInfo info;
    private final WorkerPool workers;
    private final ScratchPool scratch = new ScratchPool();
    private final Lanes lanes = Lanes.best();
    private volatile boolean closed;

    JvmDevice(DeviceInfo info, int threads) {
        this.info = info;
        this.workers = new WorkerPool(threads);
        if (lanes.description().startsWith("vector") && WARM.compareAndSet(false, true)) {
            // Half a second beside whatever comes first: a branch of a product that is met late
            // would throw
            // the compiled loop away in the middle of the work.
            Thread.ofPlatform()
                    .name("tatara-warm-up")
                    .daemon(true)
                    .start(() -> Sgemm.warmUp(new Serial(), WARM_UP_ROUNDS));
        }
    }

    @Override
    public DeviceInfo info() {
        return info;
    }

    @Override
    public Object storageClass(DType dtype) {
        return switch (dtype) {
            case FLOAT32, INT32 -> dtype;
            case FLOAT16, BFLOAT16 -> DType.FLOAT16; // short[] both
            case FLOAT64 ->
                    throw new TataraException(
                            info.id()
                                    + ": tensors are float32, float16, bfloat16 or int32, given "
                                    + dtype);
        };
    }

    @Override
    public Memory allocate(DType dtype, int elements) {
        try {
            return JvmMemory.of(dtype, elements);
        } catch (OutOfMemoryError e) {
            throw new OutOfDeviceMemoryException(
                    info.id()
                            + ": the heap has no room for "
                            + elements
                            + " elements; -Xmx sets its size",
                    e);
        }
    }

    @Override
    public void release(Memory memory) {
        // The collector's, once nobody refers to it.
    }

    @Override
    public void upload(MemorySegment from, Memory to) {
        MemorySegment.copy(from, 0, ((JvmMemory) to).segment(), 0, from.byteSize());
    }

    @Override
    public void download(Memory from, MemorySegment to) {
        MemorySegment.copy(((JvmMemory) from).segment(), 0, to, 0, to.byteSize());
    }

    @Override
    public void execute(Op op, Binding[] in, Binding[] out) {
        if (closed) {
            throw new DeviceException("device " + info.id() + " is closed");
        }
        execute(OpTable.of(op), op, in, out);
    }

    private <O extends Op> void execute(OpEntry<O> entry, Op raw, Binding[] in, Binding[] out) {
        O op = entry.type().cast(raw);
        TensorSpec[] specs = new TensorSpec[in.length];
        for (int i = 0; i < in.length; i++) {
            specs[i] = in[i] == null ? null : Widened.wide(in[i].spec());
        }
        JvmKernel<O> kernel = kernel(entry, op, specs);
        if (Widened.needed(in) || Widened.needed(out)) {
            try (Widened w = new Widened(op, in, out, this)) {
                kernel.run(op, w.in, w.out, this);
                w.store();
            }
        } else {
            kernel.run(op, arrays(in), arrays(out), this);
        }
    }

    private static <O extends Op> JvmKernel<O> kernel(OpEntry<O> entry, O op, TensorSpec[] specs) {
        for (JvmKernel<O> k : entry.jvm()) {
            if (k.supports(op, specs)) {
                return k;
            }
        }
        throw new TataraException(
                op.name() + ": no kernel on the JVM takes " + java.util.Arrays.toString(specs));
    }

    private static JvmArray[] arrays(Binding[] bindings) {
        JvmArray[] a = new JvmArray[bindings.length];
        for (int i = 0; i < a.length; i++) {
            a[i] = bindings[i] == null ? null : array(bindings[i]);
        }
        return a;
    }

    /** A float32 or int32 tensor as it lies in memory. */
    static JvmArray array(Binding b) {
        JvmMemory m = (JvmMemory) b.memory();
        return new JvmArray(b.spec(), m.f(), m.i(), b.weight());
    }

    @Override
    public void synchronize() {
        // Calls are done when they return.
    }

    @Override
    public long time(Runnable work) {
        long start = System.nanoTime();
        work.run();
        return System.nanoTime() - start;
    }

    /** A {@link MemorySegment} over the heap array. */
    @Override
    public Object handle(Memory memory) {
        return ((JvmMemory) memory).segment();
    }

    @Override
    public void close() {
        closed = true;
        workers.close();
    }

    @Override
    public Workers workers() {
        return workers;
    }

    @Override
    public Lanes lanes() {
        return lanes;
    }

    @Override
    public float[] acquire(int n) {
        return scratch.acquire(n);
    }

    @Override
    public void release(float[] s) {
        scratch.release(s);
    }

    /** This device's lanes and scratch, no workers. */
    private final class Serial implements JvmContext {
        @Override
        public Workers workers() {
            return Workers.SERIAL;
        }

        @Override
        public Lanes lanes() {
            return lanes;
        }

        @Override
        public float[] acquire(int n) {
            return scratch.acquire(n);
        }

        @Override
        public void release(float[] s) {
            scratch.release(s);
        }
    }
}
