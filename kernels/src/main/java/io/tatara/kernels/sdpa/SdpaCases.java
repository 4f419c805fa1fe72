package io.tatara.kernels.sdpa;

import io.tatara.kernels.DType;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.check.Case;
import io.tatara.kernels.check.Data;
import java.util.ArrayList;
import java.util.List;

/** The cases of attention forward, and the sizes that its gradient's share. */
final class SdpaCases {
    private static final AttentionMask CAUSAL = AttentionMask.CAUSAL;
    private static final AttentionMask END = AttentionMask.CAUSAL_END;

    private SdpaCases() {}

    /** Small enough for finite differences. */
    static List<SdpaSize> small() {
        return List.of(
                SdpaSize.of("one", 1, 1, 1, 1, 1, 1, 1),
                SdpaSize.of("odd", 2, 3, 3, 5, 7, 5, 3),
                SdpaSize.of("wider values", 1, 2, 2, 3, 4, 5, 24),
                SdpaSize.of("grouped", 2, 4, 2, 5, 6, 5, 4),
                SdpaSize.of("multi-query, heads inside", 2, 3, 1, 4, 5, 3, 6).sequenceFirst(),
                SdpaSize.of("ragged", 5, 2, 2, 3, 7, 4, 4).lengths(7, 0, 3, -4, 99),
                SdpaSize.of("lengths", 3, 2, 1, 3, 7, 4, 4).lengths(7, 1, 4),
                SdpaSize.of("causal", 1, 2, 1, 7, 7, 4, 4).mask(CAUSAL),
                SdpaSize.of("causal, more queries", 1, 2, 2, 7, 3, 4, 4).mask(CAUSAL),
                SdpaSize.of("causal, more keys", 1, 2, 2, 3, 7, 4, 4).mask(CAUSAL),
                SdpaSize.of("causal ragged, heads inside", 3, 2, 2, 6, 6, 4, 5)
                        .sequenceFirst()
                        .mask(CAUSAL)
                        .lengths(6, 2, 0),
                SdpaSize.of("causal end", 1, 2, 2, 3, 7, 4, 4).mask(END),
                SdpaSize.of("causal end, more queries", 1, 2, 2, 7, 3, 4, 4).mask(END),
                SdpaSize.of("causal end ragged", 3, 2, 1, 3, 6, 4, 4).mask(END).lengths(6, 2, 0),
                SdpaSize.of("bias", 2, 2, 2, 3, 5, 4, 4).bias(2, 2, 3, 5),
                SdpaSize.of("bias of keys", 2, 2, 2, 3, 5, 4, 4).bias(2, 1, 1, 5),
                SdpaSize.of("bias of heads", 2, 2, 1, 3, 5, 4, 4).bias(1, 2, 1, 1),
                SdpaSize.of("bias of pairs", 2, 2, 1, 3, 5, 4, 4).mask(END).bias(1, 1, 3, 5),
                SdpaSize.of("bias of queries", 2, 2, 1, 3, 5, 4, 4).bias(1, 1, 3, 1),
                SdpaSize.of("no sequences", 0, 2, 2, 3, 4, 5, 6),
                SdpaSize.of("no heads", 2, 0, 0, 3, 4, 5, 6),
                SdpaSize.of("no queries", 2, 2, 2, 0, 4, 5, 6),
                SdpaSize.of("no keys", 2, 2, 2, 3, 0, 5, 6).mask(END));
    }

    /** Where a bias hides keys. */
    static List<SdpaSize> masked() {
        double hidden = Double.NEGATIVE_INFINITY;
        return List.of(
                SdpaSize.of("bias of minus infinity", 2, 2, 2, 6, 5, 4, 4)
                        .bias(Data.normal().sprinkled(2, hidden), 2, 1, 6, 5),
                SdpaSize.of("all masked", 1, 2, 2, 3, 4, 5, 6)
                        .bias(Data.constant(hidden), 1, 1, 1, 4));
    }

    /** Sizes that fill tiles and blocks of kernels, and go beyond. */
    static List<SdpaSize> large() {
        return List.of(
                SdpaSize.of("d16", 1, 2, 1, 37, 130, 16, 16),
                SdpaSize.of("d64", 1, 2, 2, 130, 130, 64, 64),
                SdpaSize.of("d64 causal", 1, 2, 1, 130, 130, 64, 64).mask(CAUSAL),
                SdpaSize.of("d64 causal end, heads inside", 2, 4, 2, 37, 130, 64, 64)
                        .sequenceFirst()
                        .mask(END)
                        .lengths(130, 61),
                SdpaSize.of("d80 ragged bias", 2, 2, 2, 65, 97, 80, 80)
                        .lengths(97, 33)
                        .bias(2, 1, 65, 97),
                SdpaSize.of("d128", 1, 2, 1, 37, 70, 128, 128),
                SdpaSize.of("d128 causal, heads inside", 1, 2, 2, 70, 70, 128, 128)
                        .sequenceFirst()
                        .mask(CAUSAL),
                SdpaSize.of("d256", 1, 1, 1, 17, 37, 256, 256),
                SdpaSize.of("d24 to 40", 1, 2, 2, 33, 65, 24, 40),
                SdpaSize.of("decoding", 2, 8, 2, 1, 130, 64, 64).mask(END).lengths(130, 77),
                SdpaSize.of("two queries", 1, 4, 1, 2, 530, 64, 64).mask(END));
    }

