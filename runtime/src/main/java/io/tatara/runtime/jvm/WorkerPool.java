package io.tatara.runtime.jvm;

import io.tatara.kernels.jvm.Workers;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.locks.LockSupport;

/**
 * Worker threads that take chunks of parallel loops. The caller always takes part, so that a loop
 * is done even if no worker gets a core: on a busy machine it degrades to one thread instead of
 * waiting at a barrier. Who has nothing left to do spins for about as long as a chunk took him,
 * since that is how long others may still have to do, then parks: on virtual machines a thread that
 * parked takes longer to come back than many a loop lasts. Workers are kept off the processor of
 * the thread that last gave them work ({@link Placement}).
 */
final class WorkerPool implements Workers, AutoCloseable {
    /** Of spinning, at least and at most. */
    private static final long LEAST_PATIENCE_NANOS = 50_000;

    private static final long MOST_PATIENCE_NANOS = 1_000_000;

    /** Chunks of a loop take differently long. */
    private static final int PATIENT_CHUNKS = 2;

    private static final int CHUNKS_PER_THREAD = 4;
    private static final long MOVE_NANOS = 200_000;
    private static final long SETTLED_NANOS = 1_000_000_000;

    /** One parallel loop: chunks are claimed by counting up. */
    private static final class Loop {
        final Body body;
        final int n;
        final int chunk;
        final int chunks;
        final AtomicInteger next = new AtomicInteger();
        final AtomicInteger done = new AtomicInteger();
        final Thread caller = Thread.currentThread();
        volatile Throwable failure;

        Loop(Body body, int n, int chunk) {
            this.body = body;
            this.n = n;
            this.chunk = chunk;
            this.chunks = ceilDiv(n, chunk);
        }

        boolean exhausted() {
            return next.get() >= chunks;
        }

        /**
         * Takes chunks while there are any; how long it is worth spinning then, in ns.
         *
         * @param before the same of the loop before, kept where there was no chunk left
         */
        long work(long before) {
            long start = System.nanoTime();
            int taken = 0;
            for (int c = next.getAndIncrement(); c < chunks; c = next.getAndIncrement()) {
                try {
                    if (failure == null) {
                        int from = c * chunk;
                        body.run(from, from + Math.min(chunk, n - from));
                    }
                } catch (Throwable t) {
                    failure = t;
                } finally {
                    if (done.incrementAndGet() == chunks) {
                        LockSupport.unpark(caller);
                    }
                }
                taken++;
            }
            if (taken == 0) {
                return before;
            }
            long chunk = (System.nanoTime() - start) / taken;
            return Math.clamp(PATIENT_CHUNKS * chunk, LEAST_PATIENCE_NANOS, MOST_PATIENCE_NANOS);
        }
    }

    private final int threads;
    private final Thread[] workers;
    private final ConcurrentLinkedQueue<Loop> loops = new ConcurrentLinkedQueue<>();
    private final AtomicIntegerArray sleeping;
    private final ThreadLocal<Boolean> inside = ThreadLocal.withInitial(() -> false);
    private final long created = System.nanoTime();
    private final int[] numbers;
    private volatile Placement placement;
    private volatile int kept = -1;
    private volatile long moved = System.nanoTime();
    private volatile boolean closed;

    WorkerPool(int threads) {
        this.threads = threads;
        this.workers = new Thread[threads - 1];
        this.numbers = new int[workers.length];
        this.sleeping = new AtomicIntegerArray(workers.length);
        for (int i = 0; i < workers.length; i++) {
            workers[i] =
                    Thread.ofPlatform().name("tatara-worker-" + i).daemon(true).unstarted(serve(i));
        }
        for (Thread t : workers) {
            t.start();
        }
    }

    @Override
    public int threads() {
        return threads;
    }

