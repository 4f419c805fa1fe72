package io.tatara.runtime.cuda;

import io.tatara.runtime.DeviceException;
import io.tatara.runtime.events.CopyEvent;
import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.Deque;

/** Copies between host and device, piece by piece through page-locked memory. */
final class CudaCopies {
    /** Pieces of a download on their way while the one before is copied to the caller. */
    private static final int AHEAD = 2;

    private final String device;
    private final CudaContext context;
    private final CudaDriver driver;
    private final Order order;
    private final Staging staging;

    CudaCopies(CudaDevices.Found found, CudaContext context, Order order) {
        this.device = found.info().id();
        this.context = context;
        this.driver = context.driver();
        this.order = order;
        this.staging = new Staging(driver);
    }

    /** Returns when the source is read; the copy to the device goes on by itself. */
    void upload(MemorySegment from, CudaMemory to) {
        long n = from.byteSize();
        check(n, to);
        CopyEvent event = new CopyEvent();
        event.begin();
        for (long at = 0; at < n; ) {
            Staging.Piece p = staging.forUpload(n - at);
            int part = (int) Math.min(p.size(), n - at);
            boolean flies = false;
            try {
                MemorySegment.copy(from, at, p.host(), 0, part);
                synchronized (context) {
                    order.beforeUpload(to);
                    driver.upload(to.pointer() + at, p.host(), part, context.copies());
                    driver.record(p.event(), context.copies());
                    p.giveWhenDone();
                    flies = true;
                    order.afterUpload(to);
                }
            } finally {
                if (!flies) {
                    p.give();
                }
            }
            at += part;
        }
        commit(event, true, n);
    }

    private record Part(Staging.Piece piece, long at, int bytes) {}

    /** On the compute stream: behind everything enqueued, and nothing behind it overtakes it. */
    void download(CudaMemory from, MemorySegment to) {
        long n = to.byteSize();
        check(n, from);
        CopyEvent event = new CopyEvent();
        event.begin();
        Deque<Part> flights = new ArrayDeque<>();
        try {
            for (long at = 0; at < n || !flights.isEmpty(); ) {
                if (at < n && flights.size() < AHEAD) {
                    Part p = begin(from, at, n - at);
                    flights.add(p);
                    at += p.bytes();
                } else {
                    Part p = flights.peek();
                    driver.synchronizeEvent(p.piece().event());
                    MemorySegment.copy(p.piece().host(), 0, to, p.at(), p.bytes());
                    flights.poll().piece().give();
                }
            }
        } finally {
            // After an error: what is still being written must not be lent to others.
            flights.forEach(p -> p.piece().giveWhenDone());
        }
        commit(event, false, n);
    }

    private Part begin(CudaMemory from, long at, long left) {
        Staging.Piece p = staging.forDownload(left);
        boolean flies = false;
        try {
            int part = (int) Math.min(p.size(), left);
            synchronized (context) {
                order.next();
                order.use(from);
                driver.download(p.host(), from.pointer() + at, part, context.compute());
                driver.record(p.event(), context.compute());
            }
            flies = true;
            return new Part(p, at, part);
        } finally {
            if (!flies) {
                p.give();
            }
        }
    }

    private void check(long bytes, CudaMemory m) {
        if (bytes > m.bytes()) {
            throw new DeviceException(
                    device + ": copy of " + bytes + " bytes, memory of " + m.bytes());
        }
    }

    private void commit(CopyEvent event, boolean upload, long bytes) {
        if (event.shouldCommit()) {
            event.device = device;
            event.upload = upload;
            event.bytes = bytes;
            event.commit();
        }
    }

    void close() {
        staging.close();
    }
}