    static List<SdpaSize> benches() {
        List<SdpaSize> all = new ArrayList<>();
        for (int t : new int[] {512, 2048}) {
            SdpaSize s = SdpaSize.of("bench h8 t" + t + " d64", 1, 8, 8, t, t, 64, 64);
            all.add(s);
            SdpaSize c = SdpaSize.of(s.name() + " causal", 1, 8, 8, t, t, 64, 64);
            all.add(c.mask(CAUSAL));
        }
        return all;
    }

    /** Long sequences in 16-bit types, for devices with matrix units. */
    static List<SdpaSize> transformer() {
        List<SdpaSize> all = new ArrayList<>();
        for (int d : new int[] {64, 128}) {
            for (int t : new int[] {2048, 4096, 8192, 16384}) {
                // 16k positions and 2048 features in all, as the papers' figures have it.
                int n = 16384 / t;
                String name = "n" + n + " h" + 2048 / d + " t" + t + " d" + d;
                SdpaSize s = SdpaSize.of(name, n, 2048 / d, 2048 / d, t, t, d, d);
                all.add(s.sequenceFirst());
                SdpaSize c = SdpaSize.of(name + " causal", n, 2048 / d, 2048 / d, t, t, d, d);
                all.add(c.sequenceFirst().mask(CAUSAL));
            }
        }
        return all;
    }

    /** Both 16-bit types of a case, in the suite of such. */
    private static void addTransformer(List<Case> cases, Case c) {
        cases.add(c.as(DType.BFLOAT16).bench("transformer"));
        cases.add(c.as(DType.FLOAT16).bench("transformer"));
    }

    static List<Case> forward() {
        List<Case> cases = new ArrayList<>();
        for (SdpaSize s : small()) {
            cases.add(s.forward());
        }
        for (SdpaSize s : large()) {
            cases.add(s.forward().noGradient());
        }
        cases.add(
                SdpaSize.of("several blocks", 1, 2, 1, 140, 401, 64, 64)
                        .forward()
                        .noGradient()
                        .large());
        // Rounding of a score grows with its size and is the exponential's relative error.
        cases.add(
                SdpaSize.of("large scores", 1, 2, 2, 37, 70, 16, 16)
                        .spread(80)
                        .forward()
                        .noGradient()
                        .tolerance(3e-4));
        // Sizes that the gradient's list has too; a row without keys has no differences.
        for (SdpaSize s : masked()) {
            cases.add(s.forward().noGradient());
        }
        cases.addAll(special());
        for (SdpaSize s : benches()) {
            cases.add(s.forward().bench());
        }
        SdpaSize decode = SdpaSize.of("bench decode h32 t4096 d64", 1, 32, 8, 1, 4096, 64, 64);
        cases.add(decode.mask(END).forward().bench());
        for (SdpaSize s : transformer()) {
            addTransformer(cases, s.forward());
        }
        SdpaSize d128 = SdpaSize.of("decode n8 h32 t4096 d128", 8, 32, 8, 1, 4096, 128, 128);
        addTransformer(cases, d128.mask(END).forward());
        cases.addAll(SdpaHalfCases.forward());
        return Case.withHalves(
                cases,
                "odd",
                "ragged",
                "bias of keys",
                "d16",
                "d64",
                "d64 causal",
                "d64 causal end, heads inside",
                "d80 ragged bias",
                "d128",
                "d128 causal, heads inside",
                "decoding",
                "nan");
    }

    private static List<Case> special() {
        List<Case> cases = new ArrayList<>();
        SdpaSize s = SdpaSize.of("nan", 2, 2, 2, 6, 5, 4, 4);
        cases.add(
                Case.of("nan", new ScaledDotProductAttention(0.5f, s.mask(), s.e().layout()))
                        .in(s.queries(4), Data.normal().sprinkled(20, Double.NaN))
                        .in(s.keys(4))
                        .in(s.keys(4), Data.normal().sprinkled(60, Double.NaN))
                        .noGradient());
        cases.add(
                Case.of("three inputs", new ScaledDotProductAttention(0, CAUSAL, s.e().layout()))
                        .in(s.queries(4))
                        .in(s.keys(4))
                        .in(s.keys(4)));
        Case hidden =
                Case.of(
                        "nan behind the length",
                        new ScaledDotProductAttention(0.5f, s.mask(), s.e().layout()));
        TensorSpec keys = TensorSpec.f32(1, 1, 40, 3);
        cases.add(
                hidden.in(TensorSpec.f32(1, 1, 35, 3))
                        .in(keys, behind(17 * 3))
                        .in(keys, behind(17 * 3))
                        .fixed(TensorSpec.i32(1), Data.of(17))
                        .noGradient());
        return cases;
    }

    /** Numbers at first and NaN behind: padding that no kernel may read. */
    static Data behind(int valid) {
        return (d, r) -> {
            for (int i = 0; i < d.length; i++) {
                d[i] = i < valid ? r.nextGaussian() : Double.NaN;
            }
        };
    }
}
