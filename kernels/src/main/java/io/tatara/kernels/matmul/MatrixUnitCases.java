package io.tatara.kernels.matmul;

import io.tatara.kernels.DType;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.check.Case;
import io.tatara.kernels.check.Data;
import io.tatara.kernels.pointwise.Activation;
import java.util.List;
import java.util.Locale;

/**
 * Cases of {@link MatMul} and {@link MatMulStrided} in the types and sizes that matrix units and
 * their tiles are for: float16, bfloat16, float32 that may be rounded to TF32.
 */
final class MatrixUnitCases {
    /** An element type with the precision that float32 is taken in. */
    private record Kind(String name, DType type, Precision precision) {
        MatMul op(boolean ta, boolean tb, Activation f) {
            return new MatMul(ta, tb, new Epilogue(f), precision);
        }

        TensorSpec spec(int... dims) {
            return TensorSpec.of(type, dims);
        }

        /**
         * TF32: each factor is off by at most its unit round-off 2^-11 of itself, so each product
         * by 2^-10; rounding errors of many products mostly cancel, the sums are float32. Twice
         * that is allowed.
         */
        Case bounded(Case c) {
            return precision == Precision.TF32 ? c.tolerance(0x1p-9).noGradient() : c;
        }
    }

    private static final Kind HALF = new Kind("f16", DType.FLOAT16, Precision.STRICT);
    private static final Kind BFLOAT = new Kind("bf16", DType.BFLOAT16, Precision.STRICT);
    private static final Kind TF32 = new Kind("tf32", DType.FLOAT32, Precision.TF32);
    private static final Kind FLOAT = new Kind("f32", DType.FLOAT32, Precision.STRICT);
    private static final List<Kind> UNITS = List.of(HALF, BFLOAT, TF32);
    private static final List<Kind> ALL = List.of(FLOAT, TF32, HALF, BFLOAT);

    private MatrixUnitCases() {}

    /** Adds those of {@link MatMul}. */
    static void matmul(List<Case> cases) {
        for (Kind k : UNITS) {
            shapes(cases, k);
            epilogues(cases, k);
        }
        // Every layout, aligned and not; what bfloat16 does differently is only the product.
        for (Kind k : List.of(HALF, TF32)) {
            for (int t = 0; t < 4; t++) {
                boolean ta = (t & 1) != 0;
                boolean tb = (t & 2) != 0;
                cases.add(product(k, ta, tb, 72, 80, 96, Data.normal()));
                cases.add(product(k, ta, tb, 41, 67, 75, Data.normal()));
                cases.add(product(k, ta, tb, 36, 44, 52, Data.normal()));
            }
        }
        // Tiles of 128 by 128 and more than one of them.
        for (int t = 0; t < 4; t++) {
            boolean ta = (t & 1) != 0;
            cases.add(product(FLOAT, ta, (t & 2) != 0, 132, 148, 48, Data.normal()));
        }
        for (Kind k : ALL) {
            skinny(cases, k);
            bench(cases, k);
        }
    }

    private static Case product(Kind k, boolean ta, boolean tb, int m, int n, int d, Data data) {
        String name = "%s-%s%s-%dx%dx%d".formatted(k.name, ta ? "t" : "n", tb ? "t" : "n", m, n, d);
        return k.bounded(
                Case.of(name, k.op(ta, tb, Activation.NONE))
                        .in(ta ? k.spec(d, m) : k.spec(m, d), data)
                        .in(tb ? k.spec(n, d) : k.spec(d, n), data)
                        .absent()
                        .absent()
                        .reduction(d)
                        .noGradient());
    }

    private static Case named(String name, Kind k, int m, int n, int d, Data data) {
        return k.bounded(
                Case.of(k.name + "-" + name, k.op(false, false, Activation.NONE))
                        .in(k.spec(m, d), data)
                        .in(k.spec(d, n), data)
                        .absent()
                        .absent()
                        .reduction(d)
                        .noGradient());
    }

    private static void shapes(List<Case> cases, Kind k) {
        Case small =
                Case.of(k.name + "-small", k.op(false, true, Activation.NONE))
                        .in(k.spec(2, 3, 4))
                        .in(k.spec(5, 4))
                        .absent()
                        .absent()
                        .reduction(4);
        cases.add(k.bounded(small));
        cases.add(named("one", k, 1, 1, 1, Data.normal()));
        cases.add(named("no-depth", k, 4, 5, 0, Data.normal()).exact());
        cases.add(named("odd", k, 67, 45, 131, Data.normal()));
        // Small integers are exact in each of the types, their products and sums in float32.
        cases.add(named("integers", k, 70, 65, 33, Data.integers(-2, 2)).exact());
        cases.add(named("integers-aligned", k, 64, 128, 64, Data.integers(-1, 1)).exact());
        Data specials =
                Data.normal()
                        .sprinkled(
                                97, Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY);
        cases.add(named("specials", k, 33, 40, 29, specials));
        // Few tiles and a long sum: cut along k.
        cases.add(named("deep", k, 40, 36, 1500, Data.normal()));
        cases.add(named("deep-integers", k, 24, 20, 2050, Data.integers(-1, 1)).exact());
        cases.add(
                k.bounded(
                        Case.of(k.name + "-deep-batch", k.op(true, true, Activation.RELU))
                                .in(k.spec(2, 1, 600, 18))
                                .in(k.spec(2, 24, 600))
                                .in(k.spec(24))
                                .in(k.spec(2, 2, 18, 24))
                                .reduction(600)
                                .noGradient()));
        cases.add(
                k.bounded(
                        Case.of(k.name + "-crossed", k.op(false, false, Activation.NONE))
                                .in(k.spec(3, 1, 2, 20, 24))
                                .in(k.spec(1, 2, 1, 24, 40))
                                .absent()
                                .absent()
                                .reduction(24)
                                .noGradient()));
    }

