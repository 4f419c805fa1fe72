package io.tatara.tornado;

import io.tatara.kernels.DType;
import io.tatara.kernels.Op;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.causal.WaveNetGenerate;
import io.tatara.kernels.causal.WaveNetStep;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuPlan.Arg;
import io.tatara.runtime.DeviceException;
import io.tatara.runtime.UnsupportedOpException;
import io.tatara.tornado.kernels.Optimizers;
import io.tatara.tornado.kernels.WaveSteps;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A plan as launches of Java kernels: everything but the places of its buffers is fixed.
 *
 * @param temporaries words of each temporary buffer in the heap of float32, 0 where there is none
 * @param intTemporaries alike in that of int32
 */
record LaunchPlan(List<Step> steps, int[] temporaries, int[] intTemporaries) {
    /** Where in a step's arguments a buffer's place goes. */
    record Slot(int position, Arg arg) {}

    record Step(KernelTable.Entry kernel, int[] args, int[] groups, int[] local, List<Slot> slots) {
        /** With the buffers' places. */
        private Launch bind(int[] in, int[] out, int[] floats, int[] ints) {
            int[] a = args.clone();
            for (Slot s : slots) {
                a[s.position()] =
                        switch (s.arg()) {
                            case Arg.Input i -> in[i.index()];
                            case Arg.Output o -> out[o.index()];
                            case Arg.Temporary t ->
                                    kernel.ints().contains(s.position())
                                            ? ints[t.index()]
                                            : floats[t.index()];
                            default -> throw new IllegalStateException("no pointer: " + s.arg());
                        };
            }
            return new Launch(kernel, a, groups, local);
        }
    }

    static final LaunchPlan NOTHING = new LaunchPlan(List.of(), new int[0], new int[0]);

    private static final int COPY_GROUP = 128;

    /** Input 0 to output 0, n words. */
    static LaunchPlan copy(int n, boolean ints) {
        Step step =
                new Step(
                        KernelTable.COPY,
                        new int[] {-1, -1, n, ints ? 1 : 0},
                        new int[] {Math.ceilDiv(n, COPY_GROUP), 1, 1},
                        new int[] {COPY_GROUP, 1, 1},
                        List.of(new Slot(0, GpuPlan.in(0)), new Slot(1, GpuPlan.out(0))));
        return new LaunchPlan(List.of(step), NOTHING.temporaries(), NOTHING.intTemporaries());
    }

    /** Words of all temporary buffers of a kind together. */
    static int total(int[] temporaries) {
        int total = 0;
        for (int words : temporaries) {
            total = Math.addExact(total, padded(words));
        }
        return total;
    }

    private static int padded(int words) {
        return Math.ceilDiv(words, HeapAllocator.GRAIN) * HeapAllocator.GRAIN;
    }

    /**
     * The launches, with all buffers in their places.
     *
     * @param floats where the temporary buffers in the heap of float32 begin
     * @param ints where those in the heap of int32 begin
     */
    List<Launch> bind(int[] in, int[] out, int floats, int ints) {
        int[] f = places(temporaries, floats);
        int[] i = places(intTemporaries, ints);
        return steps.stream().map(s -> s.bind(in, out, f, i)).toList();
    }

    private static int[] places(int[] words, int from) {
        int[] places = new int[words.length];
        int at = from;
        for (int t = 0; t < words.length; t++) {
            places[t] = at;
            at += padded(words[t]);
        }
        return places;
    }

    /**
     * @throws UnsupportedOpException where a launch has no Java kernel
     */
    static LaunchPlan of(Op op, GpuPlan plan, TensorSpec[] in, TensorSpec[] out) {
        List<Step> steps = new ArrayList<>();
        for (GpuPlan.Launch l : plan.launches()) {
            KernelTable.Entry k = KernelTable.find(l);
            if (k == null) {
                throw new UnsupportedOpException(
                        op.name()
                                + ": there is no Java kernel for TornadoVM ("
                                + l.program().name()
                                + " "
                                + l.entry()
                                + "); docs/tornado.md tells which ops have none");
            }
            Step s = step(op.name(), l, k, in, out);
            switch (op) {
                case WaveNetStep w -> dilations(op, w.dilations(), s.args());
                case WaveNetGenerate w when k.base() >= 0 -> dilations(op, w.dilations(), s.args());
                default -> {
                    // Everything is among the arguments.
                }
            }
            steps.add(s);
        }
        int[] floats = new int[plan.temporaries().size()];
        int[] ints = new int[floats.length];
        for (Step s : steps) {
            for (Slot slot : s.slots()) {
                if (slot.arg() instanceof Arg.Temporary t) {
                    int words = Math.toIntExact((plan.temporaries().get(t.index()) + 3) / 4);
                    int[] kind = s.kernel().ints().contains(slot.position()) ? ints : floats;
                    kind[t.index()] = words;
                }
            }
        }
        return new LaunchPlan(List.copyOf(steps), floats, ints);
    }

    /** What the source has as text is data here. */
    private static void dilations(Op op, List<Integer> dilations, int[] args) {
        int layers = dilations.size();
        if (WaveSteps.DILATIONS + layers > Optimizers.DEFINES) {
            throw new DeviceException(
                    op.name() + ": a stack of " + layers + " layers on TornadoVM");
        }
        for (int l = 0; l < layers; l++) {
            args[WaveSteps.DILATIONS + l] = dilations.get(l);
        }
    }

    private static Step step(
            String op, GpuPlan.Launch l, KernelTable.Entry k, TensorSpec[] in, TensorSpec[] out) {
        int own = l.args().size();
        int base = k.base() < 0 ? own : k.base();
        if (base < own) {
            throw new DeviceException(
                    op + ": launch of " + l.entry() + " with " + own + " arguments");
        }
        int[] args = new int[base + k.defines().size()];
        List<Slot> slots = new ArrayList<>();
        boolean ints = false;
        for (int i = 0; i < own; i++) {
            Arg arg = l.args().get(i);
            switch (arg) {
                case Arg.Int a -> args[i] = a.value();
                case Arg.Float a -> args[i] = Float.floatToRawIntBits(a.value());
                case Arg.Null a -> args[i] = -1;
                case Arg.Input a -> {
                    slots.add(new Slot(i, a));
                    ints |= slots.size() == 1 && in[a.index()].dtype() == DType.INT32;
                }
                case Arg.Output a -> {
                    slots.add(new Slot(i, a));
                    ints |= slots.size() == 1 && out[a.index()].dtype() == DType.INT32;
                }
                case Arg.Temporary a -> slots.add(new Slot(i, a));
                default ->
                        throw new DeviceException(
                                op
                                        + ": launch of "
                                        + l.entry()
                                        + " with an argument for CUDA alone");
            }
        }
        for (int d = 0; d < k.defines().size(); d++) {
            String name = k.defines().get(d);
            args[base + d] =
                    switch (name) {
                        case KernelTable.INTS -> ints ? 1 : 0;
                        case KernelTable.ARGS -> own;
                        default -> define(name, l.program().defines());
                    };
        }
        KernelTable.Geometry g = k.planner().plan(l, args);
        return new Step(k, args, g.groups(), g.local(), List.copyOf(slots));
    }

    /** The value of {@code NAME=default}; of a word's type the number of 32-bit words. */
    private static int define(String named, Map<String, String> given) {
        int equals = named.indexOf('=');
        String value = given.get(named.substring(0, equals));
        return switch (value) {
            case null -> Integer.parseInt(named.substring(equals + 1));
            case "uint" -> 1;
            case "uint2" -> 2;
            case "uint4" -> 4;
            default -> Integer.parseInt(value);
        };
    }
}
