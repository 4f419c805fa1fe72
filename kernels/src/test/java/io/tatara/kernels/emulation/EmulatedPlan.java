package io.tatara.kernels.emulation;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import io.tatara.kernels.DType;
import io.tatara.kernels.RefArray;
import io.tatara.kernels.TataraException;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.check.Rounding;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuTraits;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * Runs a {@link GpuPlan} under emulation: every buffer is an allocation of exactly its tensor's
 * length, outputs and temporaries begin as NaN, semaphores begin as 0 and must end so.
 */
public final class EmulatedPlan implements AutoCloseable {
    private final Emulation emulation;
    private final GpuTraits traits;
    private final boolean checked;
    private final List<MemorySegment> allocations = new ArrayList<>();

    /**
     * @param checked whether the programs' plain loads and stores are held against the allocations
     */
    public EmulatedPlan(Emulation emulation, GpuTraits traits, boolean checked) {
        this.emulation = emulation;
        this.traits = traits;
        this.checked = checked;
    }

    /**
     * Runs the plan once.
     *
     * @param in inputs, null where absent; those that an output aliases are overwritten in place
     * @param alias for each output the input whose memory it takes, or -1
     * @return the outputs
     * @throws Emulation.EmulationException if a kernel does something wrong
     */
    public RefArray[] run(GpuPlan plan, RefArray[] in, TensorSpec[] out, int[] alias) {
        MemorySegment[] inputs = new MemorySegment[in.length];
        for (int i = 0; i < in.length; i++) {
            inputs[i] = in[i] == null ? MemorySegment.NULL : upload(in[i]);
        }
        MemorySegment[] outputs = new MemorySegment[out.length];
        for (int j = 0; j < out.length; j++) {
            outputs[j] = alias[j] >= 0 ? inputs[alias[j]] : allocate(out[j].bytes());
        }
        MemorySegment[] temporaries = new MemorySegment[plan.temporaries().size()];
        for (int i = 0; i < temporaries.length; i++) {
            temporaries[i] = allocate(plan.temporaries().get(i));
        }
        MemorySegment semaphores = allocate(4L * GpuPlan.SEMAPHORES);
        semaphores.fill((byte) 0);
        for (GpuPlan.Launch l : plan.launches()) {
            launch(l, inputs, outputs, temporaries, semaphores);
        }
        for (int i = 0; i < in.length; i++) {
            boolean written = false;
            for (int a : alias) {
                written |= a == i;
            }
            if (in[i] != null
                    && !written
                    && inputs[i].mismatch(bytes(in[i], Arena.ofAuto())) >= 0) {
                throw new Emulation.EmulationException("input " + i + " was overwritten");
            }
        }
        RefArray[] r = new RefArray[out.length];
        for (int j = 0; j < out.length; j++) {
            r[j] = download(outputs[j], out[j]);
        }
        return r;
    }

