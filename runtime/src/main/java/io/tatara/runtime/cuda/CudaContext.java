package io.tatara.runtime.cuda;

/**
 * A context and the two streams of a device: one for kernels, one for uploads. Its monitor orders
 * what threads enqueue. The context is the device's primary one, shared with whatever else in the
 * process uses the CUDA runtime, or one that the caller made.
 */
final class CudaContext {
    private final CudaDriver driver;
    private final int device;
    private final boolean primary;
    private final boolean ownStream;
    private final long context;
    private final long compute;
    private final long copies;

    /**
     * @param foreign the caller's context, 0 for the primary one
     * @param stream the caller's stream in it, 0 for one of our own
     */
    CudaContext(CudaDriver driver, int device, long foreign, long stream) {
        this.driver = driver;
        this.device = device;
        this.primary = foreign == 0;
        this.ownStream = stream == 0;
        this.context = primary ? driver.retainPrimary(device) : foreign;
        long before = 0;
        long made = 0;
        try {
            before = enter();
            made = ownStream ? driver.createStream() : stream;
            copies = driver.createStream();
        } catch (CudaFailure e) {
            if (ownStream && made != 0) {
                driver.destroyStream(made);
            }
            exit(before);
            if (primary) {
                driver.releasePrimary(device);
            }
            throw e;
        }
        compute = made;
        exit(before);
    }

    CudaDriver driver() {
        return driver;
    }

    int device() {
        return device;
    }

    long context() {
        return context;
    }

    /** The stream of kernels and downloads. */
    long compute() {
        return compute;
    }

    /** The stream of uploads. */
    long copies() {
        return copies;
    }

    /**
     * Makes the context current on this thread.
     *
     * @return what was current, for {@link #exit}
     */
    long enter() {
        long before = driver.currentContext();
        if (before != context) {
            driver.makeCurrent(context);
        }
        return before;
    }

    /** Gives a thread that came with a context of its own that context back. */
    void exit(long before) {
        if (before != context && before != 0) {
            driver.makeCurrent(before);
        }
    }

    /** Waits for everything enqueued. */
    void synchronize() {
        driver.synchronizeStream(copies);
        driver.synchronizeStream(compute);
    }

    /** To be called in the context, when nothing runs. */
    void close() {
        try {
            driver.destroyStream(copies);
            if (ownStream) {
                driver.destroyStream(compute);
            }
        } finally {
            if (primary) {
                driver.makeCurrent(0);
                driver.releasePrimary(device);
            }
        }
    }
}
