package io.tatara.kernels;

/**
 * Root of everything this library throws on purpose. Unchecked; the message says what to change.
 */
public class TataraException extends RuntimeException {
    public TataraException(String message) {
        super(message);
    }

    public TataraException(String message, Throwable cause) {
        super(message, cause);
    }
}