    private void launch(
            GpuPlan.Launch l,
            MemorySegment[] inputs,
            MemorySegment[] outputs,
            MemorySegment[] temporaries,
            MemorySegment semaphores) {
        MemorySegment program = emulation.program(l.program(), traits.arch(), checked);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment[] parameters = new MemorySegment[l.args().size()];
            for (int i = 0; i < parameters.length; i++) {
                GpuPlan.Arg a = l.args().get(i);
                parameters[i] =
                        switch (a) {
                            case GpuPlan.Arg.Int x ->
                                    arena.allocateFrom(JAVA_INT_UNALIGNED, x.value());
                            case GpuPlan.Arg.Float x ->
                                    arena.allocateFrom(JAVA_FLOAT_UNALIGNED, x.value());
                            case GpuPlan.Arg.TensorMap x ->
                                    map(
                                            arena.allocate(128, 64),
                                            x,
                                            buffer(x.buffer(), inputs, outputs, temporaries));
                            case GpuPlan.Arg.Semaphores x -> pointer(arena, semaphores);
                            default -> pointer(arena, buffer(a, inputs, outputs, temporaries));
                        };
            }
            emulation.launch(
                    program,
                    l.entry(),
                    l.groups(),
                    l.local(),
                    l.dynamicShared(),
                    l.cooperative(),
                    Math.max(traits.maxShared(), 49152),
                    parameters);
        }
        for (int i = 0; i < GpuPlan.SEMAPHORES; i++) {
            int x = semaphores.getAtIndex(JAVA_INT_UNALIGNED, i);
            if (x != 0) {
                throw new Emulation.EmulationException(
                        "kernel " + l.entry() + " leaves semaphore " + i + " at " + x);
            }
        }
    }

    private static MemorySegment pointer(Arena arena, MemorySegment to) {
        return arena.allocateFrom(java.lang.foreign.ValueLayout.JAVA_LONG, to.address());
    }

    private static MemorySegment buffer(
            GpuPlan.Arg a,
            MemorySegment[] inputs,
            MemorySegment[] outputs,
            MemorySegment[] temporaries) {
        return switch (a) {
            case GpuPlan.Arg.Input x -> inputs[x.index()];
            case GpuPlan.Arg.Output x -> outputs[x.index()];
            case GpuPlan.Arg.Temporary x -> temporaries[x.index()];
            case GpuPlan.Arg.Null x -> MemorySegment.NULL;
            default -> throw new TataraException("no buffer: " + a);
        };
    }

    private MemorySegment map(MemorySegment map, GpuPlan.Arg.TensorMap m, MemorySegment buffer) {
        int type =
                switch (m.type()) {
                    case FLOAT32 -> 0;
                    case FLOAT16 -> 1;
                    case BFLOAT16 -> 2;
                    case INT32 -> 3;
                    default -> throw new TataraException("tensor map of " + m.type());
                };
        emulation.tensorMap(
                map,
                type,
                MemorySegment.ofAddress(buffer.address() + m.offset()),
                m.extents().stream().mapToLong(Long::longValue).toArray(),
                m.strides().stream().mapToLong(Long::longValue).toArray(),
                m.box().stream().mapToInt(Integer::intValue).toArray(),
                m.swizzle());
        return map;
    }

    private MemorySegment allocate(long bytes) {
        MemorySegment s = emulation.allocate(bytes);
        allocations.add(s);
        return s;
    }

    private MemorySegment upload(RefArray a) {
        MemorySegment s = allocate(a.spec().bytes());
        s.copyFrom(bytes(a, Arena.ofAuto()));
        return s;
    }

    private static MemorySegment bytes(RefArray a, Arena arena) {
        DType t = a.spec().dtype();
        MemorySegment s = arena.allocate(Math.max(1, a.spec().bytes()), 16);
        double[] d = a.data();
        for (int i = 0; i < d.length; i++) {
            switch (t) {
                case FLOAT32 -> s.setAtIndex(JAVA_FLOAT_UNALIGNED, i, (float) d[i]);
                case INT32 -> s.setAtIndex(JAVA_INT_UNALIGNED, i, (int) d[i]);
                case FLOAT16 ->
                        s.setAtIndex(JAVA_SHORT_UNALIGNED, i, Float.floatToFloat16((float) d[i]));
                case BFLOAT16 ->
                        s.setAtIndex(
                                JAVA_SHORT_UNALIGNED, i, Rounding.floatToBfloat16((float) d[i]));
                case FLOAT64 -> throw new TataraException("float64 is for the reference");
            }
        }
        return s.asSlice(0, a.spec().bytes());
    }

    private static RefArray download(MemorySegment s, TensorSpec spec) {
        RefArray a = RefArray.zeros(spec);
        double[] d = a.data();
        for (int i = 0; i < d.length; i++) {
            d[i] =
                    switch (spec.dtype()) {
                        case FLOAT32 -> s.getAtIndex(JAVA_FLOAT_UNALIGNED, i);
                        case INT32 -> s.getAtIndex(JAVA_INT_UNALIGNED, i);
                        case FLOAT16 -> Float.float16ToFloat(s.getAtIndex(JAVA_SHORT_UNALIGNED, i));
                        case BFLOAT16 ->
                                Rounding.bfloat16ToFloat(s.getAtIndex(JAVA_SHORT_UNALIGNED, i));
                        case FLOAT64 -> throw new TataraException("float64 is for the reference");
                    };
        }
        return a;
    }

    @Override
    public void close() {
        for (MemorySegment s : allocations) {
            emulation.free(s);
        }
        allocations.clear();
    }
}
