package io.tatara.runtime.cuda;

import io.tatara.kernels.DType;
import io.tatara.kernels.Op;
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
import io.tatara.runtime.spi.Invocation;
import io.tatara.runtime.spi.Memory;
import io.tatara.runtime.spi.PlanRunner;
import io.tatara.runtime.spi.Replay;
import io.tatara.runtime.tune.TuningTable;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import jcuda.driver.CUdeviceptr;

/**
 * An opened CUDA device. {@link #handle} gives the {@code jcuda.driver.CUdeviceptr}.
 *
 * <p>Every call holds the life lock for reading, so that {@link #close} finds nobody inside, and
 * runs with the device's context current on its thread; a thread that came with a context of its
 * own leaves with it. The context's monitor makes "write the arguments and launch" one step and so
 * keeps the order of calls.
 */
public final class CudaDevice implements BackEndDevice, PlanRunner {
    private final CudaDevices.Found found;
    private final String name;
    private final ReadWriteLock life = new ReentrantReadWriteLock();
    private boolean closed; // guarded by life
    private volatile String lost; // the error after which the context answers nothing else
    private final CudaContext context;
    private final CudaDriver driver;
    private final Order order;
    private final CudaBuffers buffers;
    private final CudaCopies copies;
    private final CudaPrograms programs;
    private final LaunchCheck check;
    private final CudaLaunches launches;

    /** A device by its primary context, which other code in this process may use too. */
    static CudaDevice primary(CudaDevices.Found found, ProgramCache cache) {
        return new CudaDevice(found, cache, 0, 0);
    }

    /**
     * @param foreign the caller's context, 0 for the primary one
     * @param stream the caller's stream, 0 for one of our own
     */
    CudaDevice(CudaDevices.Found found, ProgramCache cache, long foreign, long stream) {
        this.found = found;
        this.name = found.info().id() + " (" + found.info().name() + ")";
        if (found.nvrtc() == null && found.ptx() == null) {
            throw new DeviceException(
                    name + ": nothing to compile kernels with: " + found.compilerRemedy());
        }
        driver = found.driver();
        CudaContext opened = null;
        long before = 0;
        try {
            opened = new CudaContext(driver, found.device(), foreign, stream);
            before = opened.enter();
            context = opened;
            order = new Order(context);
            buffers = new CudaBuffers(this, found, context, order);
            copies = new CudaCopies(found, context, order);
            programs = new CudaPrograms(found, cache);
            check = new LaunchCheck(found);
            launches =
                    new CudaLaunches(
                            found,
                            context,
                            order,
                            buffers,
                            programs,
                            check,
                            TuningTable.of(found.info()));
            context.exit(before);
        } catch (CudaFailure e) {
            if (opened != null) {
                opened.close();
                opened.exit(before);
            }
            throw CudaErrors.of(name + ": open", e);
        }
    }

    @Override
    public DeviceInfo info() {
        return found.info();
    }

    @Override
    public GpuTraits traits() {
        return found.traits();
    }

    CudaContext context() {
        return context;
    }

    /** For tests: see {@link CudaBuffers#poisonTemporaries}. */
    void poisonTemporaries() {
        buffers.poisonTemporaries();
    }

    /** One class: bytes are bytes. */
    @Override
    public Object storageClass(DType dtype) {
        return CudaBackEnd.NAME;
    }

    @Override
    public Memory allocate(DType dtype, int elements) {
        return inside("allocate", () -> buffers.allocate((long) elements * dtype.bytes()));
    }

    /** The caller's memory, to be used and never freed. */
    Memory wrap(long pointer, long bytes) {
        return new CudaMemory(this, pointer, bytes, false);
    }

    @Override
    public void release(Memory memory) {
        CudaMemory m = mine(memory);
        tidy(() -> buffers.release(m));
    }

    @Override
    public void upload(MemorySegment from, Memory to) {
        CudaMemory m = mine(to);
        inside(
                "upload",
                () -> {
                    copies.upload(from, m);
                    return null;
                });
    }

