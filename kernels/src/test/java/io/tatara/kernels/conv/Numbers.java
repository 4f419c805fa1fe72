package io.tatara.kernels.conv;

import io.tatara.kernels.RefArray;
import io.tatara.kernels.TensorSpec;
import java.util.SplittableRandom;
import java.util.function.DoubleSupplier;

/** Numbers that the tests of this room draw. */
final class Numbers {
    private Numbers() {}

    /** Small whole numbers. */
    static RefArray whole(SplittableRandom r, int... dims) {
        return of(() -> r.nextInt(-8, 9), dims);
    }

    /** Normally distributed, in float32. */
    static RefArray normal(SplittableRandom r, int... dims) {
        return of(() -> (float) r.nextGaussian(), dims);
    }

    private static RefArray of(DoubleSupplier next, int... dims) {
        TensorSpec spec = TensorSpec.f32(dims);
        double[] x = new double[spec.size()];
        for (int i = 0; i < x.length; i++) {
            x[i] = next.getAsDouble();
        }
        return new RefArray(spec, x);
    }

    static float[] floats(RefArray a) {
        float[] f = new float[a.data().length];
        for (int i = 0; i < f.length; i++) {
            f[i] = (float) a.data()[i];
        }
        return f;
    }
}
