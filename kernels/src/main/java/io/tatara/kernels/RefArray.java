package io.tatara.kernels;

/**
 * A tensor of the reference: every element as a double, whatever the dtype (int32 fits exactly).
 */
public record RefArray(TensorSpec spec, double[] data) implements Value {
    public RefArray {
        if (data.length != spec.size()) {
            throw new TataraException("array of " + data.length + " elements for " + spec);
        }
    }

    public static RefArray zeros(TensorSpec spec) {
        return new RefArray(spec, new double[spec.size()]);
    }

    public Shape shape() {
        return spec.shape();
    }
}
