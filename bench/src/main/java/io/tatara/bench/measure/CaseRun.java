package io.tatara.bench.measure;

import io.tatara.kernels.DType;
import io.tatara.kernels.Op;
import io.tatara.kernels.RefArray;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.check.Case;
import io.tatara.runtime.spi.BackEndDevice;
import io.tatara.runtime.spi.Binding;
import io.tatara.runtime.spi.Memory;
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
        RefArray[] drawn = c.draw(3);
        int count = sets(c, cacheBytes);
        for (int s = 0; s < count; s++) {
            sets.add(lay(drawn));
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

    private Set lay(RefArray[] drawn) {
        TensorSpec[] specs = new TensorSpec[drawn.length];
        Binding[] in = new Binding[drawn.length];
        for (int i = 0; i < drawn.length; i++) {
            if (drawn[i] != null) {
                specs[i] = drawn[i].spec();
                in[i] = bind(specs[i]);
                if (specs[i].size() > 0) {
                    device.upload(host(drawn[i]), in[i].memory());
                }
            }
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

    private static MemorySegment host(RefArray a) {
        double[] d = a.data();
        if (a.spec().dtype() == DType.INT32) {
            int[] v = new int[d.length];
            for (int i = 0; i < v.length; i++) {
                v[i] = (int) d[i];
            }
            return MemorySegment.ofArray(v);
        }
        float[] v = new float[d.length];
        for (int i = 0; i < v.length; i++) {
            v[i] = (float) d[i];
        }
        return MemorySegment.ofArray(v);
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

    @Override
    public void close() {
        memories.forEach(device::release);
        memories.clear();
    }
}
