package io.tatara.runtime.check;

import io.tatara.kernels.DType;

/**
 * What of the suite is run.
 *
 * @param op only this op, null for all
 * @param dtype only cases with a tensor of this type, null for all
 * @param size how large cases may be
 * @param gradients whether gradient rules are held against the reference too
 * @param seed of the random inputs; the same seed gives the same numbers
 */
public record Options(String op, DType dtype, Size size, boolean gradients, long seed) {
    /** Which cases are left out. */
    public enum Size {
        ALL,
        /** Without those marked large: for a first look and for each build. */
        QUICK,
        /** Only the smallest: for simulators that take a thousand times as long. */
        SMALLEST
    }

    /** Everything. */
    public static Options all() {
        return new Options(null, null, Size.ALL, true, 3);
    }

    public Options withOp(String name) {
        return new Options(name, dtype, size, gradients, seed);
    }

    public Options withDType(DType d) {
        return new Options(op, d, size, gradients, seed);
    }

    public Options withSize(Size s) {
        return new Options(op, dtype, s, gradients, seed);
    }

    public Options withGradients(boolean g) {
        return new Options(op, dtype, size, g, seed);
    }

    public Options withSeed(long s) {
        return new Options(op, dtype, size, gradients, s);
    }
}
