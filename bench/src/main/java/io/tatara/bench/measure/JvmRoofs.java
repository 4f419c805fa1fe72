package io.tatara.bench.measure;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The roofs of the JVM back end: all its threads copy, or multiply and add in registers. The best
 * window counts.
 */
final class JvmRoofs {
    /** Many and short, so that on a busy machine some pass undisturbed. */
    private static final int WINDOWS = 30;

    private static final int WARM_UP = 5;

    /** Work that a thread repeats. */
    interface Loop {
        /** Does a piece of work; returns something that depends on it. */
        double piece();
    }

    private final int threads;
    private final long windowNanos;
    private volatile double sink;

    JvmRoofs(int threads, boolean quick) {
        this.threads = threads;
        this.windowNanos = TimeUnit.MILLISECONDS.toNanos(quick ? 8 : 20);
    }

    Roofs measure() {
        List<Roofs.Copy> copies = new ArrayList<>();
        for (long bytes : new long[] {512L << 10, 4L << 20, 32L << 20, 512L << 20}) {
            copies.add(new Roofs.Copy(bytes, copy(bytes)));
        }
        boolean vector = ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent();
        double flops =
                vector
                        ? best(() -> VectorRoof::piece, VectorRoof.flops())
                        : best(PlainRoof::new, PlainRoof.FLOPS);
        String how =
                (vector
                                ? "fused multiply-adds of the vector unit"
                                : "plain loops over a small array")
                        + ", "
                        + threads
                        + " threads";
        return new Roofs(flops, how, copies);
    }

    private double copy(long bytes) {
        int n = (int) (bytes / 8 / threads);
        return best(
                () -> {
                    float[] from = new float[n];
                    float[] to = new float[n];
                    java.util.Arrays.fill(from, 1);
                    return () -> {
                        System.arraycopy(from, 0, to, 0, n);
                        return to[n / 2];
                    };
                },
                8.0 * n);
    }

    /** Work a second over all threads, in the best of several windows. */
    double best(java.util.function.Supplier<Loop> maker, double workOfPiece) {
        // One beginning for all: a thread that was kept waiting has a longer window, so that only
        // what ran at the
        // same time adds up.
        AtomicLong begin = new AtomicLong();
        CyclicBarrier start = new CyclicBarrier(threads, () -> begin.set(System.nanoTime()));
        try (ExecutorService pool = Executors.newFixedThreadPool(threads)) {
            // All are made first: the start would wait in vain for one that found no memory.
            List<Future<Loop>> made = new ArrayList<>();
            for (int t = 0; t < threads; t++) {
                made.add(pool.submit(maker::get));
            }
            List<Loop> loops = new ArrayList<>();
            for (Future<Loop> f : made) {
                loops.add(f.get());
            }
            List<Future<double[]>> futures = new ArrayList<>();
            for (Loop loop : loops) {
                futures.add(pool.submit(() -> windows(loop, start, begin, workOfPiece)));
            }
            double[] sum = new double[WINDOWS];
            for (Future<double[]> f : futures) {
                double[] rates = f.get();
                for (int w = 0; w < WINDOWS; w++) {
                    sum[w] += rates[w];
                }
            }
            return java.util.Arrays.stream(sum).max().orElse(0);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new io.tatara.kernels.TataraException(
                    "interrupted while the roofs were measured", e);
        } catch (ExecutionException e) {
            throw new io.tatara.kernels.TataraException(
                    "the roofs cannot be measured: " + e.getCause(), e);
        }
    }

    private double[] windows(Loop loop, CyclicBarrier start, AtomicLong common, double work)
            throws Exception {
        double[] rates = new double[WINDOWS];
        double s = 0;
        for (int w = -WARM_UP; w < WINDOWS; w++) {
            start.await();
            long begin = common.get();
            long pieces = 0;
            long now;
            do {
                s += loop.piece();
                pieces++;
                now = System.nanoTime();
            } while (now - begin < windowNanos);
            if (w >= 0) {
                rates[w] = pieces * work / ((now - begin) * 1e-9);
            }
        }
        sink = s;
        return rates;
    }

    /**
     * What plain loops reach: C2 turns this into vector instructions, but each goes to the
     * first-level cache.
     */
    private static final class PlainRoof implements Loop {
        private static final int N = 1024;
        private static final int REPEAT = 256;
        static final double FLOPS = 2.0 * N * REPEAT;
        private final float[] a = new float[N];

        @Override
        public double piece() {
            for (int r = 0; r < REPEAT; r++) {
                add(a);
            }
            return a[7];
        }

        private static void add(float[] a) {
            for (int i = 0; i < N; i++) {
                a[i] = a[i] * 0.999f + 0.5f;
            }
        }
    }
}
