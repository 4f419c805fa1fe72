package io.tatara.runtime;

/** A device has no kernel for an op; told before anything is enqueued. */
public class UnsupportedOpException extends DeviceException {
    public UnsupportedOpException(String message) {
        super(message);
    }
}
