package io.tatara.runtime.opencl;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jocl.CL;
import org.jocl.Pointer;
import org.jocl.cl_command_queue;
import org.jocl.cl_context;
import org.jocl.cl_device_id;
import org.jocl.cl_event;
import org.jocl.cl_mem;

/**
 * Host memory that the driver allocated (page-locked where it matters), through which all copies
 * go: the caller's memory is touched by this thread alone, so that it may be on the heap, reused or
 * closed, and uploads need not wait for the device.
 *
 * <p>Uploads are copies between buffers, because JOCL starts a thread for each non-blocking write
 * from host memory. Their pieces come back when the copy is done, which is found out when pieces
 * are wanted.
 */
final class Staging {
    static final int SMALL = 64 << 10;
    static final int BIG = 4 << 20;

    private final cl_context context;
    private final cl_command_queue mapping; // maps pieces without waiting for the device's work
    private final List<Piece> all = new ArrayList<>(); // guarded by itself
    private final Pool smallUp = new Pool(SMALL, 64);
    private final Pool bigUp = new Pool(BIG, 4);
    private final Pool smallDown = new Pool(SMALL, Integer.MAX_VALUE);
    private final Pool bigDown = new Pool(BIG, Integer.MAX_VALUE);

    @SuppressWarnings("deprecation") // the newer call needs OpenCL 2.0
    Staging(cl_context context, cl_device_id device) {
        this.context = context;
        this.mapping = CL.clCreateCommandQueue(context, device, 0, null);
    }

    /** A piece of host memory that the device can read and write. */
    final class Piece {
        private final Pool pool;
        private final cl_mem mem;
        private ByteBuffer mapped;

        private Piece(Pool pool) {
            this.pool = pool;
            this.mem =
                    CL.clCreateBuffer(
                            context,
                            CL.CL_MEM_READ_WRITE | CL.CL_MEM_ALLOC_HOST_PTR,
                            pool.size,
                            null,
                            null);
        }

        int size() {
            return pool.size;
        }

        cl_mem mem() {
            return mem;
        }

        /** Lets the host see it. */
        MemorySegment map() {
            if (mapped == null) {
                mapped =
                        CL.clEnqueueMapBuffer(
                                mapping,
                                mem,
                                true,
                                CL.CL_MAP_READ | CL.CL_MAP_WRITE,
                                0,
                                pool.size,
                                0,
                                null,
                                null,
                                null);
            }
            return MemorySegment.ofBuffer(mapped);
        }

        /** The mapped bytes, for the driver's copies into host memory. */
        Pointer pointer() {
            return Pointer.to(mapped);
        }

        /** Ends the host's view; the device may use the piece after this event. */
        cl_event unmap() {
            cl_event e = new cl_event();
            CL.clEnqueueUnmapMemObject(mapping, mem, mapped, 0, null, e);
            mapped = null;
            CL.clFlush(mapping);
            return e;
        }

        void give() {
            synchronized (pool) {
                pool.free.add(this);
            }
        }

        /** Gives it back once the event is done; to be called in the order of the queue. */
        void giveAfter(cl_event e) {
            synchronized (pool) {
                pool.flights.add(new Flight(this, e));
            }
        }
    }

    private record Flight(Piece piece, cl_event event) {}

    /** Pieces of one size and use; its monitor guards what is in it. */
    private static final class Pool {
        final int size;
        final int most;
        int count;
        final Deque<Piece> free = new ArrayDeque<>();
        final Deque<Flight> flights = new ArrayDeque<>(); // in the queue's order

        Pool(int size, int most) {
            this.size = size;
            this.most = most;
        }
    }

    /**
     * A piece for an upload of this many bytes or, where that is more than a piece holds, a part of
     * them.
     */
    Piece forUpload(long bytes) {
        return take(bytes <= SMALL ? smallUp : bigUp);
    }

    /** The same for a download. */
    Piece forDownload(long bytes) {
        return take(bytes <= SMALL ? smallDown : bigDown);
    }

    /** Waits only where all pieces are on their way to the device. */
    private Piece take(Pool pool) {
        Flight oldest = null;
        synchronized (pool) {
            while (!pool.flights.isEmpty() && ClInfo.complete(pool.flights.peek().event())) {
                Flight f = pool.flights.poll();
                CL.clReleaseEvent(f.event());
                pool.free.add(f.piece());
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
            try {
                CL.clWaitForEvents(1, new cl_event[] {oldest.event()});
            } finally {
                CL.clReleaseEvent(oldest.event());
            }
            return oldest.piece();
        }
        Piece p = new Piece(pool);
        synchronized (all) {
            all.add(p);
        }
        return p;
    }

    /** To be called when the device's queue is finished and nobody copies. */
    void close() {
        for (Pool p : List.of(smallUp, bigUp, smallDown, bigDown)) {
            p.flights.forEach(f -> CL.clReleaseEvent(f.event()));
        }
        for (Piece p : all) {
            if (p.mapped != null) {
                CL.clReleaseEvent(p.unmap());
            }
        }
        CL.clFinish(mapping);
        all.forEach(p -> CL.clReleaseMemObject(p.mem));
        CL.clReleaseCommandQueue(mapping);
    }
}
