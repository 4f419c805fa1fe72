package io.tatara.models.nn;

import io.tatara.kernels.DType;
import io.tatara.kernels.matmul.Precision;
import io.tatara.runtime.Ops;
import io.tatara.runtime.Tensor;

/**
 * What a step is computed in. Weights, their gradients and the optimizer's state are float32 in all
 * of them: layers cast their weights to the type of what they are applied to, and gradients come
 * back through the casts.
 */
public enum Arithmetic {
    /** float32 throughout. */
    FLOAT32(DType.FLOAT32, Precision.STRICT),
    /** float32, dense layers' products on the matrix units in TF32 where the device has them. */
    TF32(DType.FLOAT32, Precision.TF32),
    /** Activations and their gradients in bfloat16, whose range is float32's. */
    BFLOAT16(DType.BFLOAT16, Precision.STRICT),
    /** Activations and their gradients in float16, whose small range needs the loss scaled. */
    FLOAT16(DType.FLOAT16, Precision.STRICT);

    private final DType storage;
    private final Precision precision;

    Arithmetic(DType storage, Precision precision) {
        this.storage = storage;
        this.precision = precision;
    }

    /** The type of activations. */
    public DType storage() {
        return storage;
    }

    /** Whether gradients vanish without a scaled loss. */
    public boolean scalesLoss() {
        return storage == DType.FLOAT16;
    }

    /** Ops whose products are computed as this says. */
    public Ops on(Ops ops) {
        return ops.precision(precision);
    }

    /** A weight in the type of x, null where there is none. */
    static Tensor like(Ops ops, Tensor weight, Tensor x) {
        return weight == null ? null : ops.cast(weight, x.dtype());
    }
}
