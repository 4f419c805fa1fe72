package io.tatara.runtime.cuda;

import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * Page-locked host memory through which all copies go: the caller's memory is touched by the
 * calling thread alone, so that it may be on the heap, reused or closed, and uploads need not wait
 * for the device. Pieces of uploads come back when the copy is done, which is found out when pieces
 * are wanted.
 */
final class Staging {
    static final int SMALL = 64 << 10;
    static final int BIG = 4 << 20;

    private final CudaDriver driver;
    private final List<Piece> all = new ArrayList<>(); // guarded by itself
    private final Pool smallUp = new Pool(SMALL, 64);
    private final Pool bigUp = new Pool(BIG, 4);
    private final Pool smallDown = new Pool(SMALL, Integer.MAX_VALUE);
    private final Pool bigDown = new Pool(BIG, Integer.MAX_VALUE);

    Staging(CudaDriver driver) {
        this.driver = driver;
    }

    /** A piece of host memory that the device reads and writes, with an event behind its copy. */
    final class Piece {
        private final Pool pool;
        private final MemorySegment host;
        private final long event;

        private Piece(Pool pool) {
            this.pool = pool;
            this.host = driver.allocateHost(pool.size);
            this.event = driver.createEvent(false);
        }

        int size() {
            return pool.size;
        }

        MemorySegment host() {
            return host;
        }

        /** To be recorded behind the copy. */
        long event() {
            return event;
        }

        void give() {
            synchronized (pool) {
                pool.free.add(this);
            }
        }

        /** Gives it back once its event is done; to be called in the order of the stream. */
        void giveWhenDone() {
            synchronized (pool) {
                pool.flights.add(this);
            }
        }
    }

    /** Pieces of one size and use; its monitor guards what is in it. */
    private static final class Pool {
        final int size;
        final int most;
        int count;
        final Deque<Piece> free = new ArrayDeque<>();
        final Deque<Piece> flights = new ArrayDeque<>(); // in the stream's order

        Pool(int size, int most) {
            this.size = size;
            this.most = most;
        }
    }

    /** A piece for an upload of this many bytes or, where that is more, for a part of them. */
    Piece forUpload(long bytes) {
        return take(bytes <= SMALL ? smallUp : bigUp);
    }

    /** The same for a download. */
    Piece forDownload(long bytes) {
        return take(bytes <= SMALL ? smallDown : bigDown);
    }

    /** Waits only where all pieces are on their way to the device. */
    private Piece take(Pool pool) {
        Piece oldest = null;
        synchronized (pool) {
            while (!pool.flights.isEmpty() && driver.done(pool.flights.peek().event)) {
                pool.free.add(pool.flights.poll());
            }
            if (!pool.free.isEmpty()) {
                return pool.free.poll();
            }
            if (pool.count < pool.most || pool.flights.isEmpty()) {
                pool.count++;
            } else {
                oldest = pool.flights.poll();
            }
        }
        if (oldest != null) {
            driver.synchronizeEvent(oldest.event);
            return oldest;
        }
        Piece p = new Piece(pool);
        synchronized (all) {
            all.add(p);
        }
        return p;
    }

    /** To be called when the device has finished and nobody copies. */
    void close() {
        for (Piece p : all) {
            driver.destroyEvent(p.event);
            driver.freeHost(p.host);
        }
        all.clear();
    }
}
