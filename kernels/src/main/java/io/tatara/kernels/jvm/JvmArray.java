package io.tatara.kernels.jvm;

import io.tatara.kernels.TensorSpec;

/**
 * A tensor as a kernel on the JVM sees it: elements 0 … spec.size()-1 of a pooled heap array, which
 * may be longer. Elements beyond belong to nobody and must not be touched.
 *
 * @param f elements where the dtype is float32, else null
 * @param i elements where the dtype is int32, else null
 * @param packs place for derived copies (packed weights) where the tensor is a long-lived weight,
 *     else null
 */
public record JvmArray(TensorSpec spec, float[] f, int[] i, PackCache packs) {
    public static JvmArray of(TensorSpec spec, float[] f) {
        return new JvmArray(spec, f, null, null);
    }

    public static JvmArray of(TensorSpec spec, int[] i) {
        return new JvmArray(spec, null, i, null);
    }

    public int size() {
        return spec.size();
    }
}