    @Override
    public void parallelFor(int n, int grain, Body body) {
        if (n <= 0) {
            return;
        }
        int least = Math.max(1, grain);
        if (threads == 1 || n <= least || inside.get()) {
            body.run(0, n);
            return;
        }
        int even = ceilDiv(n, threads * CHUNKS_PER_THREAD);
        Loop loop = new Loop(body, n, Math.max(least, even));
        if (loop.chunks == 1) {
            body.run(0, n);
            return;
        }
        loops.add(loop);
        wake(loop.chunks - 1);
        inside.set(true);
        long patience;
        try {
            patience = loop.work(MOST_PATIENCE_NANOS);
        } finally {
            inside.set(false);
        }
        loops.remove(loop);
        await(loop, patience);
        Throwable t = loop.failure;
        if (t != null) {
            throw rethrow(t);
        }
    }

    /**
     * In longs: the sum may be more than an int holds, and a loop of below 0 chunks does nothing.
     */
    private static int ceilDiv(int n, int parts) {
        return (int) (((long) n + parts - 1) / parts);
    }

    private static void await(Loop loop, long patience) {
        long since = System.nanoTime();
        boolean interrupted = false;
        while (loop.done.get() < loop.chunks) {
            if (System.nanoTime() - since < patience) {
                Thread.onSpinWait();
            } else {
                LockSupport.park(loop);
                interrupted |= Thread.interrupted();
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    @SuppressWarnings("unchecked")
    private static <T extends Throwable> RuntimeException rethrow(Throwable t) throws T {
        throw (T) t;
    }

    private void wake(int wanted) {
        place();
        int left = wanted;
        for (int i = 0; i < workers.length && left > 0; i++, left--) {
            if (sleeping.get(i) != 0) {
                LockSupport.unpark(workers[i]);
            }
        }
    }

    /**
     * Keeps the workers off the caller's processor. Callers on several processors at once would
     * send the workers back and forth, so that a move waits a while after the last one.
     */
    private void place() {
        Placement p = placement;
        // The system gives numbers of threads that ended to others.
        if (p == null || closed) {
            return;
        }
        int cpu = p.cpu();
        if (cpu == kept) {
            return;
        }
        long now = System.nanoTime();
        if (now - moved < MOVE_NANOS) {
            return;
        }
        moved = now;
        kept = cpu;
        for (int number : numbers) {
            p.keepOff(number, cpu);
        }
    }

    /** Linking native calls takes as long as a small program's first result. */
    private boolean settled() {
        return System.nanoTime() - created > SETTLED_NANOS;
    }

    private boolean mayRegister(int index, long idle) {
        return idle > LEAST_PATIENCE_NANOS && settled() && (index == 0 || placement != null);
    }

    /** Only when a worker has nothing to do, so that no result waits for it. */
    private void register(int index) {
        Placement p = index == 0 ? Placement.ofCallingThread() : placement;
        if (p != null) {
            numbers[index] = p.thread();
            kept = -1;
            placement = p;
        }
    }

    private Runnable serve(int index) {
        return () -> {
            inside.set(true);
            long since = System.nanoTime();
            long patience = LEAST_PATIENCE_NANOS;
            boolean registered = false;
            while (!closed) {
                Loop loop = find();
                if (loop != null) {
                    patience = loop.work(patience);
                    since = System.nanoTime();
                } else if (!registered && mayRegister(index, System.nanoTime() - since)) {
                    register(index);
                    registered = true;
                } else if (System.nanoTime() - since < patience) {
                    Thread.onSpinWait();
                } else {
                    sleeping.set(index, 1);
                    // A loop that was added before this look is found by it; one added after sees
                    // the flag.
                    if (find() == null && !closed) {
                        LockSupport.park(this);
                    }
                    sleeping.set(index, 0);
                    since = System.nanoTime();
                }
            }
        };
    }

    private Loop find() {
        for (Loop l : loops) {
            if (!l.exhausted()) {
                return l;
            }
        }
        return null;
    }

    @Override
    public void close() {
        closed = true;
        for (Thread t : workers) {
            LockSupport.unpark(t);
        }
    }
}
