package io.tatara.runtime.opencl;

import java.util.ArrayList;
import java.util.List;
import org.jocl.CL;
import org.jocl.cl_command_queue;
import org.jocl.cl_context;
import org.jocl.cl_context_properties;
import org.jocl.cl_device_id;
import org.jocl.cl_event;
import org.jocl.cl_mem;

/**
 * The context and the one in-order queue of a device. Its monitor orders what threads enqueue. The
 * queue carries profiling from the first time that somebody measures.
 */
final class ClQueue {
    /**
     * Launches after which the driver is told to begin, so that the device works while the host
     * goes on.
     */
    private static final int FLUSH = 8;

    /** Measured launches whose events are kept before they are waited for and summed. */
    private static final int EVENTS = 512;

    /** What a thread measures; measurements may stand in one another. */
    private static final class Timer {
        final Timer outer;
        final List<cl_event> events = new ArrayList<>();
        long nanos;

        Timer(Timer outer) {
            this.outer = outer;
        }

        void drain() {
            if (events.isEmpty()) {
                return;
            }
            CL.clWaitForEvents(events.size(), events.toArray(cl_event[]::new));
            for (cl_event e : events) {
                nanos += ClInfo.duration(e);
                CL.clReleaseEvent(e);
            }
            events.clear();
        }
    }

    private final cl_device_id device;
    private final cl_context context;
    private final List<cl_command_queue> all = new ArrayList<>();
    private final ThreadLocal<Timer> timers = new ThreadLocal<>();
    private cl_command_queue queue;
    private boolean profiling;
    private int unflushed;

    ClQueue(ClDevices.Found found) {
        device = found.device();
        cl_context_properties properties = new cl_context_properties();
        properties.addProperty(CL.CL_CONTEXT_PLATFORM, found.platform());
        context = CL.clCreateContext(properties, 1, new cl_device_id[] {device}, null, null, null);
        try {
            queue = create(0);
        } catch (RuntimeException e) {
            CL.clReleaseContext(context);
            throw e;
        }
    }

    @SuppressWarnings("deprecation") // the newer call needs OpenCL 2.0
    private cl_command_queue create(long properties) {
        cl_command_queue q = CL.clCreateCommandQueue(context, device, properties, null);
        all.add(q);
        return q;
    }

    cl_context context() {
        return context;
    }

    /** The queue itself, for those who hold the monitor. */
    cl_command_queue raw() {
        return queue;
    }

    synchronized void launch(ClPlan.Step s) {
        cl_event event = event();
        CL.clEnqueueNDRangeKernel(
                queue, s.kernel(), s.dims(), null, s.global(), s.local(), 0, null, event);
        enqueued(event);
    }

    synchronized void copy(cl_mem from, cl_mem to, long bytes) {
        cl_event event = event();
        CL.clEnqueueCopyBuffer(queue, from, to, 0, 0, bytes, 0, null, event);
        enqueued(event);
    }

    private cl_event event() {
        return timers.get() == null ? null : new cl_event();
    }

    private void enqueued(cl_event event) {
        if (event != null) {
            Timer t = timers.get();
            t.events.add(event);
            if (t.events.size() >= EVENTS) {
                t.drain();
            }
        }
        if (++unflushed >= FLUSH) {
            flush();
        }
    }

    /** Has the driver begin what is enqueued. */
    synchronized void flush() {
        CL.clFlush(queue);
        unflushed = 0;
    }

    void finish() {
        cl_command_queue q;
        synchronized (this) {
            q = queue;
            unflushed = 0;
        }
        CL.clFinish(q); // outside the monitor: others go on enqueueing
        SignalGuard.restore(); // some drivers compile at a kernel's first run
    }

    synchronized void beginTiming() {
        if (!profiling) {
            CL.clFinish(queue); // what follows on the other queue must come after
            queue = create(CL.CL_QUEUE_PROFILING_ENABLE);
            profiling = true;
        }
        timers.set(new Timer(timers.get()));
    }

    /** Nanoseconds of the kernels that this thread enqueued since it began. */
    long endTiming() {
        Timer t = timers.get();
        if (t.outer == null) {
            timers.remove();
        } else {
            timers.set(t.outer);
        }
        t.drain();
        if (t.outer != null) {
            t.outer.nanos += t.nanos;
        }
        return t.nanos;
    }

    synchronized void close() {
        all.forEach(CL::clReleaseCommandQueue);
        CL.clReleaseContext(context);
    }
}
