package io.tatara.runtime.cuda;

/** A driver call that did not return {@code CUDA_SUCCESS}; becomes one of the library's errors. */
final class CudaFailure extends RuntimeException {
    private final String call;
    private final int code;
    private final String name;

    /**
     * @param call the driver's function
     * @param code its {@code CUresult}
     * @param name of the code, such as {@code CUDA_ERROR_OUT_OF_MEMORY}
     */
    CudaFailure(String call, int code, String name) {
        super(call + " gives " + name + " (" + code + ")");
        this.call = call;
        this.code = code;
        this.name = name;
    }

    String call() {
        return call;
    }

    int code() {
        return code;
    }

    String name() {
        return name;
    }
}
