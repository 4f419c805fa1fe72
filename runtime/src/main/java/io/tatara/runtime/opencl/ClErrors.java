package io.tatara.runtime.opencl;

import io.tatara.kernels.TataraException;
import io.tatara.runtime.DeviceException;
import io.tatara.runtime.OutOfDeviceMemoryException;
import org.jocl.CL;
import org.jocl.CLException;

/** Our exceptions for OpenCL's error codes. */
final class ClErrors {
    private ClErrors() {}

    static boolean memory(CLException e) {
        return switch (e.getStatus()) {
            case CL.CL_MEM_OBJECT_ALLOCATION_FAILURE,
                    CL.CL_OUT_OF_RESOURCES,
                    CL.CL_OUT_OF_HOST_MEMORY,
                    CL.CL_INVALID_BUFFER_SIZE ->
                    true;
            default -> false;
        };
    }

    /**
     * @param what what was tried, such as {@code opencl:0: run matmul}
     */
    static TataraException of(String what, CLException e) {
        String message =
                what + ": " + CL.stringFor_errorCode(e.getStatus()) + " (" + e.getStatus() + ")";
        return memory(e)
                ? new OutOfDeviceMemoryException(message, e)
                : new DeviceException(message, e);
    }
}
