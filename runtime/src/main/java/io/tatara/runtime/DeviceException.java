package io.tatara.runtime;

import io.tatara.kernels.TataraException;

/** A device that is not there, cannot be opened, is closed, or failed. */
public class DeviceException extends TataraException {
    public DeviceException(String message) {
        super(message);
    }

    public DeviceException(String message, Throwable cause) {
        super(message, cause);
    }
}
