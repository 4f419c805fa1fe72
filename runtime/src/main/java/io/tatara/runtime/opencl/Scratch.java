package io.tatara.runtime.opencl;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.LongFunction;
import org.jocl.cl_mem;

/**
 * Buffers for the temporaries of plans. On an in-order queue the next plan may use them as soon as
 * the last launch of this one is enqueued, so that as many suffice as the hungriest plan needs.
 * Guarded by the device's queue lock.
 */
final class Scratch {
    private static final long GRAIN = 64 << 10;

    private record Buffer(cl_mem mem, long bytes) {}

    /** Gives a buffer back to the driver. */
    interface Free {
        void free(cl_mem mem, long bytes);
    }

    private final List<Buffer> buffers = new ArrayList<>(); // ascending by size
    private final LongFunction<cl_mem> allocate;
    private final Free free;

    Scratch(LongFunction<cl_mem> allocate, Free free) {
        this.allocate = allocate;
        this.free = free;
    }

    /** Buffers for temporaries of these sizes, to be used before the next call. */
    cl_mem[] take(List<Long> bytes) {
        cl_mem[] mems = new cl_mem[bytes.size()];
        boolean[] taken = new boolean[buffers.size() + mems.length];
        for (int t = 0; t < mems.length; t++) {
            int fit = -1;
            for (int i = 0; i < buffers.size() && fit < 0; i++) {
                if (!taken[i] && buffers.get(i).bytes() >= bytes.get(t)) {
                    fit = i;
                }
            }
            if (fit < 0) {
                grow(bytes);
                return take(bytes);
            }
            taken[fit] = true;
            mems[t] = buffers.get(fit).mem();
        }
        return mems;
    }

    /** Makes the buffers so that the i-th largest holds the i-th largest of these. */
    private void grow(List<Long> bytes) {
        List<Long> wanted = new ArrayList<>(bytes);
        wanted.sort(Comparator.reverseOrder());
        List<Long> missing = new ArrayList<>();
        for (int i = 0; i < wanted.size(); i++) {
            int at = buffers.size() - 1 - i;
            if (at < 0 || buffers.get(at).bytes() < wanted.get(i)) {
                missing.add((wanted.get(i) + GRAIN - 1) / GRAIN * GRAIN);
                if (at >= 0) {
                    Buffer small = buffers.set(at, new Buffer(null, 0));
                    free.free(small.mem(), small.bytes());
                }
            }
        }
        buffers.removeIf(b -> b.mem() == null);
        for (long m : missing) {
            buffers.add(new Buffer(allocate.apply(m), m));
        }
        buffers.sort(Comparator.comparingLong(Buffer::bytes));
    }

    /** Gives everything back; tells whether there was anything. */
    boolean trim() {
        boolean some = !buffers.isEmpty();
        buffers.forEach(b -> free.free(b.mem(), b.bytes()));
        buffers.clear();
        return some;
    }
}
