package io.tatara.runtime.opencl;

import io.tatara.kernels.DType;
import io.tatara.kernels.Op;
import io.tatara.kernels.OpEntry;
import io.tatara.kernels.OpTable;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.gpu.GpuKernel;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuTraits;
import io.tatara.runtime.DeviceException;
import io.tatara.runtime.cache.ProgramCache;
import io.tatara.runtime.events.LaunchEvent;
import io.tatara.runtime.spi.BackEndDevice;
import io.tatara.runtime.spi.Binding;
import io.tatara.runtime.spi.DeviceInfo;
import io.tatara.runtime.spi.Memory;
import io.tatara.runtime.spi.PlanRunner;
import io.tatara.runtime.tune.TuningTable;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.jocl.CL;
import org.jocl.CLException;
import org.jocl.cl_mem;

/**
 * An opened OpenCL device. {@link #handle} gives the {@code org.jocl.cl_mem}.
 *
 * <p>Every call holds the life lock for reading, so that {@link #close} finds nobody inside; the
 * queue's monitor makes "set the arguments and enqueue" one step and so keeps the order of calls.
 */
public final class OpenClDevice implements BackEndDevice, PlanRunner {
    private static final int PLANS = 1024;

    /** What a plan was made for; kernel null for the variant that the device chooses. */
    private record Key(GpuKernel<?> kernel, Op op, List<TensorSpec> in) {}

    private final ClDevices.Found found;
    private final ReadWriteLock life = new ReentrantReadWriteLock();
    private boolean closed; // guarded by life
    private final TuningTable tuning;
    private final ClQueue queue;
    private final ClBuffers buffers;
    private final ClCopies copies;
    private final ClPrograms programs;
    private final Map<Key, ClPlan> plans = // guarded by queue
            new LinkedHashMap<>(64, 0.75f, true) {
                @Override
                protected boolean removeEldestEntry(Map.Entry<Key, ClPlan> eldest) {
                    if (size() <= PLANS) {
                        return false;
                    }
                    eldest.getValue().release();
                    return true;
                }
            };

    OpenClDevice(ClDevices.Found found, ProgramCache cache, TuningTable tuning) {
        this.found = found;
        this.tuning = tuning;
        ClQueue opened = null;
        try {
            opened = new ClQueue(found);
            queue = opened;
            buffers = new ClBuffers(this, found, queue);
            copies = new ClCopies(found, queue);
            programs = new ClPrograms(found, queue.context(), cache);
        } catch (CLException e) {
            if (opened != null) {
                opened.close();
            }
            throw ClErrors.of(found.info().id() + " (" + found.info().name() + "): open", e);
        }
    }

    @Override
    public DeviceInfo info() {
        return found.info();
    }

    /** For tests: see {@link ClBuffers#poisonTemporaries}. */
    void poisonTemporaries() {
        buffers.poisonTemporaries();
    }

    @Override
    public GpuTraits traits() {
        return found.traits();
    }

    /** One class: bytes are bytes. */
    @Override
    public Object storageClass(DType dtype) {
        return OpenClBackEnd.NAME;
    }

    @Override
    public OpenClMemory allocate(DType dtype, int elements) {
        return inside("allocate", () -> buffers.allocate((long) elements * dtype.bytes()));
    }

    @Override
    public void release(Memory memory) {
        life.readLock().lock();
        try {
            if (!closed) { // else it is gone already
                buffers.release(mine(memory));
            }
        } finally {
            life.readLock().unlock();
        }
    }

    @Override
    public void upload(MemorySegment from, Memory to) {
        inside(
                "upload",
                () -> {
                    copies.upload(from, mine(to));
                    return null;
                });
    }

    @Override
    public void download(Memory from, MemorySegment to) {
        inside(
                "download",
                () -> {
                    copies.download(mine(from), to);
                    return null;
                });
    }

    @Override
    public void execute(Op op, Binding[] in, Binding[] out) {
        execute(null, op, in, out);
    }

    @Override
    public void execute(GpuKernel<?> kernel, Op op, Binding[] in, Binding[] out) {
        LaunchEvent event = new LaunchEvent();
        event.begin();
        inside(
                "run " + op.name(),
                () -> {
                    TensorSpec[] specs = specs(in);
                    if (op.view() && kernel == null) {
                        copyView(in[0], out[0]);
                    } else {
                        enqueue(new Key(kernel, op, Arrays.asList(specs)), in, out);
                    }
                    return null;
                });
        if (event.shouldCommit()) {
            event.op = op.toString();
            event.device = info().id();
            event.outputs = Arrays.toString(specs(out));
            event.commit();
        }
    }

    /** Compiled programs are kept, the plan is not. */
    @Override
    public void run(GpuPlan plan, Binding[] in, Binding[] out) {
        inside(
                "run a plan",
                () -> {
                    ClPlan made = ClPlan.of("a plan of one's own", plan, found, programs);
                    synchronized (queue) {
                        try {
                            enqueue(made, in, out);
                        } finally {
                            made.release();
                        }
                    }
                    return null;
                });
    }

    private static TensorSpec[] specs(Binding[] b) {
        TensorSpec[] s = new TensorSpec[b.length];
        for (int i = 0; i < s.length; i++) {
            s[i] = b[i] == null ? null : b[i].spec();
        }
        return s;
    }

