package io.tatara.tornado;

import io.tatara.kernels.DType;
import io.tatara.kernels.Op;
import io.tatara.kernels.OpEntry;
import io.tatara.kernels.OpTable;
import io.tatara.kernels.TataraException;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.causal.WaveNetGenerate;
import io.tatara.kernels.causal.WaveNetStep;
import io.tatara.kernels.conv.SeparableConv2d;
import io.tatara.kernels.gpu.GpuKernel;
import io.tatara.kernels.gpu.GpuTraits;
import io.tatara.kernels.pointwise.Pointwise;
import io.tatara.runtime.DeviceException;
import io.tatara.runtime.OutOfDeviceMemoryException;
import io.tatara.runtime.spi.BackEndDevice;
import io.tatara.runtime.spi.Binding;
import io.tatara.runtime.spi.DeviceInfo;
import io.tatara.runtime.spi.Invocation;
import io.tatara.runtime.spi.Memory;
import io.tatara.runtime.spi.Replay;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * An opened device of TornadoVM. Calls take effect in their order. {@link #handle} gives the heap
 * of which a tensor is a part, a {@code FloatArray} or an {@code IntArray}; 16-bit tensors are in
 * the latter, two numbers in a word ({@link HalfPlan}).
 */
final class TornadoDevice implements BackEndDevice {
    private static final int PLANS = 1024;

    private record Key(Op op, List<TensorSpec> in) {}

    private final DeviceInfo info;
    private final GpuTraits traits;
    private final boolean matrixUnits;
    private final Session session;
    private final HeapAllocator heap;
    private final HeapAllocator intHeap;
    private boolean closed;
    private final Map<Key, LaunchPlan> plans =
            new LinkedHashMap<>(64, 0.75f, true) {
                @Override
                protected boolean removeEldestEntry(Map.Entry<Key, LaunchPlan> eldest) {
                    return size() > PLANS;
                }
            };

    /**
     * @param matrixUnits whether products of 16-bit tensors run on them: the session has the
     *     kernels
     */
    TornadoDevice(DeviceInfo info, GpuTraits traits, Session session, boolean matrixUnits) {
        this.info = info;
        this.matrixUnits = matrixUnits;
        this.traits = traits;
        this.session = session;
        this.heap = new HeapAllocator(session.heap().getSize());
        this.intHeap = new HeapAllocator(session.intHeap().getSize());
    }

    @Override
    public DeviceInfo info() {
        return info;
    }

    @Override
    public Object storageClass(DType dtype) {
        if (dtype.bytes() > 4) {
            throw new TataraException(
                    info.id() + ": tensors are of at most 32 bits on TornadoVM, given " + dtype);
        }
        return dtype.isHalf() ? DType.FLOAT16 : dtype;
    }

    @Override
    public synchronized Memory allocate(DType dtype, int elements) {
        open();
        storageClass(dtype);
        // 16-bit numbers stand in the heap of int32, two in a word.
        boolean ints = dtype != DType.FLOAT32;
        int words = dtype.isHalf() ? elements / 2 + (elements & 1) : elements;
        int at = (ints ? intHeap : heap).allocate(words);
        if (at < 0) {
            throw full(elements + " elements of " + dtype);
        }
        return new HeapMemory(this, ints, at, words);
    }

    private OutOfDeviceMemoryException full(String what) {
        return new OutOfDeviceMemoryException(
                info.id()
                        + ": the heap has no room for "
                        + what
                        + " (largest hole: "
                        + heap.largest()
                        + " floats, "
                        + intHeap.largest()
                        + " ints); -Dtatara.tornado.memory sets its size");
    }

    @Override
    public synchronized void release(Memory memory) {
        HeapMemory m = mine(memory);
        if (!closed) {
            (m.ints() ? intHeap : heap).release(m.at());
        }
    }

    @Override
    public synchronized void upload(MemorySegment from, Memory to) {
        open();
        HeapMemory m = mine(to);
        fits(from.byteSize(), m);
        long whole = from.byteSize() / 4 * 4;
        session.write(from.asSlice(0, whole), m.at(), m.ints());
        if (whole < from.byteSize()) {
            int[] last = last(m, whole);
            MemorySegment.copy(from, whole, MemorySegment.ofArray(last), 0, 2);
            session.write(MemorySegment.ofArray(last), m.at() + (int) (whole / 4), m.ints());
        }
    }

    @Override
    public synchronized void download(Memory from, MemorySegment to) {
        open();
        HeapMemory m = mine(from);
        fits(to.byteSize(), m);
        long whole = to.byteSize() / 4 * 4;
        session.read(m.at(), to.asSlice(0, whole), m.ints());
        if (whole < to.byteSize()) {
            MemorySegment.copy(MemorySegment.ofArray(last(m, whole)), 0, to, whole, 2);
        }
    }

    /** The word of which an odd number of 16-bit numbers fills one half. */
    private int[] last(HeapMemory m, long from) {
        int[] word = new int[1];
        session.read(m.at() + (int) (from / 4), MemorySegment.ofArray(word), m.ints());
        return word;
    }

    private void fits(long bytes, HeapMemory m) {
        if (bytes > m.bytes() || bytes % 2 != 0) {
            throw new DeviceException(
                    info.id() + ": copy of " + bytes + " bytes with memory of " + m.bytes());
        }
    }

    @Override
    public synchronized void execute(Op op, Binding[] in, Binding[] out) {
        open();
        Prepared p = new Prepared(List.of(new Invocation(op, in, out)));
        try {
            session.launch(op.name(), p.launches);
        } finally {
            p.release();
        }
    }

    /** Temporary buffers are kept; see {@link TornadoReplay}. */
    @Override
    public synchronized Replay record(List<Invocation> invocations) {
        open();
        List<Invocation> kept = List.copyOf(invocations);
        Prepared p = new Prepared(kept);
        try {
            return new TornadoReplay(this, session, kept, List.copyOf(p.launches), p::release);
        } catch (RuntimeException e) {
            p.release();
            throw e;
        }
    }

    /** How many recorded graphs stand as task graphs. */
    int recorded() {
        return session.recorded();
    }

    /** Invocations as launches, with room for the temporary buffers of the one that needs most. */
    private final class Prepared {
        final List<Launch> launches = new ArrayList<>();
        private int floats = -1;
        private int ints = -1;

        Prepared(List<Invocation> invocations) {
            List<LaunchPlan> made = new ArrayList<>();
            int floatWords = 0;
            int intWords = 0;
            for (Invocation i : invocations) {
                LaunchPlan p = i.op().view() ? view(i) : plan(i);
                made.add(p);
                floatWords = Math.max(floatWords, LaunchPlan.total(p.temporaries()));
                intWords = Math.max(intWords, LaunchPlan.total(p.intTemporaries()));
            }
            try {
                floats = take(heap, floatWords);
                ints = take(intHeap, intWords);
                for (int k = 0; k < made.size(); k++) {
                    Invocation i = invocations.get(k);
                    launches.addAll(
                            made.get(k).bind(places(i.in()), places(i.out()), floats, ints));
                }
            } catch (RuntimeException e) {
                release();
                throw e;
            }
        }

        private int take(HeapAllocator from, int words) {
            int at = words == 0 ? -1 : from.allocate(words);
            if (words > 0 && at < 0) {
                throw full("temporary buffers of " + words + " words");
            }
            return at;
        }

        /** Twice does nothing. */
        void release() {
            if (floats >= 0) {
                heap.release(floats);
            }
            if (ints >= 0) {
                intHeap.release(ints);
            }
            floats = -1;
            ints = -1;
        }
    }

    private LaunchPlan plan(Invocation i) {
        TensorSpec[] specs = specs(i.in());
        Key key = new Key(i.op(), Arrays.asList(specs));
        LaunchPlan plan = plans.get(key);
        if (plan == null) {
            plan = plan(i.op(), specs, specs(i.out()));
            plans.put(key, plan);
        }
        return plan;
    }

    /** A copy, where the two are not one memory. */
    private LaunchPlan view(Invocation i) {
        HeapMemory from = mine(i.in()[0].memory());
        int n = (int) ((i.in()[0].spec().bytes() + 3) / 4);
        if (from == mine(i.out()[0].memory()) || n == 0) {
            return LaunchPlan.NOTHING;
        }
        return LaunchPlan.copy(n, from.ints());
    }

    /**
     * @throws io.tatara.runtime.UnsupportedOpException where a kernel is not there
     */
    LaunchPlan plan(Op op, TensorSpec[] in, TensorSpec[] out) {
        if (HalfPlan.needed(in, out)) {
            LaunchPlan floats = plan(op, HalfPlan.floats(in), HalfPlan.floats(out));
            return HalfPlan.of(op, in, out, floats, matrixUnits);
        }
        return op instanceof Pointwise p
                ? PointwisePlan.of(p, in, out[0])
                : plan(OpTable.of(op), op, in, out);
    }

    private <O extends Op> LaunchPlan plan(
            OpEntry<O> entry, Op raw, TensorSpec[] in, TensorSpec[] out) {
        O op = entry.type().cast(raw);
        // The portable form, which is the last.
        GpuKernel<O> kernel = entry.gpu().getLast();
        GpuTraits t =
                switch (op) {
                    // What is between the layers of a stack stands in memory: no constant here.
                    case WaveNetStep s -> traits(traits.maxWorkGroup(), 0);
                    case WaveNetGenerate s -> traits(traits.maxWorkGroup(), 0);
                    // Small groups: as two convolutions, which there are.
                    case SeparableConv2d s -> traits(128, traits.localMemory());
                    default -> traits;
                };
        return LaunchPlan.of(op, kernel.plan(op, in, out, t), in, out);
    }

    /** The device's, with what makes a plan take another form. */
    private GpuTraits traits(int group, long local) {
        return new GpuTraits(
                traits.api(),
                traits.cpu(),
                traits.computeUnits(),
                group,
                local,
                traits.subgroup(),
                traits.arch(),
                traits.fp16(),
                traits.maxShared(),
                traits.vector());
    }

    private static TensorSpec[] specs(Binding[] b) {
        TensorSpec[] s = new TensorSpec[b.length];
        for (int i = 0; i < s.length; i++) {
            s[i] = b[i] == null ? null : b[i].spec();
        }
        return s;
    }

    private int[] places(Binding[] b) {
        int[] p = new int[b.length];
        for (int i = 0; i < p.length; i++) {
            if (b[i] == null) {
                p[i] = -1;
                continue;
            }
            HeapMemory m = mine(b[i].memory());
            if (m.bytes() < b[i].spec().bytes()) {
                throw new DeviceException(
                        info.id() + ": memory of " + m.bytes() + " bytes for " + b[i].spec());
            }
            p[i] = m.at();
        }
        return p;
    }

    private HeapMemory mine(Memory memory) {
        if (memory instanceof HeapMemory m && m.device() == this) {
            return m;
        }
        throw new DeviceException(
                info.id() + " (" + info.name() + "): memory of another device is used here");
    }

    /**
     * @throws DeviceException if the device is closed
     */
    void open() {
        if (closed) {
            throw new DeviceException(info.id() + " (" + info.name() + ") is closed");
        }
    }

    /**
     * False: kernels are compiled when the device is opened, so that recorded graphs fuse nothing.
     */
    @Override
    public boolean compiles() {
        return false;
    }

    @Override
    public synchronized void synchronize() {
        open();
        session.await();
    }

    @Override
    public long time(Runnable work) {
        synchronize();
        long start = System.nanoTime();
        work.run();
        synchronize();
        return System.nanoTime() - start;
    }

    @Override
    public Object handle(Memory memory) {
        return mine(memory).ints() ? session.intHeap() : session.heap();
    }

    @Override
    public synchronized void close() {
        if (!closed) {
            closed = true;
            session.close();
        }
    }
}
