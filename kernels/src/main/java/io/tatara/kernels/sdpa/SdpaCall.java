package io.tatara.kernels.sdpa;

import io.tatara.kernels.DType;
import io.tatara.kernels.Shape;
import io.tatara.kernels.TensorSpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The extents of a call of either op.
 *
 * @param n sequences
 * @param hkv heads of keys and values
 * @param group heads of queries for each of them
 * @param d features of queries and keys
 * @param dv features of values
 * @param bias strides of the bias along [N, H, Tq, Tk], 0 where it is broadcast; null without one
 */
record SdpaCall(
        DType dtype,
        boolean sequenceFirst,
        AttentionMask mask,
        float scale,
        int n,
        int hkv,
        int group,
        int tq,
        int tk,
        int d,
        int dv,
        boolean lengths,
        int[] bias) {
    static SdpaCall of(float scale, AttentionMask mask, HeadLayout layout, TensorSpec[] in) {
        boolean sequenceFirst = layout == HeadLayout.SEQUENCE_FIRST;
        int h = sequenceFirst ? 2 : 1;
        int t = sequenceFirst ? 1 : 2;
        Shape q = in[0].shape();
        Shape k = in[1].shape();
        return new SdpaCall(
                in[0].dtype(),
                sequenceFirst,
                mask,
                scale,
                q.dim(0),
                k.dim(h),
                k.dim(h) == 0 ? 0 : q.dim(h) / k.dim(h),
                q.dim(t),
                k.dim(t),
                q.dim(3),
                in[2].shape().dim(3),
                in[3] != null,
                in[4] == null ? null : strides(in[4].shape()));
    }

    private static int[] strides(Shape bias) {
        int[] s = new int[4];
        int step = 1;
        for (int i = 3; i >= 0; i--) {
            s[i] = bias.dim(i) == 1 ? 0 : step;
            step *= bias.dim(i);
        }
        return s;
    }

    /** The flags of tiles.cl. */
    int flags() {
        return mask.ordinal()
                | (sequenceFirst ? 4 : 0)
                | (lengths ? 8 : 0)
                | (bias != null ? 16 : 0);
    }

    int heads() {
        return hkv * group;
    }

    /** Rows of queries that read one key head. */
    int packed() {
        return group * tq;
    }

    /** Rows of queries of all sequences and heads. */
    int rows() {
        return n * hkv * packed();
    }

    /** The arguments SDPA_SIZES of tiles.cl, behind {@code before} and before {@code after}. */
    Object[] arguments(int flags, Object[] before, Object... after) {
        List<Object> all = new ArrayList<>(Arrays.asList(before));
        all.addAll(List.of(hkv, group, tq, tk, d, dv));
        for (int i = 0; i < 4; i++) {
            all.add(bias == null ? 0 : bias[i]);
        }
        all.add(scale);
        all.add(flags);
        all.addAll(Arrays.asList(after));
        return all.toArray();
    }
}
