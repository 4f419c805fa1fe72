package io.tatara.bench.peers;

import io.tatara.kernels.TataraException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;

/** What of OpenCL a library needs that wants a queue and buffers: the first CPU of any platform. */
final class OpenClCalls {
    private static final ValueLayout.OfInt I = ValueLayout.JAVA_INT;
    private static final ValueLayout.OfLong L = ValueLayout.JAVA_LONG;
    private static final MemoryLayout P = ValueLayout.ADDRESS;
    private static final long CPU = 1 << 1;
    private static final int NAME = 0x102B;
    private static final long READ_WRITE = 1;

    private final Arena arena = Arena.global();
    private final SymbolLookup library = SymbolLookup.libraryLookup("libOpenCL.so.1", arena);
    private final MethodHandle create =
            call("clCreateBuffer", FunctionDescriptor.of(P, P, L, L, P, P));
    private final MethodHandle finish = call("clFinish", FunctionDescriptor.of(I, P));
    private final MethodHandle write = copy("clEnqueueWriteBuffer");
    private final MethodHandle read = copy("clEnqueueReadBuffer");
    private final MethodHandle release = call("clReleaseMemObject", FunctionDescriptor.of(I, P));
    private final MemorySegment device;
    private final MemorySegment context;
    private final MemorySegment queue;

    OpenClCalls() {
        device = cpu();
        MemorySegment error = arena.allocate(I);
        MemorySegment devices = arena.allocateFrom(ValueLayout.ADDRESS, device);
        context =
                handle(
                        call("clCreateContext", FunctionDescriptor.of(P, P, I, P, P, P, P)),
                        error,
                        MemorySegment.NULL,
                        1,
                        devices,
                        MemorySegment.NULL,
                        MemorySegment.NULL,
                        error);
        queue =
                handle(
                        call("clCreateCommandQueue", FunctionDescriptor.of(P, P, P, L, P)),
                        error,
                        context,
                        device,
                        0L,
                        error);
    }

    private MethodHandle call(String name, FunctionDescriptor f) {
        return Linker.nativeLinker().downcallHandle(library.findOrThrow(name), f);
    }

    private MethodHandle copy(String name) {
        return call(name, FunctionDescriptor.of(I, P, P, I, L, L, P, I, P, P));
    }

    private MemorySegment handle(MethodHandle h, MemorySegment error, Object... arguments) {
        try {
            MemorySegment made = (MemorySegment) h.invokeWithArguments(arguments);
            check(error.get(I, 0));
            return made;
        } catch (TataraException e) {
            throw e;
        } catch (Throwable t) {
            throw new TataraException("OpenCL: " + t, t);
        }
    }

    private static void check(int code) {
        if (code != 0) {
            throw new TataraException("OpenCL answered " + code);
        }
    }

    private void run(MethodHandle h, Object... arguments) {
        try {
            check((int) h.invokeWithArguments(arguments));
        } catch (TataraException e) {
            throw e;
        } catch (Throwable t) {
            throw new TataraException("OpenCL: " + t, t);
        }
    }

    private MemorySegment cpu() {
        MethodHandle platforms = call("clGetPlatformIDs", FunctionDescriptor.of(I, I, P, P));
        MethodHandle devices = call("clGetDeviceIDs", FunctionDescriptor.of(I, P, L, I, P, P));
        MemorySegment count = arena.allocate(I);
        MemorySegment found = arena.allocate(8 * 16);
        run(platforms, 16, found, count);
        for (int i = 0; i < count.get(I, 0); i++) {
            MemorySegment platform = found.getAtIndex(ValueLayout.ADDRESS, i);
            MemorySegment one = arena.allocate(8);
            try {
                run(devices, platform, CPU, 1, one, MemorySegment.NULL);
                return one.get(ValueLayout.ADDRESS, 0);
            } catch (TataraException e) {
                continue; // a platform without a CPU
            }
        }
        throw new TataraException("no OpenCL platform has a CPU; PoCL is one");
    }

    /** Of the device. */
    String name() {
        MethodHandle info = call("clGetDeviceInfo", FunctionDescriptor.of(I, P, I, L, P, P));
        MemorySegment text = arena.allocate(256);
        run(info, device, NAME, 256L, text, MemorySegment.NULL);
        return text.getString(0, StandardCharsets.UTF_8).strip();
    }

    /** A pointer to the queue, as C libraries take it. */
    MemorySegment queuePointer() {
        return arena.allocateFrom(ValueLayout.ADDRESS, queue);
    }

    MemorySegment buffer(int floats) {
        MemorySegment error = arena.allocate(I);
        long bytes = 4L * floats;
        return handle(create, error, context, READ_WRITE, bytes, MemorySegment.NULL, error);
    }

    MemorySegment buffer(float[] values) {
        MemorySegment b = buffer(values.length);
        try (Arena local = Arena.ofConfined()) {
            MemorySegment host = local.allocateFrom(ValueLayout.JAVA_FLOAT, values);
            enqueue(write, b, host);
        }
        return b;
    }

    private void enqueue(MethodHandle h, MemorySegment b, MemorySegment host) {
        MemorySegment none = MemorySegment.NULL;
        run(h, queue, b, 1, 0L, host.byteSize(), host, 0, none, none);
    }

    float[] floats(MemorySegment b, int size) {
        try (Arena local = Arena.ofConfined()) {
            MemorySegment host = local.allocate(4L * size, 4);
            enqueue(read, b, host);
            return host.toArray(ValueLayout.JAVA_FLOAT);
        }
    }

    void finish() {
        run(finish, queue);
    }

    void release(MemorySegment b) {
        run(release, b);
    }
}
