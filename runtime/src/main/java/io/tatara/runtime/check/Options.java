package io.tatara.runtime.check;

import io.tatara.kernels.DType;
import java.util.regex.Pattern;

/**
 * What of the suite is run.
 *
 * @param op only this op, null for all
 * @param dtype only cases with a tensor of this type, null for all
 * @param size how large cases may be
 * @param gradients whether gradient rules are held against the reference too
 * @param seed of the random inputs; the same seed gives the same numbers
 * @param variant regular expression: instead of what the device chooses, each variant with a name
 *     in which it is found runs the case's outputs, and gradient rules are left out; null for what
 *     the device chooses
 */
public record Options(
        String op, DType dtype, Size size, boolean gradients, long seed, Pattern variant) {
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
        return new Options(null, null, Size.ALL, true, 3, null);
    }

    public Options withOp(String name) {
        return new Options(name, dtype, size, gradients, seed, variant);
    }

    public Options withDType(DType d) {
        return new Options(op, d, size, gradients, seed, variant);
    }

    public Options withSize(Size s) {
        return new Options(op, dtype, s, gradients, seed, variant);
    }

    public Options withGradients(boolean g) {
        return new Options(op, dtype, size, g, seed, variant);
    }

    public Options withSeed(long s) {
        return new Options(op, dtype, size, gradients, s, variant);
    }

    public Options withVariant(Pattern v) {
        return new Options(op, dtype, size, gradients, seed, v);
    }
}
