package io.tatara.models.vision;

import io.tatara.kernels.TataraException;

/** A file of pictures that is missing, damaged or does not fit the others; the message names it. */
public final class ImageFormatException extends TataraException {
    private static final long serialVersionUID = 1;

    public ImageFormatException(String message) {
        super(message);
    }

    public ImageFormatException(String message, Throwable cause) {
        super(message, cause);
    }
}
