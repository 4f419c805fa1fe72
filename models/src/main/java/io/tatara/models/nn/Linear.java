package io.tatara.models.nn;

import io.tatara.kernels.pointwise.Activation;
import io.tatara.runtime.Ops;
import io.tatara.runtime.Tensor;

/**
 * y = activation(x · Wᵀ + b) on the last axis; weight [out, in] and bias [out] as PyTorch's {@code
 * nn.Linear}.
 */
public final class Linear {
    private final Tensor weight;
    private final Tensor bias;

    /** Xavier weights, zero bias. */
    public Linear(Parameters p, int in, int out, boolean withBias) {
        this(p.xavier("weight", out, in), withBias ? p.full("bias", 0, out) : null);
    }

    /** Over weights made elsewhere, such as an embedding table that is shared; bias may be null. */
    public Linear(Tensor weight, Tensor bias) {
        this.weight = weight;
        this.bias = bias;
    }

    public Tensor apply(Ops ops, Tensor x) {
        return apply(ops, x, Activation.NONE);
    }

    /** x [..., in] → [..., out]; axes before the last are taken together, as one matrix product. */
    public Tensor apply(Ops ops, Tensor x, Activation activation) {
        int[] dims = x.shape().toArray();
        int in = dims[dims.length - 1];
        boolean flat = dims.length == 2;
        Tensor rows = flat ? x : ops.reshape(x, x.shape().product(0, dims.length - 1), in);
        Tensor w = Arithmetic.like(ops, weight, x);
        Tensor y = ops.linear(rows, w, Arithmetic.like(ops, bias, x), activation, null);
        if (flat) {
            return y;
        }
        dims[dims.length - 1] = weight.shape().dim(0);
        return ops.reshape(y, dims);
    }
}
