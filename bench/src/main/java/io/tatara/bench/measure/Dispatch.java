package io.tatara.bench.measure;

import io.tatara.kernels.DType;
import io.tatara.kernels.Op;
import io.tatara.kernels.TataraException;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.pointwise.Exprs;
import io.tatara.kernels.pointwise.Pointwise;
import io.tatara.runtime.Device;
import io.tatara.runtime.Graph;
import io.tatara.runtime.Ops;
import io.tatara.runtime.Scope;
import io.tatara.runtime.Tensor;
import io.tatara.runtime.spi.BackEndDevice;
import io.tatara.runtime.spi.Binding;
import io.tatara.runtime.spi.Memory;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/**
 * What one op costs the host: many tiny ops (a sum of two tensors of 32 numbers) are issued one
 * after another, the host's clock is read before the first and after the last, then the device is
 * drained. The device's part is as small as it can be; on devices that return before the work is
 * done the time is that of checking, planning and enqueueing.
 */
final class Dispatch {
    private static final int ELEMENTS = 32;

    /** Few enough that no queue is full, which would make the host wait for the device. */
    private static final int OPS = 256;

    /** A way to issue ops; closing it gives back what it needs. */
    private interface Way extends AutoCloseable {
        void issue();

        @Override
        void close();
    }

    private final Device device;
    private final boolean quick;

    private Dispatch(Device device, boolean quick) {
        this.device = device;
        this.quick = quick;
    }

    static List<DispatchFigure> measure(Device device, boolean quick) {
        Dispatch d = new Dispatch(device, quick);
        List<DispatchFigure> list = new ArrayList<>();
        list.add(d.measure("eager, tensors", () -> d.tensors()));
        list.add(d.measure("eager, back end alone", () -> d.bindings()));
        list.add(d.measure("recorded graph", () -> d.graph()));
        return list;
    }

    private DispatchFigure measure(String name, Supplier<Way> open) {
        try (Way way = open.get()) {
            int rounds = quick ? 20 : 200;
            for (int i = 0; i < rounds; i++) {
                way.issue();
                device.synchronize();
            }
            double[] host = new double[rounds];
            double[] drained = new double[rounds];
            for (int i = 0; i < rounds; i++) {
                long begin = System.nanoTime();
                way.issue();
                long issued = System.nanoTime();
                device.synchronize();
                host[i] = (issued - begin) * 1e-9 / OPS;
                drained[i] = (System.nanoTime() - begin) * 1e-9 / OPS;
            }
            Samples s = Samples.of(host);
            return new DispatchFigure(
                    name,
                    OPS,
                    s.seconds(),
                    s.median(),
                    s.spread(),
                    Samples.of(drained).median(),
                    "");
        } catch (TataraException e) {
            return new DispatchFigure(name, OPS, List.of(), 0, 0, 0, e.getMessage());
        }
    }

    private static Op sum() {
        return Pointwise.of(Exprs.add(Exprs.in(0), Exprs.in(1)));
    }

    /** As a program writes it: each op gives a new tensor from the pool. */
    private Way tensors() {
        Scope kept = device.scope();
        Tensor x = kept.full(1, ELEMENTS);
        Op op = sum();
        return new Way() {
            @Override
            public void issue() {
                try (Scope scope = device.scope()) {
                    Ops ops = scope.ops();
                    Tensor y = x;
                    for (int i = 0; i < OPS; i++) {
                        y = ops.run(op, y, x)[0];
                    }
                }
            }

            @Override
            public void close() {
                kept.close();
            }
        };
    }

    /** Recorded once, then replayed: on CUDA one launch for all. */
    private Way graph() {
        Scope kept = device.scope();
        Tensor x = kept.full(1, ELEMENTS);
        Op op = sum();
        Graph g =
                Graph.record(
                        kept,
                        Graph.Options.PLAIN, // else the sums would become few
                        s -> {
                            Tensor y = x;
                            for (int i = 0; i < OPS; i++) {
                                y = s.ops().run(op, y, x)[0];
                            }
                            return new Tensor[] {y};
                        });
        return new Way() {
            @Override
            public void issue() {
                g.replay();
            }

            @Override
            public void close() {
                g.close();
                kept.close();
            }
        };
    }

    /** The op on memory that is there: what the back end itself takes. */
    private Way bindings() {
        BackEndDevice backEnd = device.backEnd();
        TensorSpec spec = TensorSpec.f32(ELEMENTS);
        List<Memory> memory = new ArrayList<>();
        Binding[] tensors = new Binding[3];
        for (int i = 0; i < tensors.length; i++) {
            memory.add(backEnd.allocate(DType.FLOAT32, ELEMENTS));
            tensors[i] = new Binding(spec, memory.getLast(), null);
            backEnd.execute(
                    new io.tatara.kernels.layout.Fill(spec, 1),
                    new Binding[0],
                    new Binding[] {tensors[i]});
        }
        Binding[] in = {tensors[0], tensors[1]};
        Binding[] out = {tensors[2]};
        Op op = sum();
        return new Way() {
            @Override
            public void issue() {
                for (int i = 0; i < OPS; i++) {
                    backEnd.execute(op, in, out);
                }
            }

            @Override
            public void close() {
                memory.forEach(backEnd::release);
            }
        };
    }
}
