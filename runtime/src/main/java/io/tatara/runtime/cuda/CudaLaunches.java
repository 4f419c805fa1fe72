package io.tatara.runtime.cuda;

import io.tatara.kernels.Op;
import io.tatara.kernels.OpEntry;
import io.tatara.kernels.OpTable;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.gpu.GpuKernel;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.runtime.DeviceException;
import io.tatara.runtime.spi.Binding;
import io.tatara.runtime.spi.Invocation;
import io.tatara.runtime.tune.TuningTable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * From ops to launches: chooses the kernel, keeps its plan, writes the arguments and launches; or
 * captures the launches of many ops as a graph. All calls are made in the context.
 */
final class CudaLaunches {
    private static final int PLANS = 1024;

    /** What a plan was made for; kernel null for the variant that the device chooses. */
    private record Key(GpuKernel<?> kernel, Op op, List<TensorSpec> in) {}

    private final CudaDevices.Found found;
    private final CudaContext context;
    private final CudaDriver driver;
    private final Order order;
    private final CudaBuffers buffers;
    private final CudaPrograms programs;
    private final LaunchCheck check;
    private final TuningTable tuning;
    private final Set<Captured> graphs = Collections.newSetFromMap(new IdentityHashMap<>());
    private final Map<Key, CudaPlan> plans = // guarded by the context's monitor, as graphs are
            new LinkedHashMap<>(64, 0.75f, true) {
                @Override
                protected boolean removeEldestEntry(Map.Entry<Key, CudaPlan> eldest) {
                    return size() > PLANS;
                }
            };

    CudaLaunches(
            CudaDevices.Found found,
            CudaContext context,
            Order order,
            CudaBuffers buffers,
            CudaPrograms programs,
            LaunchCheck check,
            TuningTable tuning) {
        this.found = found;
        this.tuning = tuning;
        this.context = context;
        this.driver = context.driver();
        this.order = order;
        this.buffers = buffers;
        this.programs = programs;
        this.check = check;
    }

    void execute(GpuKernel<?> kernel, Op op, Binding[] in, Binding[] out) {
        if (op.view() && kernel == null) {
            synchronized (context) {
                order.next();
                use(in);
                use(out);
                copyView(in[0], out[0], context.compute());
            }
            return;
        }
        Key key = new Key(kernel, op, Arrays.asList(CudaDevice.specs(in)));
        CudaPlan p;
        synchronized (context) {
            p = plans.get(key);
            if (p != null) {
                launch(p, in, out);
                return;
            }
        }
        p = keep(key, out);
        synchronized (context) {
            launch(p, in, out);
        }
    }

    /** Whether there is a compiler. */
    boolean compiles() {
        return found.nvrtc() != null;
    }

    void run(GpuPlan plan, Binding[] in, Binding[] out) {
        CudaPlan made = CudaPlan.of("a plan of one's own", plan, check, programs::get);
        synchronized (context) {
            launch(made, in, out);
        }
    }

