package io.tatara.kernels.matmul;

import io.tatara.kernels.Shape;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.check.Case;
import io.tatara.kernels.check.Data;
import io.tatara.kernels.pointwise.Activation;
import java.util.ArrayList;
import java.util.List;

/** The cases of this room. */
final class MatMulCases {
    private static final double[] SPECIAL = {
        Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY
    };

    private MatMulCases() {}

    private static TensorSpec f32(int... dims) {
        return TensorSpec.f32(dims);
    }

    static List<Case> matmul() {
        List<Case> cases = new ArrayList<>(DeepBenchCases.matmul());
        shapes(cases);
        transposes(cases);
        batches(cases);
        epilogues(cases);
        bench(cases);
        MatrixUnitCases.matmul(cases);
        return cases;
    }

    /** Without batch, both operands as they come. */
    private static Case plain(String name, int m, int n, int k, Data data) {
        return Case.of(name, MatMul.plain())
                .in(f32(m, k), data)
                .in(f32(k, n), data)
                .absent()
                .absent()
                .reduction(k);
    }

    private static void shapes(List<Case> cases) {
        cases.add(plain("one", 1, 1, 1, Data.normal()));
        cases.add(plain("small", 5, 7, 3, Data.normal()));
        cases.add(plain("square", 16, 16, 16, Data.normal()));
        cases.add(plain("odd", 67, 45, 131, Data.normal()).noGradient());
        cases.add(plain("row", 1, 77, 300, Data.normal()).noGradient());
        cases.add(plain("rows", 7, 77, 300, Data.normal()).noGradient());
        cases.add(plain("column", 77, 1, 150, Data.normal()).noGradient());
        cases.add(plain("no-rows", 0, 5, 3, Data.normal()));
        cases.add(plain("no-columns", 4, 0, 3, Data.normal()));
        cases.add(plain("no-depth", 4, 5, 0, Data.normal()).exact());
        cases.add(plain("integers", 70, 65, 33, Data.integers(-8, 8)).exact().noGradient());
        cases.add(plain("integers-deep", 14, 100, 1100, Data.integers(-8, 8)).exact().noGradient());
        cases.add(plain("specials", 33, 40, 29, Data.normal().sprinkled(97, SPECIAL)).noGradient());
        cases.add(
                plain("specials-row", 1, 40, 290, Data.normal().sprinkled(997, SPECIAL))
                        .noGradient());
        cases.add(plain("tall", 300, 70, 257, Data.normal()).noGradient().large());
        // Two inputs: the optional ones left out at the end.
        cases.add(Case.of("two-inputs", MatMul.plain()).in(f32(3, 4)).in(f32(4, 2)).reduction(4));
    }

    private static void transposes(List<Case> cases) {
        int[][] sizes = {{3, 4, 5}, {1, 9, 40}, {2, 70, 130}, {65, 33, 17}, {40, 2, 50}};
        for (int[] s : sizes) {
            for (int t = 0; t < 4; t++) {
                boolean ta = (t & 1) != 0;
                boolean tb = (t & 2) != 0;
                String name =
                        (ta ? "t" : "n") + (tb ? "t-" : "n-") + s[0] + "x" + s[1] + "x" + s[2];
                Case c =
                        Case.of(name, MatMul.of(ta, tb))
                                .in(ta ? f32(s[2], s[0]) : f32(s[0], s[2]))
                                .in(tb ? f32(s[1], s[2]) : f32(s[2], s[1]))
                                .absent()
                                .absent()
                                .reduction(s[2]);
                cases.add(s[0] == 3 ? c : c.noGradient());
            }
        }
    }

    private static Case batch(String name, MatMul op, TensorSpec a, TensorSpec b) {
        return Case.of(name, op).in(a).in(b).absent().absent().reduction(4);
    }

    private static void batches(List<Case> cases) {
        MatMul plain = MatMul.plain();
        cases.add(batch("batch", plain, f32(3, 2, 4), f32(3, 4, 5)));
        cases.add(batch("batch-empty", plain, f32(0, 2, 4), f32(0, 4, 5)));
        cases.add(batch("shared-b", plain, f32(3, 2, 4), f32(4, 5)));
        cases.add(batch("shared-b-transposed", MatMul.of(false, true), f32(3, 2, 4), f32(5, 4)));
        cases.add(batch("shared-b-ones", plain, f32(2, 3, 2, 4), f32(1, 1, 4, 5)));
        cases.add(batch("shared-b-a-transposed", MatMul.of(true, true), f32(3, 4, 2), f32(5, 4)));
        cases.add(batch("shared-b-empty", plain, f32(0, 2, 4), f32(4, 5)));
        cases.add(batch("shared-a", plain, f32(2, 4), f32(3, 4, 5)));
        cases.add(batch("shared-a-transposed", MatMul.of(true, true), f32(4, 2), f32(3, 5, 4)));
        cases.add(batch("crossed", plain, f32(3, 1, 2, 4), f32(1, 2, 4, 3)));
        cases.add(batch("middle", plain, f32(2, 1, 3, 2, 4), f32(3, 1, 4, 2)));
        cases.add(batch("five-axes", plain, f32(2, 1, 2, 1, 2, 2, 4), f32(1, 2, 1, 3, 1, 4, 2)));
        cases.add(
                batch("batch-larger", plain, f32(5, 37, 66), f32(5, 66, 35))
                        .reduction(66)
                        .noGradient());
    }

