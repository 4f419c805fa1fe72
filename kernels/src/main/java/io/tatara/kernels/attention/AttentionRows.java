package io.tatara.kernels.attention;

import io.tatara.kernels.jvm.JvmArray;
import io.tatara.kernels.jvm.Lanes;
import io.tatara.kernels.pointwise.BinaryOp;
import java.util.Arrays;

/** What the JVM kernels of both attentions share: lengths, and softmax over a row of scores. */
final class AttentionRows {
    private AttentionRows() {}

    /** Keys of sequence n that take part. */
    static int length(JvmArray lengths, int n, int tk) {
        return lengths == null ? tk : Math.clamp(lengths.i()[n], 0, tk);
    }

    /** Turns {@code count} scores into weights in place; zeros for the rest of the row. */
    static void softmax(Lanes lanes, float[] row, int at, int count, int tk) {
        Arrays.fill(row, at + count, at + tk, 0);
        float max = lanes.max(row, at, count);
        if (max == Float.NEGATIVE_INFINITY) {
            Arrays.fill(row, at, at + count, 0);
            return;
        }
        float sum = lanes.expShifted(row, at, max, row, at, count);
        lanes.binaryScalar(BinaryOp.MUL, row, at, 1 / sum, row, at, count);
    }

    /** Turns gradients of weights into gradients of scores, in place: w (dw − Σ w dw). */
    static void softmaxGradient(Lanes lanes, float[] w, int wo, float[] dw, int dwo, int count) {
        float mean = lanes.dot(w, wo, dw, dwo, count);
        lanes.binaryScalar(BinaryOp.SUB, dw, dwo, mean, dw, dwo, count);
        lanes.binary(BinaryOp.MUL, dw, dwo, w, wo, dw, dwo, count);
    }

    /** A null-safe view of an optional input. */
    static float[] floats(JvmArray a) {
        return a == null ? null : a.f();
    }
}
