package io.tatara.bench.measure;

import io.tatara.kernels.Op;
import io.tatara.kernels.TataraException;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.check.Case;
import io.tatara.kernels.gpu.GpuKernel;
import io.tatara.runtime.spi.BackEndDevice;
import io.tatara.runtime.spi.Binding;
import io.tatara.runtime.spi.Memory;
import io.tatara.runtime.spi.PlanRunner;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * A case laid out in a device's memory, to be run again and again. Where one set of tensors is
 * large beside the cache there are several, taken in turn, so that no run finds its data there by
 * accident.
 */
public final class CaseRun implements AutoCloseable {
    private static final int MOST_SETS = 16;
    private static final long MOST_BYTES = 1L << 30;

    private record Set(Binding[] in, Binding[] out) {}

    private final BackEndDevice device;
    private final Op op;
    private final List<Set> sets = new ArrayList<>();
    private final List<Memory> memories = new ArrayList<>();
    private int next;

    public CaseRun(BackEndDevice device, Case c, long cacheBytes) {
        this.device = device;
        this.op = c.op();
        int count = sets(c, cacheBytes);
        try {
            for (int s = 0; s < count; s++) {
                sets.add(lay(c.specs()));
            }
            fill(c);
        } catch (RuntimeException e) {
            close(); // a large case that found no memory must not keep what it got
            throw e;
        }
    }

    /** How many sets a case gets: one where it stays in the cache anyway. */
    static int sets(Case c, long cacheBytes) {
        double bytes = Math.max(1, c.op().cost(c.specs()).bytes());
        if (bytes * 4 < cacheBytes) {
            return 1;
        }
        double wanted = Math.ceil(2.0 * cacheBytes / bytes);
        return (int)
                Math.max(1, Math.min(Math.min(wanted, MOST_SETS), Math.floor(MOST_BYTES / bytes)));
    }

    /**
     * Why a device cannot run a case: a dtype that it does not hold, or more memory than it has;
     * null where it can.
     */
    static String obstacle(BackEndDevice device, Case c) {
        List<TensorSpec> all = new ArrayList<>(List.of(c.op().infer(c.specs())));
        double bytes = 0;
        try {
            for (TensorSpec s : c.specs()) {
                if (s != null) {
                    all.add(s);
                }
            }
            for (TensorSpec s : all) {
                device.storageClass(s.dtype());
                bytes += s.bytes();
            }
        } catch (TataraException e) {
            return e.getMessage();
        }
        long memory = device.info().memory();
        return memory > 0 && bytes > 0.8 * memory
                ? String.format(
                        "its tensors take %.1f GiB, the device has %.1f GiB",
                        bytes / (1L << 30), memory / (double) (1L << 30))
                : null;
    }

    private Set lay(TensorSpec[] specs) {
        Binding[] in = new Binding[specs.length];
        for (int i = 0; i < in.length; i++) {
            in[i] = specs[i] == null ? null : bind(specs[i]);
        }
        TensorSpec[] outSpecs = op.infer(specs);
        Binding[] out = new Binding[outSpecs.length];
        for (int j = 0; j < out.length; j++) {
            int alias = op.alias(j);
            out[j] =
                    alias >= 0
                            ? new Binding(outSpecs[j], in[alias].memory(), null)
                            : bind(outSpecs[j]);
        }
        return new Set(in, out);
    }

    private Binding bind(TensorSpec spec) {
        Memory m = device.allocate(spec.dtype(), Math.max(1, spec.size()));
        memories.add(m);
        return new Binding(spec, m, null);
    }

    private void fill(Case c) {
        for (int i = 0; i < c.inputs().size(); i++) {
            TensorSpec spec = c.inputs().get(i).spec();
            if (spec != null && spec.size() > 0) {
                MemorySegment bytes = HostData.of(c.inputs().get(i), 31 * i + 3);
                for (Set s : sets) {
                    device.upload(bytes, s.in[i].memory());
                }
            }
        }
    }

    public int sets() {
        return sets.size();
    }

    /** Enqueues the op on the next set. */
    public void run() {
        Set s = sets.get(next);
        next = next + 1 == sets.size() ? 0 : next + 1;
        device.execute(op, s.in, s.out);
    }

    /** As {@link #run()} by a certain variant. */
    public void run(PlanRunner runner, GpuKernel<?> kernel) {
        Set s = sets.get(next);
        next = next + 1 == sets.size() ? 0 : next + 1;
        runner.execute(kernel, op, s.in, s.out);
    }

    @Override
    public void close() {
        memories.forEach(device::release);
        memories.clear();
    }
}
