package io.tatara.kernels.sdpa;

import static io.tatara.kernels.sdpa.AttentionMask.CAUSAL;
import static io.tatara.kernels.sdpa.AttentionMask.CAUSAL_END;
import static io.tatara.kernels.sdpa.AttentionMask.NONE;
import static io.tatara.kernels.sdpa.HeadLayout.HEADS_FIRST;
import static io.tatara.kernels.sdpa.HeadLayout.SEQUENCE_FIRST;

import io.tatara.kernels.DType;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.check.Case;
import io.tatara.kernels.check.Data;
import java.util.ArrayList;
import java.util.List;

/** Cases of attention and of its gradient, from one list of settings; those of the cache. */
final class SdpaCases {
    /** Settings that are checked in the 16-bit types too. */
    private static final String[] HALVES = {
        "one",
        "odd",
        "d64",
        "d64 causal",
        "d80 end",
        "d16 groups",
        "d128",
        "decode groups",
        "bias full"
    };

    private SdpaCases() {}

    /**
     * A call: extents, mask and layout, the lengths of the sequences (null for none) and the shape
     * of the bias (null for none).
     */
    private record Setting(
            String name,
            AttentionShape s,
            AttentionMask mask,
            HeadLayout layout,
            double[] lengths,
            int[] bias,
            double deviation) {
        static Setting of(String name, int n, int h, int hkv, int tq, int tk, int d, int dv) {
            AttentionShape s = new AttentionShape(n, h, hkv, tq, tk, d, dv);
            return new Setting(name, s, NONE, HEADS_FIRST, null, null, 1);
        }

        Setting mask(AttentionMask m) {
            return new Setting(name, s, m, layout, lengths, bias, deviation);
        }

        Setting sequenceFirst() {
            return new Setting(name, s, mask, SEQUENCE_FIRST, lengths, bias, deviation);
        }

        Setting lengths(double... l) {
            return new Setting(name, s, mask, layout, l, bias, deviation);
        }

        Setting bias(int... b) {
            return new Setting(name, s, mask, layout, lengths, b, deviation);
        }

        /** Queries and keys of this size: scores of its square times √D. */
        Setting deviation(double v) {
            return new Setting(name, s, mask, layout, lengths, bias, v);
        }

        float scale() {
            return (float) (1 / Math.sqrt(s.d()));
        }

        ScaledDotProductAttention op() {
            return new ScaledDotProductAttention(scale(), mask, layout);
        }

        TensorSpec query() {
            return new TensorSpec(DType.FLOAT32, layout.shape(s.n(), s.h(), s.tq(), s.d()));
        }

        TensorSpec key() {
            return new TensorSpec(DType.FLOAT32, layout.shape(s.n(), s.hkv(), s.tk(), s.d()));
        }

        TensorSpec value() {
            return new TensorSpec(DType.FLOAT32, layout.shape(s.n(), s.hkv(), s.tk(), s.dv()));
        }

        TensorSpec output() {
            return new TensorSpec(DType.FLOAT32, s.output(layout));
        }

        /** The five inputs that the op and its gradient share. */
        Case inputs(Case c) {
            Data near = Data.normal(0, deviation);
            c = c.in(query(), near).in(key(), near).in(value());
            c = lengths == null ? c.absent() : c.fixed(TensorSpec.i32(s.n()), Data.of(lengths));
            return bias == null ? c.absent() : c.in(TensorSpec.f32(bias));
        }

        /** Terms that meet in an output element, the exponent's included. */
        int reduction() {
            return s.d() + s.tk() + s.dv() + s.tq() * s.group();
        }
    }

