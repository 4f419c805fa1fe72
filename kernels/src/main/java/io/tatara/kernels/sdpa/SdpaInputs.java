package io.tatara.kernels.sdpa;

import io.tatara.kernels.jvm.JvmArray;
import java.util.Arrays;

/**
 * The inputs that forward and gradient kernels on the JVM share.
 *
 * @param lengths null where absent
 * @param bias null where absent
 */
record SdpaInputs(
        SdpaShape shape,
        float scale,
        AttentionMask mask,
        float[] query,
        float[] key,
        float[] value,
        int[] lengths,
        float[] bias,
        int[] biasStrides) {
    static SdpaInputs of(float scale, AttentionMask mask, HeadLayout layout, JvmArray[] given) {
        JvmArray[] in = Arrays.copyOf(given, 5);
        SdpaShape s = SdpaShape.of(layout, in[0].spec(), in[1].spec(), in[2].spec());
        return new SdpaInputs(
                s,
                scale,
                mask,
                in[0].f(),
                in[1].f(),
                in[2].f(),
                in[3] == null ? null : in[3].i(),
                in[4] == null ? null : in[4].f(),
                in[4] == null ? null : strides(in[4]));
    }

    /** Elements from an index to the next along each axis, 0 where the bias is broadcast. */
    private static int[] strides(JvmArray bias) {
        int[] s = bias.spec().shape().strides();
        for (int i = 0; i < 4; i++) {
            if (bias.spec().shape().dim(i) == 1) {
                s[i] = 0;
            }
        }
        return s;
    }

    /** Keys of sequence n that take part. */
    int length(int n) {
        return lengths == null ? shape.tk() : Math.clamp(lengths[n], 0, shape.tk());
    }

    /** Keys that query i of sequence n sees: the first so many. */
    int visible(int n, int i) {
        return shape.visible(mask, length(n), i);
    }

    /** Place in the bias of query i and key 0 of head h. */
    int biasAt(int n, int h, int i) {
        return n * biasStrides[0] + h * biasStrides[1] + i * biasStrides[2];
    }
}
