package io.tatara.tornado;

import io.tatara.kernels.DType;
import io.tatara.kernels.Op;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.causal.WaveNetStep;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuPlan.Arg;
import io.tatara.runtime.DeviceException;
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
        /** The arguments with the buffers' places. */
        int[] bind(int[] in, int[] out, int[] temporaries, int[] intTemporaries) {
            int[] a = args.clone();
            for (Slot s : slots) {
                a[s.position()] =
                        switch (s.arg()) {
                            case Arg.Input i -> in[i.index()];
                            case Arg.Output o -> out[o.index()];
                            case Arg.Temporary t ->
                                    kernel.ints().contains(s.position())
                                            ? intTemporaries[t.index()]
                                            : temporaries[t.index()];
                            default -> throw new IllegalStateException("no pointer: " + s.arg());
                        };
            }
            return a;
        }
    }

    /**
     * @throws DeviceException where a launch has no Java kernel, before anything is enqueued
     */
    static LaunchPlan of(Op op, GpuPlan plan, TensorSpec[] in, TensorSpec[] out) {
        List<Step> steps = new ArrayList<>();
        for (GpuPlan.Launch l : plan.launches()) {
            KernelTable.Entry k = KernelTable.find(l);
            if (k == null) {
                throw new DeviceException(
                        op.name()
                                + ": TornadoVM has no Java kernel for "
                                + l.program().name()
                                + " "
                                + l.entry()
                                + "; docs/tornado.md lists the ops that it has");
            }
            Step s = step(op.name(), l, k, in, out);
            if (op instanceof WaveNetStep w) {
                dilations(w, s.args());
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
    private static void dilations(WaveNetStep op, int[] args) {
        int layers = op.dilations().size();
        if (WaveSteps.DILATIONS + layers > Optimizers.DEFINES) {
            throw new DeviceException(
                    op.name() + ": a stack of " + layers + " layers on TornadoVM");
        }
        for (int l = 0; l < layers; l++) {
            args[WaveSteps.DILATIONS + l] = op.dilations().get(l);
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
