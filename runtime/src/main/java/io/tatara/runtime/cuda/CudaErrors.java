package io.tatara.runtime.cuda;

import io.tatara.kernels.TataraException;
import io.tatara.runtime.DeviceException;
import io.tatara.runtime.OutOfDeviceMemoryException;

/** Our exceptions for the driver's error codes. */
final class CudaErrors {
    static final int INVALID_VALUE = 1;
    static final int OUT_OF_MEMORY = 2;
    static final int DEINITIALIZED = 4;
    static final int NO_DEVICE = 100;
    static final int INVALID_IMAGE = 200;
    static final int NO_BINARY_FOR_GPU = 209;
    static final int INVALID_PTX = 218;
    static final int UNSUPPORTED_PTX_VERSION = 222;
    static final int INVALID_SOURCE = 300;
    static final int NOT_FOUND = 500;
    static final int NOT_READY = 600;
    static final int LAUNCH_OUT_OF_RESOURCES = 701;

    private CudaErrors() {}

    static boolean memory(CudaFailure e) {
        return e.code() == OUT_OF_MEMORY;
    }

    /**
     * Errors after which the context answers every call with the same error: memory that kernels
     * wrote is lost, and only a new context helps.
     */
    static boolean sticky(int code) {
        return switch (code) {
            case DEINITIALIZED, // the process is about to end
                    214, // ECC_UNCORRECTABLE
                    220, // NVLINK_UNCORRECTABLE
                    226, // CONTAINED
                    700, // ILLEGAL_ADDRESS
                    702, // LAUNCH_TIMEOUT
                    709, // CONTEXT_IS_DESTROYED
                    710, // ASSERT
                    714, // HARDWARE_STACK_ERROR
                    715, // ILLEGAL_INSTRUCTION
                    716, // MISALIGNED_ADDRESS
                    717, // INVALID_ADDRESS_SPACE
                    718, // INVALID_PC
                    719, // LAUNCH_FAILED
                    721, // TENSOR_MEMORY_LEAK
                    999 -> // UNKNOWN
                    true;
            default -> false;
        };
    }

    /** Whether the driver refuses an image: compiled by something newer, or for another chip. */
    static boolean image(CudaFailure e) {
        return switch (e.code()) {
            case INVALID_IMAGE,
                    NO_BINARY_FOR_GPU,
                    INVALID_PTX,
                    UNSUPPORTED_PTX_VERSION,
                    INVALID_SOURCE ->
                    true;
            default -> false;
        };
    }

    /**
     * @param what what was tried, such as {@code cuda:0 (NVIDIA H100): run matmul}
     */
    static TataraException of(String what, CudaFailure e) {
        if (memory(e)) {
            return new OutOfDeviceMemoryException(what + ": " + e.getMessage(), e);
        }
        return new DeviceException(
                what
                        + ": "
                        + e.getMessage()
                        + (sticky(e.code())
                                ? "; the device's memory is lost: close the device and open it again"
                                : ""),
                e);
    }
}