    private static void epilogues(List<Case> cases, Kind k) {
        for (Activation f : List.of(Activation.NONE, Activation.GELU, Activation.SILU)) {
            String name = k.name + "-" + f.name().toLowerCase(Locale.ROOT);
            for (int n : new int[] {48, 53}) {
                cases.add(
                        k.bounded(
                                Case.of(name + "-" + n, k.op(false, true, f))
                                        .in(k.spec(2, 21, 64), Data.normal(0, 0.2))
                                        .in(k.spec(n, 64))
                                        .in(k.spec(n))
                                        .in(k.spec(2, 21, n))
                                        .reduction(64)
                                        .noGradient()));
            }
        }
    }

    /** Few rows or columns: bound by reading the other operand once. */
    private static void skinny(List<Case> cases, Kind k) {
        int[][] sizes = {
            {1, 200, 264},
            {4, 97, 640},
            {7, 130, 515},
            {16, 72, 512},
            {90, 3, 520},
            {64, 1, 333},
            {12, 35, 2056},
            {20, 9, 2088}
        };
        for (int[] s : sizes) {
            for (boolean tb : new boolean[] {false, true}) {
                cases.add(product(k, false, tb, s[0], s[1], s[2], Data.normal()));
            }
        }
        cases.add(
                k.bounded(
                        Case.of(k.name + "-skinny-finish", k.op(false, true, Activation.SILU))
                                .in(k.spec(3, 2, 520), Data.normal(0, 0.1))
                                .in(k.spec(3, 72, 520))
                                .in(k.spec(72))
                                .in(k.spec(3, 2, 72))
                                .reduction(520)
                                .noGradient()));
        cases.add(named("skinny-integers", k, 5, 520, 300, Data.integers(-1, 1)).exact());
    }

    private static void bench(List<Case> cases, Kind k) {
        int[] sizes = k.type.isHalf() ? new int[] {2048, 4096, 8192} : new int[] {2048, 4096};
        if (k != FLOAT) {
            cases.add(named("square-1024", k, 1024, 1024, 1024, Data.normal()).bench());
        }
        for (int n : sizes) {
            if (k != FLOAT || n > 2048) {
                cases.add(named("square-" + n, k, n, n, n, Data.normal()).bench());
            }
        }
        // One token, a few and a batch of them through a layer of a language model.
        for (int m : new int[] {1, 8, 16, 64}) {
            cases.add(product(k, false, true, m, 4096, 4096, Data.normal()).bench());
        }
        // Attention's and the feed-forward network's products of a Transformer, 2048 tokens wide.
        cases.add(product(k, false, true, 2048, 2304, 768, Data.normal()).bench());
        cases.add(product(k, false, true, 2048, 3072, 768, Data.normal()).bench());
        cases.add(product(k, false, true, 2048, 768, 3072, Data.normal()).bench());
        // Its weight gradient: a long sum into few tiles.
        cases.add(product(k, true, false, 768, 768, 8192, Data.normal()).bench());
    }

    /** Adds those of {@link MatMulStrided}. */
    static void strided(List<Case> cases) {
        for (Kind k : UNITS) {
            MatrixLayout q = new MatrixLayout(0, List.of(19 * 48, 16), 48, 1);
            cases.add(
                    k.bounded(
                            Case.of(
                                            k.name + "-heads",
                                            new MatMulStrided(
                                                    q,
                                                    q.transposed(),
                                                    List.of(2, 3),
                                                    19,
                                                    19,
                                                    16,
                                                    k.precision))
                                    .in(k.spec(2, 19, 3, 16))
                                    .in(k.spec(2, 19, 3, 16))
                                    .reduction(16)
                                    .noGradient()));
            // Offsets and strides of no alignment, A along its columns.
            cases.add(
                    k.bounded(
                            Case.of(
                                            k.name + "-unaligned",
                                            new MatMulStrided(
                                                    new MatrixLayout(3, List.of(700), 1, 21),
                                                    new MatrixLayout(5, List.of(0), 41, 1),
                                                    List.of(2),
                                                    20,
                                                    37,
                                                    33,
                                                    k.precision))
                                    .in(k.spec(3 + 700 + 33 * 21))
                                    .in(k.spec(5 + 33 * 41))
                                    .reduction(33)
                                    .noGradient()));
        }
    }
}
