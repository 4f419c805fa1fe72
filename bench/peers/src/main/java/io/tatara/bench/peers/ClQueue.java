package io.tatara.bench.peers;

import io.tatara.kernels.TataraException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.jocl.CL;
import org.jocl.CLException;
import org.jocl.NativePointerObject;
import org.jocl.Pointer;
import org.jocl.Sizeof;
import org.jocl.cl_command_queue;
import org.jocl.cl_context;
import org.jocl.cl_context_properties;
import org.jocl.cl_device_id;
import org.jocl.cl_mem;
import org.jocl.cl_platform_id;
import org.jocl.cl_queue_properties;

/** A queue and buffers on the first CPU of any OpenCL platform, for a library that wants them. */
final class ClQueue {
    private static final int MOST_PLATFORMS = 16;

    private final cl_device_id device;
    private final cl_context context;
    private final cl_command_queue queue;

    ClQueue() {
        CL.setExceptionsEnabled(true);
        cl_device_id[] one = new cl_device_id[1];
        cl_context_properties properties = new cl_context_properties();
        for (cl_platform_id p : platforms()) {
            try {
                CL.clGetDeviceIDs(p, CL.CL_DEVICE_TYPE_CPU, 1, one, null);
                properties.addProperty(CL.CL_CONTEXT_PLATFORM, p);
                break;
            } catch (CLException e) {
                continue; // a platform without a CPU
            }
        }
        if (one[0] == null) {
            throw new TataraException("no OpenCL platform has a CPU; PoCL is one");
        }
        device = one[0];
        context = CL.clCreateContext(properties, 1, one, null, null, null);
        queue =
                CL.clCreateCommandQueueWithProperties(
                        context, device, new cl_queue_properties(), null);
    }

    private static List<cl_platform_id> platforms() {
        cl_platform_id[] all = new cl_platform_id[MOST_PLATFORMS];
        int[] count = new int[1];
        CL.clGetPlatformIDs(all.length, all, count);
        List<cl_platform_id> there = new ArrayList<>();
        for (int i = 0; i < Math.min(count[0], all.length); i++) {
            there.add(all[i]);
        }
        return there;
    }

    /** Of the device. */
    String name() {
        byte[] text = new byte[256];
        long[] length = new long[1];
        CL.clGetDeviceInfo(device, CL.CL_DEVICE_NAME, text.length, Pointer.to(text), length);
        return new String(text, 0, Math.max(0, (int) length[0] - 1)).strip();
    }

    /** A handle as C takes it. */
    static MemorySegment handle(NativePointerObject o) {
        return MemorySegment.ofAddress(o.getNativePointer());
    }

    /** A pointer to the queue, as C libraries take it. */
    MemorySegment pointer() {
        return Arena.global().allocateFrom(ValueLayout.ADDRESS, handle(queue));
    }

    cl_mem buffer(int floats) {
        long bytes = (long) Sizeof.cl_float * floats;
        return CL.clCreateBuffer(context, CL.CL_MEM_READ_WRITE, bytes, null, null);
    }

    cl_mem buffer(float[] values) {
        cl_mem b = buffer(values.length);
        long bytes = (long) Sizeof.cl_float * values.length;
        CL.clEnqueueWriteBuffer(queue, b, true, 0, bytes, Pointer.to(values), 0, null, null);
        return b;
    }

    float[] floats(cl_mem b, int size) {
        float[] values = new float[size];
        long bytes = (long) Sizeof.cl_float * size;
        CL.clEnqueueReadBuffer(queue, b, true, 0, bytes, Pointer.to(values), 0, null, null);
        return values;
    }

    void finish() {
        CL.clFinish(queue);
    }
}
