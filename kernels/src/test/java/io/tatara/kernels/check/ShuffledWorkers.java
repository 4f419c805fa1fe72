package io.tatara.kernels.check;

import io.tatara.kernels.jvm.Workers;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Threads as hostile as the contract allows: smallest chunks, in random order, on whichever thread
 * is free.
 */
final class ShuffledWorkers implements Workers {
    private static final int THREADS = 3;
    private static final ThreadLocal<Boolean> INSIDE = ThreadLocal.withInitial(() -> false);
    private static final ExecutorService POOL =
            Executors.newFixedThreadPool(THREADS, Thread.ofPlatform().daemon().factory());

    private final Random random;

    ShuffledWorkers(long seed) {
        random = new Random(seed);
    }

    @Override
    public int threads() {
        return THREADS;
    }

    @Override
    public void parallelFor(int n, int grain, Body body) {
        if (INSIDE.get()) {
            Workers.SERIAL.parallelFor(n, grain, body);
            return;
        }
        List<Integer> starts = new ArrayList<>();
        int step = Math.max(1, grain);
        for (long from = 0; from < n; from += step) {
            starts.add((int) from);
        }
        Collections.shuffle(starts, random);
        List<Future<?>> running = new ArrayList<>();
        for (int from : starts) {
            int to = (int) Math.min(n, (long) from + step);
            running.add(
                    POOL.submit(() -> {
                        INSIDE.set(true);
                        body.run(from, to);
                    }));
        }
        for (Future<?> f : running) {
            try {
                f.get();
            } catch (Exception e) {
                throw new IllegalStateException("a chunk failed", e);
            }
        }
    }
}
