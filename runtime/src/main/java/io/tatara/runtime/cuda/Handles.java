package io.tatara.runtime.cuda;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import jcuda.NativePointerObject;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUevent;
import jcuda.driver.CUfunction;
import jcuda.driver.CUgraph;
import jcuda.driver.CUgraphExec;
import jcuda.driver.CUmodule;
import jcuda.driver.CUstream;

/**
 * JCuda's handle objects and the raw values in them. JCuda keeps the value in a private field
 * without a way to set it, which people who join two libraries need.
 */
final class Handles {
    private static final VarHandle POINTER;
    private static final VarHandle OFFSET;

    static {
        try {
            POINTER =
                    MethodHandles.privateLookupIn(NativePointerObject.class, MethodHandles.lookup())
                            .findVarHandle(NativePointerObject.class, "nativePointer", long.class);
            OFFSET =
                    MethodHandles.privateLookupIn(jcuda.Pointer.class, MethodHandles.lookup())
                            .findVarHandle(jcuda.Pointer.class, "byteOffset", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private Handles() {}

    /** An address, with the offset that JCuda keeps beside it. */
    static long address(jcuda.Pointer p) {
        return p == null || raw(p) == 0 ? 0 : raw(p) + (long) OFFSET.get(p);
    }

    static long raw(NativePointerObject o) {
        return o == null ? 0 : (long) POINTER.get(o);
    }

    private static <T extends NativePointerObject> T set(T o, long value) {
        POINTER.set((NativePointerObject) o, value);
        return o;
    }

    static CUcontext context(long value) {
        return set(new CUcontext(), value);
    }

    static CUstream stream(long value) {
        return set(new CUstream(), value);
    }

    static CUevent event(long value) {
        return set(new CUevent(), value);
    }

    static CUdeviceptr pointer(long value) {
        return set(new CUdeviceptr(), value);
    }

    static CUmodule module(long value) {
        return set(new CUmodule(), value);
    }

    static CUfunction function(long value) {
        return set(new CUfunction(), value);
    }

    static CUgraph graph(long value) {
        return set(new CUgraph(), value);
    }

    static CUgraphExec executable(long value) {
        return set(new CUgraphExec(), value);
    }

    static jcuda.Pointer host(long address) {
        return set(new jcuda.Pointer(), address);
    }
}
