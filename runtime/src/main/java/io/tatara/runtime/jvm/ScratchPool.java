package io.tatara.runtime.jvm;

import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Scratch arrays of powers of two, shared by all threads. What was handed back last is handed out
 * first.
 */
final class ScratchPool {
    private static final int SMALLEST = 8;
    private static final long MOST_KEPT = 1L << 28;

    @SuppressWarnings({"unchecked", "rawtypes"})
    private final ConcurrentLinkedDeque<float[]>[] free = new ConcurrentLinkedDeque[32];

    private final AtomicLong kept = new AtomicLong();

    ScratchPool() {
        for (int i = 0; i < free.length; i++) {
            free[i] = new ConcurrentLinkedDeque<>();
        }
    }

    float[] acquire(int n) {
        int c = sizeClass(n);
        float[] a = free[c].pollFirst();
        if (a == null) {
            return new float[(int) Math.min(1L << c, Integer.MAX_VALUE - 8)];
        }
        kept.addAndGet(-a.length);
        return a;
    }

    void release(float[] a) {
        // Beyond a gigabyte of floats the collector may have it.
        if (kept.addAndGet(a.length) > MOST_KEPT) {
            kept.addAndGet(-a.length);
            return;
        }
        free[sizeClass(a.length)].addFirst(a);
    }

    private static int sizeClass(int n) {
        return Math.max(SMALLEST, 32 - Integer.numberOfLeadingZeros(Math.max(1, n) - 1));
    }
}
