package io.tatara.kernels.sdpa;

import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.jvm.JvmArray;
import io.tatara.kernels.jvm.Lanes;
import io.tatara.kernels.pointwise.BinaryOp;

/**
 * What the kernels on Java arrays share: where the heads of a call lie, what a query sees, and the
 * bias.
 */
final class SdpaHeads {
    final AttentionShape s;
    final float scale;
    final AttentionMask mask;
    private final HeadLayout layout;
    private final int[] lengths;
    private final float[] bias;
    private final int[] biasStrides;

    SdpaHeads(float scale, AttentionMask mask, HeadLayout layout, JvmArray[] in) {
        TensorSpec[] specs = {in[0].spec(), in[1].spec(), in[2].spec()};
        this.s = AttentionShape.of(layout, specs);
        this.scale = scale;
        this.mask = mask;
        this.layout = layout;
        this.lengths = in[3] == null ? null : in[3].i();
        this.bias = in[4] == null ? null : in[4].f();
        this.biasStrides = in[4] == null ? null : s.biasStrides(in[4].spec());
    }

    /** Start of a head of query or, with the value's features, of output. */
    int query(int n, int h, int features) {
        return n * s.h() * s.tq() * features + h * layout.headStride(s.tq(), features);
    }

    int queryStride(int features) {
        return layout.positionStride(s.h(), features);
    }

    /** Start of the head of key or value that head h of the query reads. */
    int key(int n, int h, int features) {
        int own = h / s.group();
        return n * s.hkv() * s.tk() * features + own * layout.headStride(s.tk(), features);
    }

    int keyStride(int features) {
        return layout.positionStride(s.hkv(), features);
    }

    /** Start of a head's rows in logSumExp. */
    int row(int n, int h) {
        return (n * s.h() + h) * s.tq();
    }

    int length(int n) {
        return lengths == null ? s.tk() : Math.clamp(lengths[n], 0, s.tk());
    }

    /** Keys that query i of sequence n sees. */
    int visible(int n, int i) {
        return mask.visible(i, s.tq(), length(n));
    }

    boolean biased() {
        return bias != null;
    }

    /** scores = scale · scores + bias, for {@code count} scores of query i from key j on. */
    void finish(Lanes lanes, float[] scores, int at, int n, int h, int i, int j, int count) {
        lanes.binaryScalar(BinaryOp.MUL, scores, at, scale, scores, at, count);
        if (bias == null) {
            return;
        }
        int[] b = biasStrides;
        int from = n * b[0] + h * b[1] + i * b[2] + j * b[3];
        if (b[3] == 0) {
            lanes.binaryScalar(BinaryOp.ADD, scores, at, bias[from], scores, at, count);
        } else {
            lanes.binary(BinaryOp.ADD, scores, at, bias, from, scores, at, count);
        }
    }
}
