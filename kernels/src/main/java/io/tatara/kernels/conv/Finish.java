package io.tatara.kernels.conv;

import io.tatara.kernels.jvm.JvmArray;
import io.tatara.kernels.jvm.JvmContext;
import io.tatara.kernels.matmul.Activations;
import io.tatara.kernels.pointwise.Activation;
import io.tatara.kernels.pointwise.BinaryOp;

/**
 * What follows the sums, on parts of the result that are in cache.
 *
 * @param bias an element a channel, null where there is none
 * @param residual as large as the result, null where there is none
 */
record Finish(Activation activation, float[] bias, float[] residual) {
    static Finish of(Conv2d op, JvmArray[] in) {
        return new Finish(
                op.epilogue().activation(),
                array(Conv2d.optional(in, 2)),
                array(Conv2d.optional(in, 3)));
    }

    static float[] array(JvmArray a) {
        return a == null ? null : a.f();
    }

    /** Whether nothing follows. */
    boolean nothing() {
        return activation == Activation.NONE && bias == null && residual == null;
    }

    float bias(int channel) {
        return bias == null ? 0 : bias[channel];
    }

    /** Finishes a run of a channel. */
    void apply(float[] y, int at, int count, int channel, JvmContext ctx) {
        if (bias != null) {
            ctx.lanes().binaryScalar(BinaryOp.ADD, y, at, bias[channel], y, at, count);
        }
        afterBias(y, at, count, ctx);
    }

    /** As above where the bias has been added. */
    void afterBias(float[] y, int at, int count, JvmContext ctx) {
        Activations.apply(activation, y, at, count, ctx);
        if (residual != null) {
            ctx.lanes().binary(BinaryOp.ADD, y, at, residual, at, y, at, count);
        }
    }
}