    private static List<Setting> settings() {
        return List.of(
                Setting.of("one", 1, 1, 1, 1, 1, 1, 1),
                Setting.of("odd", 2, 3, 3, 7, 5, 5, 3),
                Setting.of("odd causal", 2, 2, 1, 7, 9, 5, 3).mask(CAUSAL),
                Setting.of("odd end", 2, 2, 2, 5, 9, 7, 6).mask(CAUSAL_END),
                Setting.of("end, more queries than keys", 1, 2, 2, 9, 5, 8, 8).mask(CAUSAL_END),
                Setting.of("sequence first", 2, 3, 3, 6, 7, 8, 4).sequenceFirst(),
                Setting.of("sequence first, groups", 2, 6, 2, 6, 7, 8, 8)
                        .sequenceFirst()
                        .mask(CAUSAL),
                Setting.of("ragged", 4, 2, 2, 6, 13, 8, 8).lengths(13, 0, 5, 1),
                Setting.of("ragged causal", 4, 2, 1, 13, 13, 8, 8)
                        .lengths(13, 0, 5, 1)
                        .mask(CAUSAL),
                Setting.of("ragged end", 4, 2, 1, 6, 13, 8, 8)
                        .lengths(13, 0, 5, 9)
                        .mask(CAUSAL_END),
                Setting.of("lengths outside", 2, 1, 1, 3, 4, 8, 8).lengths(-3, 9),
                Setting.of("bias full", 2, 2, 2, 5, 9, 8, 8).bias(2, 2, 5, 9),
                Setting.of("bias of heads", 2, 4, 2, 5, 9, 8, 8).bias(1, 4, 5, 9).mask(CAUSAL),
                Setting.of("bias of keys", 3, 2, 2, 5, 9, 8, 8).bias(3, 1, 1, 9),
                Setting.of("bias of queries", 2, 2, 1, 5, 9, 8, 8).bias(1, 1, 5, 1).lengths(9, 4),
                Setting.of("bias one", 2, 2, 1, 5, 9, 8, 8).bias(1, 1, 1, 1).sequenceFirst(),
                Setting.of("d16 groups", 1, 4, 2, 37, 41, 16, 16).mask(CAUSAL_END),
                Setting.of("d24", 1, 2, 2, 33, 65, 24, 40),
                Setting.of("d64", 1, 2, 2, 70, 130, 64, 64),
                Setting.of("d64 causal", 1, 2, 2, 130, 130, 64, 64).mask(CAUSAL),
                Setting.of("d64 sequence first", 2, 2, 1, 37, 37, 64, 64)
                        .sequenceFirst()
                        .mask(CAUSAL)
                        .lengths(37, 20),
                Setting.of("d80 end", 1, 2, 1, 19, 67, 80, 80).mask(CAUSAL_END),
                Setting.of("d128", 1, 2, 1, 33, 47, 128, 128),
                Setting.of("d256", 1, 1, 1, 17, 35, 256, 256).mask(CAUSAL),
                Setting.of("d300", 1, 1, 1, 5, 9, 300, 280),
                Setting.of("decode", 2, 3, 3, 1, 130, 64, 64).lengths(130, 77),
                Setting.of("decode groups", 2, 8, 2, 1, 133, 64, 64)
                        .lengths(133, 0)
                        .mask(CAUSAL_END),
                Setting.of("decode four", 1, 4, 2, 4, 261, 32, 32).mask(CAUSAL_END),
                Setting.of("large scores", 1, 2, 2, 9, 37, 16, 16).deviation(4.5),
                Setting.of("no batch", 0, 2, 2, 3, 4, 8, 8),
                Setting.of("no heads", 2, 0, 0, 3, 4, 8, 8),
                Setting.of("no queries", 2, 2, 2, 0, 4, 8, 8),
                Setting.of("no keys", 2, 2, 2, 3, 0, 8, 8));
    }

    private static List<Case> special() {
        double inf = Double.POSITIVE_INFINITY;
        Setting s = Setting.of("masked by bias", 2, 2, 1, 6, 11, 8, 8).bias(2, 1, 6, 11);
        Setting rows = Setting.of("rows masked by bias", 2, 2, 2, 4, 3, 8, 8).bias(1, 1, 4, 1);
        Setting nan = Setting.of("NaN", 1, 2, 2, 9, 9, 8, 8).mask(CAUSAL);
        return List.of(
                Case.of(s.name, s.op())
                        .in(s.query())
                        .in(s.key())
                        .in(s.value())
                        .absent()
                        .fixed(TensorSpec.f32(s.bias), Data.normal().sprinkled(3, -inf))
                        .reduction(s.reduction()),
                Case.of(rows.name, rows.op())
                        .in(rows.query())
                        .in(rows.key())
                        .in(rows.value())
                        .absent()
                        .fixed(TensorSpec.f32(rows.bias), Data.of(0, -inf, 1, -inf))
                        .reduction(rows.reduction()),
                Case.of(nan.name, nan.op())
                        .in(nan.query())
                        .in(nan.key(), Data.normal().sprinkled(40, Double.NaN))
                        .in(nan.value())
                        .absent()
                        .absent()
                        .reduction(nan.reduction())
                        .noGradient());
    }

    private static List<Setting> benches() {
        List<Setting> list = new ArrayList<>();
        for (int t : new int[] {512, 2048}) {
            for (AttentionMask m : new AttentionMask[] {NONE, CAUSAL}) {
                String kind = m == NONE ? "full" : "causal";
                list.add(Setting.of("h8 t" + t + " d64 " + kind, 1, 8, 8, t, t, 64, 64).mask(m));
            }
        }
        return list;
    }

    /** Sizes of language models; in the 16-bit types. */
    private static List<Setting> transformers() {
        List<Setting> list = new ArrayList<>();
        for (int t : new int[] {2048, 4096, 8192, 16384}) {
            for (int d : new int[] {64, 128}) {
                int n = 16384 / t;
                for (AttentionMask m : new AttentionMask[] {NONE, CAUSAL}) {
                    String kind = m == NONE ? "full" : "causal";
                    String name = "n" + n + " h" + 2048 / d + " t" + t + " d" + d + " " + kind;
                    list.add(Setting.of(name, n, 2048 / d, 2048 / d, t, t, d, d).mask(m));
                }
            }
        }
        return list;
    }

    private static Setting decoding() {
        return Setting.of("decode h32 of 8, 4096 keys, d128", 8, 32, 8, 1, 4096, 128, 128)
                .mask(CAUSAL_END);
    }

