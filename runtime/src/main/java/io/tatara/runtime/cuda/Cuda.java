package io.tatara.runtime.cuda;

import io.tatara.kernels.TensorSpec;
import io.tatara.runtime.Device;
import io.tatara.runtime.DeviceException;
import io.tatara.runtime.Scope;
import io.tatara.runtime.Tensor;
import io.tatara.runtime.cache.ProgramCache;
import java.util.Objects;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUstream;

/**
 * Joins the library with CUDA code of one's own (JCuda): devices on an existing context, tensors
 * over existing memory, and the context, stream and addresses of ours.
 */
public final class Cuda {
    private Cuda() {}

    /** As {@link #open(CUcontext, CUstream)} with a stream of the library's own. */
    public static Device open(CUcontext context) {
        return open(context, null);
    }

    /**
     * Opens a device on the caller's context. The context, and the stream where one is given, must
     * outlive the device, which destroys neither.
     *
     * @param stream what the library enqueues its kernels on, so that they and the caller's stand
     *     in one order; null for a stream of its own, which the caller then synchronizes with
     * @throws DeviceException if there is no CUDA here, or the context is none
     */
    public static Device open(CUcontext context, CUstream stream) {
        long raw = Handles.raw(Objects.requireNonNull(context, "context"));
        if (raw == 0) {
            throw new DeviceException("CUDA: the CUcontext was never created");
        }
        if (stream != null && Handles.raw(stream) == 0) {
            throw new DeviceException(
                    "CUDA: the CUstream was never created; null asks for one of the library's own");
        }
        CudaDevices devices = new CudaBackEnd().find();
        for (CudaDevices.Found f : devices.devices()) {
            if (deviceOf(f.driver(), raw) == f.device()) {
                return Device.of(
                        new CudaDevice(f, ProgramCache.standard(), raw, Handles.raw(stream)));
            }
        }
        throw new DeviceException(
                "CUDA: no usable device for this context: " + String.join(" ", devices.absences()));
    }

    private static int deviceOf(CudaDriver driver, long context) {
        try {
            long before = driver.currentContext();
            try {
                driver.makeCurrent(context);
                return driver.currentDevice();
            } finally {
                driver.makeCurrent(before);
            }
        } catch (CudaFailure e) {
            throw CudaErrors.of("CUDA: the caller's context", e);
        }
    }

    /**
     * A tensor over the caller's memory: nothing is copied, and it is never freed here. The memory
     * must be of the device's context and outlive the work that uses the tensor.
     *
     * @param bytes how many there are
     * @throws DeviceException if the scope is not of a CUDA device, the pointer is null or not
     *     aligned to 16 bytes, or there are fewer bytes than the tensor needs
     */
    public static Tensor wrap(Scope scope, TensorSpec spec, CUdeviceptr pointer, long bytes) {
        CudaDevice d = device(scope.device());
        long p = Handles.address(Objects.requireNonNull(pointer, "pointer"));
        if (p == 0 || p % 16 != 0) {
            throw new DeviceException(
                    d.info().id()
                            + ": device memory at "
                            + p
                            + " for "
                            + spec
                            + ", an address aligned to 16 bytes is expected");
        }
        if (bytes < spec.bytes()) {
            throw new DeviceException(
                    d.info().id()
                            + ": "
                            + bytes
                            + " bytes of device memory for "
                            + spec
                            + " of "
                            + spec.bytes());
        }
        return scope.borrow(spec, d.wrap(p, bytes));
    }

    /** The context that a CUDA device works in. */
    public static CUcontext context(Device device) {
        return Handles.context(device(device).context().context());
    }

    /** The stream on which a CUDA device runs kernels, in the order of the calls. */
    public static CUstream stream(Device device) {
        return Handles.stream(device(device).context().compute());
    }

    /**
     * A tensor's address, valid while the tensor lives. Work on {@link #stream} sees it as the
     * calls before left it; who works on other streams synchronizes.
     */
    public static CUdeviceptr pointer(Tensor tensor) {
        device(tensor.device());
        return (CUdeviceptr) tensor.handle();
    }

    private static CudaDevice device(Device device) {
        if (device.backEnd() instanceof CudaDevice d) {
            return d;
        }
        throw new DeviceException("device " + device + " is not a CUDA device");
    }
}