    private static void epilogues(List<Case> cases) {
        for (Activation f : Activation.values()) {
            String n = f.name().toLowerCase(java.util.Locale.ROOT);
            // Away from the corners of relu and elu finite differences are smooth: no sum is
            // exactly 0.
            MatMul op = new MatMul(false, false, new Epilogue(f));
            Case all =
                    Case.of(n, op)
                            .in(f32(2, 3, 4))
                            .in(f32(4, 5))
                            .in(f32(5))
                            .in(f32(2, 3, 5))
                            .reduction(4);
            cases.add(all);
            cases.add(
                    Case.of(n + "-bias", op)
                            .in(f32(3, 4))
                            .in(f32(4, 5))
                            .in(f32(5))
                            .absent()
                            .reduction(4));
            MatMul transposed = new MatMul(true, true, new Epilogue(f));
            cases.add(
                    Case.of(n + "-residual", transposed)
                            .in(f32(4, 3))
                            .in(f32(5, 4))
                            .absent()
                            .in(f32(3, 5))
                            .reduction(4));
            cases.add(
                    Case.of(n + "-larger", op)
                            .in(f32(37, 70), Data.normal(0, 0.2))
                            .in(f32(70, 290))
                            .in(f32(290))
                            .in(f32(37, 290))
                            .reduction(70)
                            .noGradient());
            cases.add(
                    Case.of(n + "-skinny", op)
                            .in(f32(3, 70), Data.normal(0, 0.2))
                            .in(f32(70, 90))
                            .in(f32(90))
                            .absent()
                            .reduction(70)
                            .noGradient());
        }
        MatMul relu = new MatMul(false, false, new Epilogue(Activation.RELU));
        cases.add(
                Case.of("no-depth-bias", relu)
                        .in(f32(2, 0))
                        .in(f32(0, 5))
                        .in(f32(5))
                        .in(f32(2, 5)));
        cases.add(
                Case.of("integers-bias", relu)
                        .in(f32(33, 20), Data.integers(-5, 5))
                        .in(f32(20, 70), Data.integers(-5, 5))
                        .in(f32(70), Data.integers(-50, 50))
                        .in(f32(33, 70), Data.integers(-50, 50))
                        .exact()
                        .noGradient());
        cases.add(
                Case.of("relu-specials", relu)
                        .in(f32(9, 20), Data.normal().sprinkled(31, SPECIAL))
                        .in(f32(20, 30))
                        .in(f32(30))
                        .absent()
                        .reduction(20)
                        .noGradient());
    }

    private static void bench(List<Case> cases) {
        for (int n : new int[] {256, 512, 1024, 2048}) {
            cases.add(plain("square-" + n, n, n, n, Data.normal()).bench());
        }
        for (int m : new int[] {1, 32}) {
            cases.add(plain("skinny-" + m, m, 1024, 1024, Data.normal()).bench());
            cases.add(
                    Case.of("skinny-" + m + "-transposed", MatMul.of(false, true))
                            .in(f32(m, 1024))
                            .in(f32(1024, 1024))
                            .absent()
                            .absent()
                            .bench());
        }
        // The output layer of a small translator: 32 sentences of 12 words, 4096 words to choose
        // from.
        cases.add(
                Case.of("translator", MatMul.of(false, true))
                        .in(f32(32, 12, 256))
                        .in(f32(4096, 256))
                        .in(f32(4096))
                        .absent()
                        .bench());
        cases.add(
                Case.of("translator-gelu", new MatMul(false, false, new Epilogue(Activation.GELU)))
                        .in(f32(32, 12, 256))
                        .in(f32(256, 1024))
                        .in(f32(1024))
                        .absent()
                        .bench());
        cases.add(
                Case.of("batch-64", MatMul.plain())
                        .in(f32(64, 64, 64))
                        .in(f32(64, 64, 64))
                        .absent()
                        .absent()
                        .bench());
    }

    private static MatrixLayout layout(
            int offset, int rowStride, int columnStride, Integer... batch) {
        return new MatrixLayout(offset, List.of(batch), rowStride, columnStride);
    }