    static List<Case> forward() {
        List<Case> cases = new ArrayList<>();
        for (Setting s : settings()) {
            cases.add(forward(s));
        }
        cases.addAll(special());
        List<Case> all = new ArrayList<>(Case.withHalves(cases, HALVES));
        all.addAll(SdpaHalfCases.forward());
        for (Setting s : benches()) {
            all.add(forward(s).bench());
        }
        all.add(forward(decoding()).bench());
        for (Setting s : transformers()) {
            all.add(forward(s).as(DType.BFLOAT16).bench("transformer"));
        }
        all.add(forward(decoding()).as(DType.BFLOAT16).bench("transformer"));
        return all;
    }

    private static Case forward(Setting s) {
        return s.inputs(Case.of(s.name, s.op())).reduction(s.reduction());
    }

    static List<Case> gradient() {
        List<Case> cases = new ArrayList<>();
        for (Setting s : settings()) {
            boolean rest = s.name.length() % 2 == 0;
            cases.add(gradient(s, DType.FLOAT32, s.bias != null, true, rest));
            if (List.of(HALVES).contains(s.name)) {
                cases.add(gradient(s, DType.FLOAT16, s.bias != null, true, rest));
                cases.add(gradient(s, DType.BFLOAT16, s.bias != null, true, rest));
            }
        }
        Setting alone = Setting.of("logSumExp alone", 1, 2, 1, 6, 7, 8, 8).mask(CAUSAL);
        cases.add(gradient(alone, DType.FLOAT32, true, false, true));
        cases.addAll(SdpaHalfCases.gradient());
        for (Setting b : benches()) {
            cases.add(gradient(b, DType.FLOAT32, false, true, false).bench());
        }
        for (Setting b : transformers()) {
            cases.add(gradient(b, DType.BFLOAT16, false, true, false).bench("transformer"));
        }
        return cases;
    }

    /**
     * Output and logSumExp are drawn, not computed: the formula takes them as they are. logSumExp
     * about where the scores' would be, so that weights stay below one.
     */
    private static Case gradient(
            Setting s, DType dtype, boolean scores, boolean doutput, boolean dlogSumExp) {
        ScaledDotProductAttentionGradient op =
                new ScaledDotProductAttentionGradient(s.scale(), s.mask, s.layout, scores);
        double high = s.deviation * s.deviation * 3 + Math.log(1.0 + s.s.tk());
        TensorSpec output = s.output().withDType(dtype);
        String name = dtype == DType.FLOAT32 ? s.name : s.name + " " + dtype;
        Case c = s.inputs(Case.of(name, op)).as(dtype, name).in(output);
        // What stays float32 whatever the others are.
        c = c.in(s.s.logSumExp(), Data.normal(high, 0.3));
        c = doutput ? c.in(output) : c.absent();
        c = dlogSumExp ? c.in(s.s.logSumExp()) : c.absent();
        // A score of 80 is off by 5e-6, and its exponential by that part.
        if (dtype.isHalf()) {
            // Matrix units take weights and scores' gradients rounded to the type: as much again
            // where few of them nearly cancel.
            return c.tolerance(2 * dtype.roundoff());
        }
        return s.deviation > 2 ? c.tolerance(2e-5) : c.reduction(s.reduction());
    }

    static List<Case> append() {
        List<Case> cases = new ArrayList<>();
        int[][] sizes = {{1, 1, 1, 1, 1}, {3, 2, 7, 1, 5}, {2, 3, 9, 4, 8}, {2, 1, 3, 5, 16}};
        double[][] positions = {{0}, {0, 6, 3}, {7, -2}, {-1, 2}};
        for (HeadLayout layout : HeadLayout.values()) {
            for (int i = 0; i < sizes.length; i++) {
                int[] z = sizes[i];
                cases.add(append(layout, z, Data.of(positions[i])));
            }
        }
        cases.add(append(HEADS_FIRST, new int[] {2, 2, 4, 0, 3}, Data.of(0, 1)));
        cases.add(append(HEADS_FIRST, new int[] {0, 2, 4, 1, 3}, Data.of()));
        cases.add(append(HEADS_FIRST, new int[] {1, 1, 4, 1, 3}, Data.of(Integer.MAX_VALUE)));
        List<Case> all = new ArrayList<>(cases);
        all.add(cases.get(1).as(DType.FLOAT16));
        all.add(cases.get(2).as(DType.BFLOAT16));
        int[] large = {8, 8, 4096, 1, 128};
        all.add(append(HEADS_FIRST, large, Data.constant(4000)).bench());
        return all;
    }

    private static Case append(HeadLayout layout, int[] z, Data positions) {
        TensorSpec cache = new TensorSpec(DType.FLOAT32, layout.shape(z[0], z[1], z[2], z[4]));
        TensorSpec update = new TensorSpec(DType.FLOAT32, layout.shape(z[0], z[1], z[3], z[4]));
        String name = layout.name().toLowerCase(java.util.Locale.ROOT) + " " + cache + " " + z[3];
        return Case.of(name, new CacheAppend(layout))
                .in(cache)
                .in(update)
                .fixed(TensorSpec.i32(z[0]), positions)
                .exact();
    }
}