    private void copyView(Binding in, Binding out) {
        synchronized (queue) {
            if (in.memory() != out.memory() && in.spec().size() > 0) {
                queue.copy(mem(in), mem(out), in.spec().bytes());
            }
        }
    }

    private void enqueue(Key key, Binding[] in, Binding[] out) {
        synchronized (queue) {
            ClPlan p = plans.get(key);
            if (p != null) {
                enqueue(p, in, out);
                return;
            }
        }
        // Compiled outside the lock: others go on enqueueing.
        ClPlan made = prepare(key, specs(out));
        synchronized (queue) {
            ClPlan p = plans.get(key);
            if (p == null) {
                plans.put(key, made);
                p = made;
            } else {
                made.release();
            }
            enqueue(p, in, out);
        }
    }

    private void enqueue(ClPlan plan, Binding[] in, Binding[] out) {
        if (plan.steps().isEmpty()) {
            return;
        }
        cl_mem[] inputs = mems(in);
        cl_mem[] outputs = mems(out);
        cl_mem[] temporaries =
                plan.temporaries().isEmpty() ? null : buffers.temporaries(plan.temporaries());
        boolean begun = false;
        for (ClPlan.Step s : plan.steps()) {
            try {
                s.bind(inputs, outputs, temporaries);
                queue.launch(s);
            } catch (CLException e) {
                if (begun) {
                    // Not "out of memory": to try again would repeat what an op in place has done
                    // already.
                    throw new DeviceException(
                            info().id()
                                    + ": launch of "
                                    + s.entry()
                                    + ", in the middle of an op: "
                                    + CL.stringFor_errorCode(e.getStatus()),
                            e);
                }
                throw e;
            }
            begun = true;
        }
    }

    private ClPlan prepare(Key key, TensorSpec[] out) {
        GpuPlan plan = plan(OpTable.of(key.op()), key, out);
        return ClPlan.of(key.op().name(), plan, found, programs);
    }

    private <O extends Op> GpuPlan plan(OpEntry<O> entry, Key key, TensorSpec[] out) {
        O op = entry.type().cast(key.op());
        TensorSpec[] in = key.in().toArray(TensorSpec[]::new);
        if (key.kernel() != null) {
            @SuppressWarnings("unchecked") // who names a kernel names one of this op
            GpuKernel<O> k = (GpuKernel<O>) key.kernel();
            return k.plan(op, in, out, found.traits());
        }
        GpuKernel<O> tuned = tuning.choose(entry, op, in, out, found.traits()).orElse(null);
        if (tuned != null) {
            return tuned.plan(op, in, out, found.traits());
        }
        for (GpuKernel<O> k : entry.gpu()) {
            if (k.supports(op, in, found.traits())) {
                return k.plan(op, in, out, found.traits());
            }
        }
        throw new DeviceException(
                info().id()
                        + " ("
                        + info().name()
                        + ") has no kernel for "
                        + op
                        + " with inputs "
                        + key.in());
    }

    private cl_mem[] mems(Binding[] b) {
        cl_mem[] m = new cl_mem[b.length];
        for (int i = 0; i < m.length; i++) {
            m[i] = b[i] == null ? null : mem(b[i]);
        }
        return m;
    }

    private cl_mem mem(Binding b) {
        OpenClMemory m = mine(b.memory());
        if (m.bytes() < b.spec().bytes()) {
            throw new DeviceException(
                    info().id() + ": memory of " + m.bytes() + " bytes for " + b.spec());
        }
        return m.mem();
    }

    private OpenClMemory mine(Memory memory) {
        if (memory instanceof OpenClMemory m && m.device == this) {
            return m;
        }
        throw new DeviceException(
                info().id() + " (" + info().name() + "): memory of another device is used here");
    }

    @Override
    public void synchronize() {
        inside(
                "synchronize",
                () -> {
                    queue.finish();
                    return null;
                });
    }

    /** By the profiling events of the kernels that the work enqueues from this thread. */
    @Override
    public long time(Runnable work) {
        inside(
                "time",
                () -> {
                    queue.beginTiming();
                    return null;
                });
        List<Long> nanos = new ArrayList<>(1);
        try {
            work.run();
        } finally {
            inside("time", () -> nanos.add(queue.endTiming()));
        }
        return nanos.getFirst();
    }

    @Override
    public cl_mem handle(Memory memory) {
        OpenClMemory m = mine(memory);
        return inside(
                "handle",
                () -> {
                    synchronized (queue) {
                        return m.mem();
                    }
                });
    }

    /** Waits for the work enqueued so far and releases everything, also memory not given back. */
    @Override
    public void close() {
        life.writeLock().lock();
        try {
            if (closed) {
                return;
            }
            closed = true;
            queue.finish();
            plans.values().forEach(ClPlan::release);
            plans.clear();
            programs.close();
            copies.close();
            buffers.close();
            queue.close();
        } catch (CLException e) {
            throw ClErrors.of(info().id() + ": close", e);
        } finally {
            life.writeLock().unlock();
        }
    }

    private interface Action<T> {
        T run();
    }

    private <T> T inside(String what, Action<T> action) {
        life.readLock().lock();
        try {
            if (closed) {
                throw new DeviceException(info().id() + " (" + info().name() + ") is closed");
            }
            return action.run();
        } catch (CLException e) {
            throw ClErrors.of(info().id() + " (" + info().name() + "): " + what, e);
        } finally {
            life.readLock().unlock();
        }
    }
}
