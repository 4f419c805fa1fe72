package io.tatara.runtime.cuda;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.LongUnaryOperator;

/**
 * Buffers for the temporaries of plans. On one stream the next plan may use them as soon as the
 * last launch of this one is enqueued, so that as many suffice as the hungriest plan needs. A
 * captured graph has buffers of its own, since it keeps their addresses. Guarded by the device's
 * monitor.
 */
final class Scratch {
    private static final long GRAIN = 64 << 10;
    private static final long[] NONE = {};

    private record Buffer(long pointer, long bytes) {}

    /** Gives a buffer back to the driver. */
    interface Free {
        void free(long pointer, long bytes);
    }

    private final List<Buffer> buffers = new ArrayList<>(); // ascending by size
    private final LongUnaryOperator allocate;
    private final Free free;

    Scratch(LongUnaryOperator allocate, Free free) {
        this.allocate = allocate;
        this.free = free;
    }

    /** Buffers for temporaries of these sizes, to be used before the next call. */
    long[] take(List<Long> bytes) {
        if (bytes.isEmpty()) {
            return NONE;
        }
        long[] pointers = new long[bytes.size()];
        boolean[] taken = new boolean[buffers.size()];
        for (int t = 0; t < pointers.length; t++) {
            int fit = -1;
            for (int i = 0; i < taken.length && fit < 0; i++) {
                if (!taken[i] && buffers.get(i).bytes() >= bytes.get(t)) {
                    fit = i;
                }
            }
            if (fit < 0) {
                grow(bytes);
                return take(bytes);
            }
            taken[fit] = true;
            pointers[t] = buffers.get(fit).pointer();
        }
        return pointers;
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
                    Buffer small = buffers.set(at, new Buffer(0, 0));
                    free.free(small.pointer(), small.bytes());
                }
            }
        }
        buffers.removeIf(b -> b.pointer() == 0);
        for (long m : missing) {
            buffers.add(new Buffer(allocate.applyAsLong(m), m));
        }
        buffers.sort(Comparator.comparingLong(Buffer::bytes));
    }

    /** Gives everything back; tells whether there was anything. */
    boolean trim() {
        boolean some = !buffers.isEmpty();
        buffers.forEach(b -> free.free(b.pointer(), b.bytes()));
        buffers.clear();
        return some;
    }
}
