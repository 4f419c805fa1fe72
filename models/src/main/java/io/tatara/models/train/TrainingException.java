package io.tatara.models.train;

import io.tatara.kernels.TataraException;

/** Training cannot start or go on: a loss that is no number, a checkpoint that does not fit. */
public class TrainingException extends TataraException {
    public TrainingException(String message) {
        super(message);
    }
}
