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

    float bias(int channel) {
        return bias == null ? 0 : bias[channel];
    }

    /** Whether the activation is at most a minimum and a maximum. */
    boolean simple() {
        return activation == Activation.NONE
                || activation == Activation.RELU
                || activation == Activation.RELU6;
    }

    /** Finishes a run of a channel where the bias has been added. */
    void afterBias(float[] y, int at, int count, JvmContext ctx) {
        Activations.apply(activation, y, at, count, ctx);
        afterActivation(y, at, count, ctx);
    }

    /** As above where the activation is done too. */
    void afterActivation(float[] y, int at, int count, JvmContext ctx) {
        if (residual != null) {
            ctx.lanes().binary(BinaryOp.ADD, y, at, residual, at, y, at, count);
        }
    }
}
