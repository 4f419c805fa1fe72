package io.tatara.runtime.io;

import io.tatara.kernels.TataraException;

/**
 * A file that is not what it should be: truncated, corrupt, or of an unknown kind. Nothing was
 * loaded.
 */
public class FileFormatException extends TataraException {
    public FileFormatException(String message) {
        super(message);
    }

    public FileFormatException(String message, Throwable cause) {
        super(message, cause);
    }
}
