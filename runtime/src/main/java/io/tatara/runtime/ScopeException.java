package io.tatara.runtime;

import io.tatara.kernels.TataraException;

/** A tensor or scope used after it was closed, or with another device. */
public class ScopeException extends TataraException {
    public ScopeException(String message) {
        super(message);
    }

    public ScopeException(String message, Throwable cause) {
        super(message, cause);
    }
}
