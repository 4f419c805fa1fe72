package io.tatara.runtime;

import io.tatara.kernels.TataraException;

/** No device memory left, also after the pool was trimmed; the device stays usable. */
public class OutOfDeviceMemoryException extends TataraException {
    public OutOfDeviceMemoryException(String message) {
        super(message);
    }

    public OutOfDeviceMemoryException(String message, Throwable cause) {
        super(message, cause);
    }
}
