package io.tatara.kernels.sdpa;

import io.tatara.kernels.DType;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.check.Case;
import io.tatara.kernels.check.Data;

/**
 * One size of this room's cases: extents, mask, layout, the lengths of the sequences and the bias.
 *
 * @param lengths null where there are none
 * @param bias extents of the bias, null where there is none
 * @param spread standard deviation of the scores
 */
record SdpaSize(
        String name,
        SdpaShape e,
        AttentionMask mask,
        double[] lengths,
        TensorSpec bias,
        Data biasData,
        double spread) {
    static SdpaSize of(String name, int n, int h, int hkv, int tq, int tk, int d, int dv) {
        return new SdpaSize(
                name,
                new SdpaShape(n, h, hkv, tq, tk, d, dv, HeadLayout.HEADS_FIRST),
                AttentionMask.NONE,
                null,
                null,
                Data.normal(),
                1);
    }

    SdpaSize named(String other) {
        return new SdpaSize(other, e, mask, lengths, bias, biasData, spread);
    }

    SdpaSize mask(AttentionMask m) {
        return new SdpaSize(name, e, m, lengths, bias, biasData, spread);
    }

    SdpaSize sequenceFirst() {
        SdpaShape s = e;
        SdpaShape turned =
                new SdpaShape(
                        s.n(),
                        s.h(),
                        s.hkv(),
                        s.tq(),
                        s.tk(),
                        s.d(),
                        s.dv(),
                        HeadLayout.SEQUENCE_FIRST);
        return new SdpaSize(name, turned, mask, lengths, bias, biasData, spread);
    }

    SdpaSize lengths(double... l) {
        return new SdpaSize(name, e, mask, l, bias, biasData, spread);
    }

    SdpaSize bias(int... dims) {
        return bias(Data.normal(), dims);
    }

    SdpaSize bias(Data data, int... dims) {
        return new SdpaSize(name, e, mask, lengths, TensorSpec.f32(dims), data, spread);
    }

    SdpaSize spread(double s) {
        return new SdpaSize(name, e, mask, lengths, bias, biasData, s);
    }

    float scale() {
        return (float) (1 / Math.sqrt(e.d()));
    }

    TensorSpec queries(int features) {
        return e.queries(DType.FLOAT32, features);
    }

    TensorSpec keys(int features) {
        return e.keys(DType.FLOAT32, features);
    }

    /** Whether a query sees no key, so that its logSumExp has no differences. */
    private boolean blind() {
        for (int i = 0; i < e.n(); i++) {
            int length = lengths == null ? e.tk() : (int) Math.clamp(lengths[i], 0, e.tk());
            for (int q = 0; q < e.tq(); q++) {
                if (e.visible(mask, length, q) == 0) {
                    return true;
                }
            }
        }
        return false;
    }

    /** Terms that meet in an element of an output. */
    int reduction() {
        return e.d() + e.tk() + e.dv();
    }

    private Case inputs(Case c) {
        Case q = c.in(queries(e.d()), Data.normal(0, spread)).in(keys(e.d())).in(keys(e.dv()));
        Case l = lengths == null ? q.absent() : q.fixed(TensorSpec.i32(e.n()), Data.of(lengths));
        return bias == null ? l.absent() : l.in(bias, biasData);
    }

    Case forward() {
        Case c = Case.of(name, new ScaledDotProductAttention(scale(), mask, e.layout()));
        Case with = inputs(c).reduction(reduction());
        return blind() ? with.noGradient() : with;
    }

    /** About the logarithms that scores of this spread have; they need not fit the scores. */
    Data logSumExp() {
        return Data.normal(Math.log(Math.max(1, e.tk())) + spread * spread / 2, 0.1);
    }

    Case gradient(boolean scores, boolean doutput, boolean dlogSumExp) {
        return gradient(DType.FLOAT32, scores, doutput, dlogSumExp, logSumExp());
    }

    /** In this type; logSumExp and its gradient stay float32. */
    Case gradient(DType type, boolean scores, boolean doutput, boolean dlogSumExp, Data logSumExp) {
        Case c =
                Case.of(
                        name,
                        new ScaledDotProductAttentionGradient(scale(), mask, e.layout(), scores));
        c = type == DType.FLOAT32 ? inputs(c) : inputs(c).as(type);
        TensorSpec output = e.queries(type, e.dv());
        c = c.in(output).fixed(e.logSumExp(), logSumExp);
        c = doutput ? c.in(output) : c.absent();
        c = dlogSumExp ? c.fixed(e.logSumExp(), Data.normal()) : c.absent();
        return c.reduction(reduction() + e.group() * e.tq());
    }
}
