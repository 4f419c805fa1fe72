package io.tatara.kernels.sdpa;

import io.tatara.kernels.DType;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.check.Case;
import io.tatara.kernels.check.Data;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** The cases of attention's gradient and of the cache. */
final class SdpaGradientCases {
    /** Sizes that are checked in the 16-bit types too. */
    private static final Set<String> HALVES =
            Set.of(
                    "odd",
                    "ragged",
                    "bias of keys",
                    "d16",
                    "d64",
                    "d64 causal",
                    "d80 ragged bias",
                    "d128");

    private SdpaGradientCases() {}

    static List<Case> gradient() {
        List<Case> cases = new ArrayList<>();
        for (SdpaSize s : SdpaCases.small()) {
            cases.add(s.gradient(s.bias() != null, true, true));
            addHalves(cases, s);
        }
        for (SdpaSize s : SdpaCases.masked()) {
            cases.add(s.gradient(true, true, true));
        }
        for (SdpaSize s : SdpaCases.large()) {
            cases.add(s.gradient(s.bias() != null, true, false));
            addHalves(cases, s);
        }
        cases.add(
                SdpaSize.of("several blocks", 1, 2, 1, 140, 401, 64, 64)
                        .gradient(false, true, true)
                        .large());
        SdpaSize s = SdpaSize.of("no dlogSumExp", 2, 2, 2, 5, 6, 4, 3);
        cases.add(s.gradient(true, true, false));
        s = SdpaSize.of("no doutput", 2, 2, 1, 5, 6, 4, 3);
        cases.add(s.gradient(true, false, true));
        s = SdpaSize.of("rows without keys", 2, 2, 1, 35, 6, 4, 3);
        Data some = s.logSumExp().sprinkled(3, Double.NEGATIVE_INFINITY);
        cases.add(s.gradient(DType.FLOAT32, true, true, true, some));
        cases.add(behind());
        for (SdpaSize b : SdpaCases.benches()) {
            cases.add(b.gradient(false, true, false).bench());
        }
        for (SdpaSize t : SdpaCases.transformer()) {
            cases.add(half(t, DType.BFLOAT16).bench("transformer"));
            cases.add(half(t, DType.FLOAT16).bench("transformer"));
        }
        cases.addAll(SdpaHalfCases.gradient());
        return cases;
    }

    private static void addHalves(List<Case> cases, SdpaSize s) {
        if (HALVES.contains(s.name())) {
            cases.add(half(s.named(s.name() + " float16"), DType.FLOAT16));
            cases.add(half(s.named(s.name() + " bfloat16"), DType.BFLOAT16));
        }
    }

    private static Case half(SdpaSize s, DType type) {
        return s.gradient(type, s.bias() != null, true, false, s.logSumExp());
    }

    private static Case behind() {
        SdpaSize s = SdpaSize.of("nan behind the length", 1, 1, 1, 35, 40, 3, 3).lengths(17);
        TensorSpec q = s.queries(3);
        return Case.of(
                        s.name(),
                        new ScaledDotProductAttentionGradient(
                                s.scale(), s.mask(), s.e().layout(), true))
                .in(q)
                .in(s.keys(3), SdpaCases.behind(17 * 3))
                .in(s.keys(3), SdpaCases.behind(17 * 3))
                .fixed(TensorSpec.i32(1), Data.of(17))
                .absent()
                .in(q)
                .fixed(s.e().logSumExp(), s.logSumExp())
                .in(q)
                .absent()
                .reduction(100);
    }

    static List<Case> append() {
        HeadLayout first = HeadLayout.HEADS_FIRST;
        HeadLayout sequence = HeadLayout.SEQUENCE_FIRST;
        List<Case> cases = new ArrayList<>();
        cases.add(append("one", first, 1, 1, 1, 1, 1, 0));
        cases.add(append("middle", first, 2, 3, 7, 2, 5, 3, 0));
        cases.add(append("heads inside", sequence, 2, 3, 7, 2, 5, 3, 5));
        cases.add(append("past the end", first, 3, 2, 5, 3, 4, 4, 5, Integer.MAX_VALUE));
        cases.add(append("before", sequence, 3, 2, 5, 3, 4, -1, -3, Integer.MIN_VALUE));
        cases.add(append("more than fits", first, 2, 2, 3, 9, 4, -2, 1));
        cases.add(append("nothing new", first, 2, 2, 3, 0, 4, 0, 1));
        cases.add(append("no capacity", sequence, 2, 2, 0, 2, 4, 0, 1));
        cases.add(append("no sequences", first, 0, 2, 3, 2, 4));
        cases.add(append("wide", sequence, 3, 8, 40, 5, 64, 1, 37, 20));
        List<Case> all = Case.withHalves(cases, "middle", "heads inside", "past the end", "wide");
        double[] positions = {4000, 17, 900, 4095, 0, 2000, 3000, 1};
        all.add(append("bench n8 h8 c4096 d128", sequence, 8, 8, 4096, 1, 128, positions).bench());
        return all;
    }

    private static Case append(
            String name, HeadLayout layout, int n, int h, int c, int t, int d, double... at) {
        boolean first = layout == HeadLayout.HEADS_FIRST;
        return Case.of(name, new CacheAppend(layout))
                .in(first ? TensorSpec.f32(n, h, c, d) : TensorSpec.f32(n, c, h, d))
                .in(first ? TensorSpec.f32(n, h, t, d) : TensorSpec.f32(n, t, h, d))
                .fixed(TensorSpec.i32(n), Data.of(at))
                .exact();
    }
}
