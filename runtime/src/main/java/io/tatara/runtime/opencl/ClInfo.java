package io.tatara.runtime.opencl;

import java.nio.charset.StandardCharsets;
import org.jocl.CL;
import org.jocl.Pointer;
import org.jocl.Sizeof;
import org.jocl.cl_device_id;
import org.jocl.cl_event;
import org.jocl.cl_kernel;
import org.jocl.cl_platform_id;
import org.jocl.cl_program;

/** The questions that OpenCL answers through a pointer and a size. */
final class ClInfo {
    private ClInfo() {}

    static String text(cl_platform_id p, int what) {
        long[] size = new long[1];
        CL.clGetPlatformInfo(p, what, 0, null, size);
        byte[] b = new byte[(int) size[0]];
        CL.clGetPlatformInfo(p, what, b.length, Pointer.to(b), null);
        return text(b);
    }

    static String text(cl_device_id d, int what) {
        long[] size = new long[1];
        CL.clGetDeviceInfo(d, what, 0, null, size);
        byte[] b = new byte[(int) size[0]];
        CL.clGetDeviceInfo(d, what, b.length, Pointer.to(b), null);
        return text(b);
    }

    /** A number of 4 or 8 bytes (in a little-endian process the same question). */
    static long number(cl_device_id d, int what) {
        return numbers(d, what, 1)[0];
    }

    static long[] numbers(cl_device_id d, int what, int count) {
        long[] v = new long[count];
        CL.clGetDeviceInfo(d, what, (long) count * Long.BYTES, Pointer.to(v), null);
        return v;
    }

    static String buildLog(cl_program p, cl_device_id d) {
        long[] size = new long[1];
        CL.clGetProgramBuildInfo(p, d, CL.CL_PROGRAM_BUILD_LOG, 0, null, size);
        byte[] b = new byte[(int) size[0]];
        if (b.length > 0) {
            CL.clGetProgramBuildInfo(p, d, CL.CL_PROGRAM_BUILD_LOG, b.length, Pointer.to(b), null);
        }
        return text(b);
    }

    /** The program's binary for its one device; empty where the driver gives none. */
    static byte[] binary(cl_program p) {
        long[] size = new long[1];
        CL.clGetProgramInfo(p, CL.CL_PROGRAM_BINARY_SIZES, Sizeof.size_t, Pointer.to(size), null);
        byte[] b = new byte[(int) size[0]];
        if (b.length > 0) {
            CL.clGetProgramInfo(
                    p, CL.CL_PROGRAM_BINARIES, Sizeof.POINTER, Pointer.to(Pointer.to(b)), null);
        }
        return b;
    }

    static int arguments(cl_kernel k) {
        int[] n = new int[1];
        CL.clGetKernelInfo(k, CL.CL_KERNEL_NUM_ARGS, Sizeof.cl_uint, Pointer.to(n), null);
        return n[0];
    }

    static long[] workGroup(cl_kernel k, cl_device_id d, int what, int count) {
        long[] v = new long[count];
        CL.clGetKernelWorkGroupInfo(k, d, what, (long) count * Long.BYTES, Pointer.to(v), null);
        return v;
    }

    /** Nanoseconds between start and end of a finished command. */
    static long duration(cl_event e) {
        long[] start = new long[1];
        long[] end = new long[1];
        CL.clGetEventProfilingInfo(
                e, CL.CL_PROFILING_COMMAND_START, Sizeof.cl_ulong, Pointer.to(start), null);
        CL.clGetEventProfilingInfo(
                e, CL.CL_PROFILING_COMMAND_END, Sizeof.cl_ulong, Pointer.to(end), null);
        return Math.max(0, end[0] - start[0]);
    }

    static boolean complete(cl_event e) {
        int[] status = new int[1];
        CL.clGetEventInfo(
                e, CL.CL_EVENT_COMMAND_EXECUTION_STATUS, Sizeof.cl_int, Pointer.to(status), null);
        return status[0] <= CL.CL_COMPLETE;
    }

    private static String text(byte[] b) {
        int n = b.length;
        while (n > 0 && b[n - 1] == 0) {
            n--;
        }
        return new String(b, 0, n, StandardCharsets.UTF_8).strip();
    }
}
