package io.tatara.kernels.matmul;

import io.tatara.kernels.OpException;
import io.tatara.kernels.pointwise.Activation;

/**
 * What follows a product while it is still in registers or cache: bias, this activation, residual.
 */
public record Epilogue(Activation activation) {
    /** Nothing but bias and residual where they are given. */
    public static final Epilogue NONE = new Epilogue(Activation.NONE);

    public Epilogue {
        if (activation == null) {
            throw new OpException(
                    "matmul", "epilogue", "no activation", "an activation, NONE for none");
        }
    }
}
