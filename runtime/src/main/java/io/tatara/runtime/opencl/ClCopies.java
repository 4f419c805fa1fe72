package io.tatara.runtime.opencl;

import io.tatara.runtime.DeviceException;
import io.tatara.runtime.events.CopyEvent;
import java.lang.foreign.MemorySegment;
import org.jocl.CL;
import org.jocl.cl_command_queue;
import org.jocl.cl_event;
import org.jocl.cl_mem;

/** Copies between host and device, piece by piece through staging memory. */
final class ClCopies {
    private final String device;
    private final ClQueue queue;
    private final Staging staging;

    ClCopies(ClDevices.Found found, ClQueue queue) {
        this.device = found.info().id();
        this.queue = queue;
        this.staging = new Staging(queue.context(), found.device());
    }

    /** Returns when the source is read; the copy to the device goes on by itself. */
    void upload(MemorySegment from, OpenClMemory to) {
        long n = from.byteSize();
        check(n, to);
        CopyEvent event = new CopyEvent();
        event.begin();
        for (long at = 0; at < n; ) {
            Staging.Piece p = staging.forUpload(n - at);
            int part = (int) Math.min(p.size(), n - at);
            boolean flies = false;
            try {
                MemorySegment.copy(from, at, p.map(), 0, part);
                cl_event unmapped = p.unmap();
                try {
                    synchronized (queue) {
                        cl_event done = new cl_event();
                        CL.clEnqueueCopyBuffer(
                                queue.raw(),
                                p.mem(),
                                to.mem(),
                                0,
                                at,
                                part,
                                1,
                                new cl_event[] {unmapped},
                                done);
                        flies = true;
                        p.giveAfter(done);
                        queue.flush();
                    }
                } finally {
                    CL.clReleaseEvent(unmapped);
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

    void download(OpenClMemory from, MemorySegment to) {
        long n = to.byteSize();
        check(n, from);
        CopyEvent event = new CopyEvent();
        event.begin();
        cl_command_queue q;
        cl_mem mem;
        synchronized (queue) {
            q = queue.raw();
            mem = from.mem();
            CL.clRetainMemObject(
                    mem); // the read waits outside the monitor, where others may release it
        }
        try {
            for (long at = 0; at < n; ) {
                Staging.Piece p = staging.forDownload(n - at);
                int part = (int) Math.min(p.size(), n - at);
                try {
                    MemorySegment seen = p.map();
                    CL.clEnqueueReadBuffer(q, mem, true, at, part, p.pointer(), 0, null, null);
                    MemorySegment.copy(seen, 0, to, at, part);
                } finally {
                    p.give();
                }
                at += part;
            }
        } finally {
            CL.clReleaseMemObject(mem);
        }
        commit(event, false, n);
    }

    private void check(long bytes, OpenClMemory m) {
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