    /** Makes the plan; compiled outside the monitor, where others go on enqueueing. */
    private CudaPlan keep(Key key, Binding[] out) {
        GpuPlan plan = plan(OpTable.of(key.op()), key, CudaDevice.specs(out));
        CudaPlan made = CudaPlan.of(key.op().name(), plan, check, programs::get);
        synchronized (context) {
            CudaPlan other = plans.putIfAbsent(key, made);
            return other == null ? made : other;
        }
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
            GpuPlan p = tuned.plan(op, in, out, found.traits());
            if (programs.has(p)) {
                return p;
            }
        }
        GpuPlan missing = null; // of the first kernel whose programs are not in the jar
        for (GpuKernel<O> k : entry.gpu()) {
            if (k.supports(op, in, found.traits())) {
                GpuPlan p = k.plan(op, in, out, found.traits());
                if (programs.has(p)) {
                    return p;
                }
                missing = missing == null ? p : missing;
            }
        }
        if (missing != null) {
            return missing; // says which program, and what helps
        }
        throw new DeviceException(
                found.info().id()
                        + " ("
                        + found.info().name()
                        + ") has no kernel for "
                        + op
                        + " with inputs "
                        + key.in());
    }

    private void launch(CudaPlan plan, Binding[] in, Binding[] out) {
        if (plan.steps().isEmpty()) {
            return;
        }
        order.next();
        use(in);
        use(out);
        launch(plan, in, out, context.compute(), buffers.temporaries(plan.temporaries()));
    }

    private void launch(
            CudaPlan plan, Binding[] in, Binding[] out, long stream, long[] temporaries) {
        long[] inputs = pointers(in);
        long[] outputs = pointers(out);
        boolean begun = false;
        for (CudaPlan.Step s : plan.steps()) {
            try {
                s.launch(driver, stream, inputs, outputs, temporaries, buffers);
            } catch (CudaFailure e) {
                if (begun && CudaErrors.memory(e)) {
                    // Not "out of memory": to try again would repeat what an op in place has done
                    // already.
                    throw new DeviceException(
                            found.info().id()
                                    + ": launch of "
                                    + s.entry()
                                    + ", in the middle of an op: "
                                    + e.getMessage(),
                            e);
                }
                throw new CudaFailure(s.entry() + ": " + e.call(), e.code(), e.name());
            }
            begun = true;
        }
    }

    private void copyView(Binding in, Binding out, long stream) {
        if (in.memory() != out.memory() && in.spec().size() > 0) {
            driver.copy(memory(out).pointer(), memory(in).pointer(), in.spec().bytes(), stream);
        }
    }

    private void use(Binding[] b) {
        for (Binding x : b) {
            if (x != null) {
                order.use(memory(x));
            }
        }
    }

    private long[] pointers(Binding[] b) {
        long[] p = new long[b.length];
        for (int i = 0; i < p.length; i++) {
            p[i] = b[i] == null ? 0 : memory(b[i]).pointer();
        }
        return p;
    }

    private CudaMemory memory(Binding b) {
        if (b.memory() instanceof CudaMemory m && m.device.context() == context) {
            if (m.bytes() < b.spec().bytes()) {
                throw new DeviceException(
                        found.info().id() + ": memory of " + m.bytes() + " bytes for " + b.spec());
            }
            return m;
        }
        throw new DeviceException(
                found.info().id()
                        + " ("
                        + found.info().name()
                        + "): memory of another device is used here");
    }

    /** A graph that can be launched, with the memory that it touches and its own temporaries. */
    record Captured(long executable, List<CudaMemory> memory, Scratch scratch) {}

    private record Prepared(Invocation invocation, CudaPlan plan) {}

    /**
     * Captures the launches on a stream of their own, so that what other threads do meanwhile stays
     * out of it. Everything that a capture may not do (compiling, allocating) is done before.
     */
    Captured capture(List<Invocation> invocations) {
        List<Prepared> prepared = new ArrayList<>();
        Set<CudaMemory> memory = Collections.newSetFromMap(new IdentityHashMap<>());
        for (Invocation i : invocations) {
            Key key = new Key(null, i.op(), Arrays.asList(CudaDevice.specs(i.in())));
            CudaPlan p;
            synchronized (context) {
                p = plans.get(key);
            }
            prepared.add(
                    new Prepared(i, i.op().view() ? null : p != null ? p : keep(key, i.out())));
            for (Binding[] side : List.of(i.in(), i.out())) {
                for (Binding b : side) {
                    if (b != null) {
                        memory.add(memory(b));
                    }
                }
            }
        }
        synchronized (context) {
            Scratch scratch = buffers.scratch();
            boolean captured = false;
            try {
                buffers.semaphores();
                for (Prepared p : prepared) {
                    if (p.plan() != null) {
                        scratch.take(p.plan().temporaries());
                    }
                }
                Captured c = new Captured(graph(prepared, scratch), List.copyOf(memory), scratch);
                graphs.add(c);
                captured = true;
                return c;
            } finally {
                if (!captured) {
                    scratch.trim();
                }
            }
        }
    }

    private long graph(List<Prepared> prepared, Scratch scratch) {
        long stream = driver.createStream();
        long graph = 0;
        try {
            driver.beginCapture(stream);
            boolean whole = false;
            try {
                for (Prepared p : prepared) {
                    Invocation i = p.invocation();
                    if (p.plan() == null) {
                        copyView(i.in()[0], i.out()[0], stream);
                    } else {
                        launch(
                                p.plan(),
                                i.in(),
                                i.out(),
                                stream,
                                buffers.temporaries(scratch, p.plan().temporaries(), stream));
                    }
                }
                whole = true;
            } finally {
                if (whole) {
                    graph = driver.endCapture(stream);
                } else {
                    abandon(stream);
                }
            }
            return driver.instantiate(graph);
        } finally {
            if (graph != 0) {
                driver.destroyGraph(graph);
            }
            driver.destroyStream(stream);
        }
    }

    /** Ends a capture that failed; the failure itself is what is told. */
    private void abandon(long stream) {
        try {
            long graph = driver.endCapture(stream);
            if (graph != 0) {
                driver.destroyGraph(graph);
            }
        } catch (CudaFailure e) {
            // The driver has invalidated the capture already.
            assert e.code() != 0;
        }
    }

    void replay(Captured c) {
        synchronized (context) {
            if (!graphs.contains(c)) {
                throw new DeviceException(
                        found.info().id() + ": a graph is replayed after it was closed");
            }
            order.next();
            for (CudaMemory m : c.memory()) {
                m.pointer(); // still there
                order.use(m);
            }
            driver.launchGraph(c.executable(), context.compute());
        }
    }

    void drop(Captured c) {
        synchronized (context) {
            if (graphs.remove(c)) {
                driver.destroyExecutable(c.executable());
                c.scratch().trim(); // on the compute stream, behind the graph's launches
            }
        }
    }

    void close() {
        synchronized (context) {
            for (Captured c : List.copyOf(graphs)) {
                drop(c);
            }
            plans.clear();
        }
    }
}