    static List<Case> strided() {
        List<Case> cases = new ArrayList<>();
        MatrixLayout dense = layout(0, 4, 1);
        cases.add(
                Case.of("dense", new MatMulStrided(dense, layout(0, 3, 1), List.of(), 2, 3, 4))
                        .in(f32(2, 4))
                        .in(f32(4, 3))
                        .reduction(4));
        // Heads of an attention: [batch 2, time 5, heads 3, width 4], scores = queries · keysᵀ.
        MatrixLayout queries = layout(0, 12, 1, 60, 4);
        cases.add(
                Case.of(
                                "heads",
                                new MatMulStrided(
                                        queries, queries.transposed(), List.of(2, 3), 5, 5, 4))
                        .in(f32(2, 5, 3, 4))
                        .in(f32(2, 5, 3, 4))
                        .reduction(4));
        cases.add(
                Case.of(
                                "repeated",
                                new MatMulStrided(
                                        layout(1, 4, 1, 0),
                                        layout(2, 3, 1, 12),
                                        List.of(3),
                                        2,
                                        3,
                                        4))
                        .in(f32(10))
                        .in(f32(40))
                        .reduction(4));
        cases.add(
                Case.of(
                                "gaps",
                                new MatMulStrided(
                                        layout(3, 10, 2, 30),
                                        layout(0, 9, 3, 50),
                                        List.of(2),
                                        3,
                                        2,
                                        4))
                        .in(f32(70))
                        .in(f32(2, 50))
                        .reduction(4));
        cases.add(
                Case.of(
                                "five-axes",
                                new MatMulStrided(
                                        layout(0, 2, 1, 64, 0, 16, 8, 4),
                                        layout(0, 2, 1, 0, 16, 0, 8, 4),
                                        List.of(2, 2, 2, 2, 2),
                                        2,
                                        2,
                                        2))
                        .in(f32(128))
                        .in(f32(32))
                        .reduction(2));
        cases.add(
                Case.of("no-depth", new MatMulStrided(dense, dense, List.of(), 2, 3, 0))
                        .in(f32(2, 4))
                        .in(f32(1))
                        .exact());
        cases.add(
                Case.of(
                                "no-batch",
                                new MatMulStrided(
                                        layout(0, 4, 1, 8),
                                        layout(0, 3, 1, 12),
                                        List.of(0),
                                        2,
                                        3,
                                        4))
                        .in(f32(0))
                        .in(f32(4, 3)));
        // Rows that overlap (a window of 8 moved by 2): fine forward, no gradient.
        cases.add(
                Case.of(
                                "windows",
                                new MatMulStrided(
                                        layout(0, 2, 1), layout(0, 6, 1), List.of(), 20, 6, 8))
                        .in(f32(46), Data.integers(-9, 9))
                        .in(f32(8, 6), Data.integers(-9, 9))
                        .exact()
                        .noGradient());
        cases.add(
                Case.of(
                                "larger",
                                new MatMulStrided(
                                        layout(5, 140, 2, 70),
                                        layout(0, 1, 70, 35),
                                        List.of(2),
                                        37,
                                        66,
                                        35))
                        .in(f32(37 * 140 + 5))
                        .in(f32(66, 70))
                        .reduction(35)
                        .noGradient());
        MatrixUnitCases.strided(cases);
        MatrixLayout head = layout(0, 512, 1, 512 * 128, 64);
        cases.add(
                Case.of(
                                "attention-scores",
                                new MatMulStrided(
                                        head, head.transposed(), List.of(4, 8), 128, 128, 64))
                        .in(f32(4, 128, 512))
                        .in(f32(4, 128, 512))
                        .bench());
        return cases;
    }

    static List<Case> scatter() {
        return List.of(
                Case.of(
                                "dense",
                                new StridedScatter(
                                        layout(0, 4, 1), List.of(), 3, 4, Shape.of(3, 4)))
                        .in(f32(3, 4))
                        .exact(),
                Case.of(
                                "transposed",
                                new StridedScatter(
                                        layout(2, 1, 5, 20), List.of(2), 3, 4, Shape.of(45)))
                        .in(f32(2, 3, 4))
                        .exact(),
                Case.of(
                                "five-axes",
                                new StridedScatter(
                                        layout(0, 3, 1, 96, 48, 24, 12, 6),
                                        List.of(2, 2, 2, 2, 2),
                                        2,
                                        2,
                                        Shape.of(200)))
                        .in(f32(2, 2, 2, 2, 2, 2, 2))
                        .exact(),
                Case.of(
                                "nothing",
                                new StridedScatter(layout(0, 4, 1), List.of(), 0, 4, Shape.of(5)))
                        .in(f32(0, 4))
                        .exact());
    }

    static List<Case> activationGradient() {
        List<Case> cases = new ArrayList<>();
        for (Activation f : Activation.values()) {
            cases.add(
                    Case.of(f.name().toLowerCase(java.util.Locale.ROOT), new ActivationGradient(f))
                            .in(f32(41, 53))
                            .in(f32(41, 53)));
        }
        cases.add(
                Case.of("empty", new ActivationGradient(Activation.GELU))
                        .in(f32(0, 3))
                        .in(f32(0, 3)));
        return cases;
    }
}