    @Override
    public void download(Memory from, MemorySegment to) {
        CudaMemory m = mine(from);
        inside(
                "download",
                () -> {
                    copies.download(m, to);
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
                op.name(),
                () -> {
                    launches.execute(kernel, op, in, out);
                    return null;
                });
        if (event.shouldCommit()) {
            event.op = op.toString();
            event.device = info().id();
            event.outputs = Arrays.toString(specs(out));
            event.commit();
        }
    }

    static TensorSpec[] specs(Binding[] b) {
        TensorSpec[] s = new TensorSpec[b.length];
        for (int i = 0; i < s.length; i++) {
            s[i] = b[i] == null ? null : b[i].spec();
        }
        return s;
    }

    /** Compiled programs are kept, the plan is not. */
    @Override
    public void run(GpuPlan plan, Binding[] in, Binding[] out) {
        inside(
                "run a plan",
                () -> {
                    launches.run(plan, in, out);
                    return null;
                });
    }

    @Override
    public boolean compiles() {
        return launches.compiles();
    }

    /** Captures the launches as a CUDA graph. */
    @Override
    public Replay record(List<Invocation> invocations) {
        return inside("record a graph", () -> new CudaReplay(this, launches, invocations));
    }

    CudaMemory mine(Memory memory) {
        if (memory instanceof CudaMemory m && m.device == this) {
            return m;
        }
        throw new DeviceException(name + ": memory of another device is used here");
    }

    @Override
    public void synchronize() {
        inside(
                "synchronize",
                () -> {
                    context.synchronize();
                    return null;
                });
    }

    /**
     * By two events on the compute stream around what the work enqueues; what other threads enqueue
     * meanwhile counts too, and so does the time in which the device waits for the host.
     */
    @Override
    public long time(Runnable work) {
        long[] events =
                inside(
                        "time",
                        () -> {
                            long[] e = {driver.createEvent(true), driver.createEvent(true)};
                            driver.record(e[0], context.compute());
                            return e;
                        });
        boolean done = false;
        try {
            work.run();
            done = true;
        } finally {
            if (!done) {
                tidy(() -> {
                    driver.destroyEvent(events[0]);
                    driver.destroyEvent(events[1]);
                });
            }
        }
        return inside(
                "time",
                () -> {
                    try {
                        driver.record(events[1], context.compute());
                        driver.synchronizeEvent(events[1]);
                        return Math.round(driver.elapsed(events[0], events[1]) * 1e6);
                    } finally {
                        driver.destroyEvent(events[0]);
                        driver.destroyEvent(events[1]);
                    }
                });
    }

    /** The address; from now on every upload to this memory waits for all work before it. */
    @Override
    public CUdeviceptr handle(Memory memory) {
        CudaMemory m = mine(memory);
        return inside(
                "handle",
                () -> {
                    synchronized (context) {
                        order.next();
                        order.use(m);
                        m.shared = true;
                        return Handles.pointer(m.pointer());
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
            long before = context.enter();
            CudaFailure first = null;
            List<Runnable> steps =
                    List.of(
                            context::synchronize,
                            launches::close,
                            programs::close,
                            copies::close,
                            buffers::close,
                            order::close,
                            context::close);
            for (Runnable step : steps) {
                try {
                    step.run();
                } catch (CudaFailure e) {
                    first = first == null ? e : first;
                }
            }
            context.exit(before);
            if (first != null && lost == null) {
                throw CudaErrors.of(name + ": close", first);
            }
        } catch (CudaFailure e) {
            throw CudaErrors.of(name + ": close", e);
        } finally {
            life.writeLock().unlock();
        }
    }

    interface Action<T> {
        T run();
    }

    /** Runs in the context, while nobody closes. */
    <T> T inside(String what, Action<T> action) {
        life.readLock().lock();
        try {
            if (closed) {
                throw new DeviceException(name + " is closed");
            }
            if (lost != null) {
                throw new DeviceException(lost);
            }
            return within(what, action);
        } finally {
            life.readLock().unlock();
        }
    }

    /** Runs a piece of tidying up, which a closed or lost device has done already. */
    void tidy(Runnable action) {
        life.readLock().lock();
        try {
            if (!closed && lost == null) {
                within(
                        "release",
                        () -> {
                            action.run();
                            return null;
                        });
            }
        } finally {
            life.readLock().unlock();
        }
    }

    private <T> T within(String what, Action<T> action) {
        try {
            long before = context.enter();
            try {
                return action.run();
            } finally {
                context.exit(before);
            }
        } catch (CudaFailure e) {
            RuntimeException error = CudaErrors.of(name + ": " + what, e);
            if (CudaErrors.sticky(e.code())) {
                lost = error.getMessage();
            }
            throw error;
        }
    }
}
