package io.tatara.kernels.reduce;

import io.tatara.kernels.DType;
import io.tatara.kernels.Shape;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.check.Case;
import io.tatara.kernels.check.Data;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The cases of this room. */
final class ReduceCases {
    private static final Data WHOLE = Data.integers(-9, 9);
    private static final Data WILD =
            Data.normal()
                    .sprinkled(
                            5,
                            Double.NaN,
                            Double.POSITIVE_INFINITY,
                            Double.NEGATIVE_INFINITY,
                            -0.0,
                            0.0);

    private ReduceCases() {}

    /** Rows of: shape, axes. */
    private static final int[][][] SHAPES = {
        {{}, {}},
        {{1}, {0}},
        {{17}, {}},
        {{5, 7}, {1}},
        {{5, 7}, {0}},
        {{5, 7}, {-1, 0}},
        {{4, 100}, {1}},
        {{3, 40, 21}, {1}},
        {{3, 4, 5, 6}, {0, 2}},
        {{3, 4, 5, 6}, {1, 3}},
        {{3, 4, 5, 6}, {0, 2, 3}},
        {{2, 1, 3, 1, 5, 4}, {1, 2, 4}},
        {{2, 3, 2, 3, 2, 3}, {0, 2, 4}},
        {{6, 1}, {1}},
        {{0, 5}, {1}},
        {{0, 5}, {0}},
        {{3, 0, 4}, {1}},
        {{0, 3, 4}, {0, 2}},
    };

    static List<Case> reduce() {
        List<Case> cases = new ArrayList<>();
        for (ReduceKind kind : ReduceKind.values()) {
            for (int[][] s : SHAPES) {
                TensorSpec x = TensorSpec.f32(s[0]);
                Reduce op = new Reduce(kind, list(s[1]), s[0].length % 2 == 0);
                String name = kind + " " + Arrays.deepToString(s);
                cases.add(Case.of(name, op).in(x).reduction(Math.max(1, x.size())));
                if (kind != ReduceKind.MEAN) {
                    cases.add(Case.of("whole " + name, op).in(x, WHOLE).exact().noGradient());
                }
            }
            cases.add(
                    Case.of(kind + " wild rows", op(kind, 1))
                            .in(TensorSpec.f32(60, 37), WILD)
                            .reduction(37)
                            .noGradient());
            cases.add(
                    Case.of(kind + " wild columns", op(kind, 0))
                            .in(TensorSpec.f32(5, 137), WILD)
                            .reduction(5)
                            .noGradient());
            // A hundred terms' tolerance for a million terms: plain float accumulation does not
            // meet it.
            cases.add(
                    Case.of(kind + " million", op(kind))
                            .in(TensorSpec.f32(1_000_003), Data.uniform(0, 1))
                            .reduction(100)
                            .noGradient()
                            .large());
            cases.add(
                    Case.of(kind + " million rows", op(kind, 0))
                            .in(TensorSpec.f32(300_007, 3), Data.uniform(0, 1))
                            .reduction(100)
                            .noGradient()
                            .large());
            cases.add(
                    Case.of(kind + " long columns", op(kind, 0))
                            .in(TensorSpec.f32(40_003, 33), Data.uniform(0, 1))
                            .reduction(100)
                            .noGradient()
                            .large());
        }
        cases.add(
                Case.of("wide columns", op(ReduceKind.SUM, 0))
                        .in(TensorSpec.f32(70, 1100), WHOLE)
                        .exact()
                        .noGradient());
        cases.add(
                Case.of("odd rows in chunks", op(ReduceKind.SUM, 1))
                        .in(TensorSpec.f32(3, 40_001), WHOLE)
                        .exact()
                        .noGradient());
        cases.add(
                Case.of("odd rows", op(ReduceKind.MAX, 1))
                        .in(TensorSpec.f32(9, 1501), WILD)
                        .reduction(1)
                        .noGradient());
        cases.add(
                Case.of("columns of whole pieces", op(ReduceKind.SUM, 1))
                        .in(TensorSpec.f32(2, 1301, 40))
                        .reduction(1301)
                        .noGradient());
        cases.add(
                Case.of("tiles of whole pieces", op(ReduceKind.SUM, 0))
                        .in(TensorSpec.f32(1031, 272))
                        .reduction(1031)
                        .noGradient());
        cases.add(
                Case.of("rows of whole pieces", op(ReduceKind.MEAN, 1))
                        .in(TensorSpec.f32(67, 136))
                        .reduction(136));
        for (DType d : new DType[] {DType.FLOAT32, DType.BFLOAT16}) {
            int n = d == DType.FLOAT32 ? 65536 : 131072;
            TensorSpec x = TensorSpec.of(d, n, 1024);
            cases.add(
                    Case.of(d + " columns " + n + "x1024", op(ReduceKind.SUM, 0))
                            .in(x)
                            .bench()
                            .large());
            cases.add(
                    Case.of(d + " rows " + n + "x1024", op(ReduceKind.SUM, 1))
                            .in(x)
                            .bench()
                            .large());
        }
        cases.add(
                Case.of("bias 16384x512", op(ReduceKind.SUM, 0))
                        .in(TensorSpec.f32(16384, 512))
                        .bench());
        cases.add(
                Case.of("rows 16384x512", op(ReduceKind.SUM, 1))
                        .in(TensorSpec.f32(16384, 512))
                        .bench());
        cases.add(
                Case.of("all of 16 million", op(ReduceKind.SUM))
                        .in(TensorSpec.f32(1 << 24))
                        .bench());
        cases.add(
                Case.of("channels 32x64x56x56", op(ReduceKind.MEAN, 0, 2, 3))
                        .in(TensorSpec.f32(32, 64, 56, 56))
                        .bench());
        return Case.withHalves(
                cases,
                "SUM wild rows",
                "MEAN wild columns",
                "MAX wild rows",
                "SUM long columns",
                "odd rows",
                "columns of whole pieces",
                "tiles of whole pieces",
                "rows of whole pieces");
    }

    private static Reduce op(ReduceKind kind, int... axes) {
        return new Reduce(kind, list(axes), false);
    }

    private static List<Integer> list(int... v) {
        return Arrays.stream(v).boxed().toList();
    }

    static List<Case> reduceGradient() {
        List<Case> cases = new ArrayList<>();
        for (ReduceKind kind : ReduceKind.values()) {
            for (int[][] s : SHAPES) {
                cases.add(gradient(kind + " " + Arrays.deepToString(s), kind, s[0], s[1], WHOLE));
            }
        }
        // Integers have ties; the y given here need not be their maximum for the rule to be held.
        cases.add(
                gradient(
                        "ties rows",
                        ReduceKind.MAX,
                        new int[] {40, 12},
                        new int[] {1},
                        Data.integers(0, 2)));
        cases.add(
                gradient(
                        "ties columns",
                        ReduceKind.MAX,
                        new int[] {12, 40},
                        new int[] {0},
                        Data.integers(0, 2)));
        cases.add(
                gradient(
                        "wild",
                        ReduceKind.MAX,
                        new int[] {12, 40},
                        new int[] {1},
                        Data.integers(0, 1).sprinkled(9, Double.NaN)));
        return Case.withHalves(cases, "ties rows", "ties columns", "wild");
    }

    private static Case gradient(String name, ReduceKind kind, int[] shape, int[] axes, Data data) {
        ReduceGradient op = new ReduceGradient(kind, list(axes), false, Shape.of(shape));
        TensorSpec x = TensorSpec.f32(shape);
        TensorSpec y = x.withShape(op.resolved().result(x.shape(), false));
        return kind == ReduceKind.MAX
                ? Case.of(name, op).in(x, data).in(y, Data.constant(1)).in(y)
                : Case.of(name, op).absent().absent().in(y);
    }

    static List<Case> argMax() {
        return Case.withHalves(
                List.of(
                        Case.of("one", new ArgMax(0)).in(TensorSpec.f32(1)),
                        Case.of("rows", new ArgMax(-1)).in(TensorSpec.f32(9, 33)),
                        Case.of("long rows", new ArgMax(1)).in(TensorSpec.f32(3, 2001)),
                        Case.of("columns", new ArgMax(0)).in(TensorSpec.f32(33, 9)),
                        Case.of("middle", new ArgMax(1)).in(TensorSpec.f32(2, 5, 3, 2)),
                        Case.of("ties", new ArgMax(1))
                                .in(TensorSpec.f32(50, 40), Data.integers(0, 3)),
                        Case.of("ties columns", new ArgMax(0))
                                .in(TensorSpec.f32(7, 50), Data.integers(0, 2)),
                        Case.of("wild", new ArgMax(1)).in(TensorSpec.f32(50, 40), WILD),
                        Case.of("wild columns", new ArgMax(0)).in(TensorSpec.f32(4, 50), WILD),
                        Case.of("all -inf", new ArgMax(1))
                                .in(TensorSpec.f32(2, 40), Data.constant(Double.NEGATIVE_INFINITY)),
                        Case.of("empty batch", new ArgMax(1)).in(TensorSpec.f32(0, 5)),
                        Case.of("vocabulary", new ArgMax(1)).in(TensorSpec.f32(64, 32000)).bench()),
                "long rows",
                "ties",
                "ties columns");
    }

    static List<Case> topK() {
        // Many elements lie closer than the step of finite differences: no gradient test where k is
        // large.
        return Case.withHalves(
                List.of(
                        Case.of("one", new TopK(1)).in(TensorSpec.f32(1)).exact(),
                        Case.of("beam", new TopK(5)).in(TensorSpec.f32(4, 37)).exact(),
                        Case.of("all sorted", new TopK(9)).in(TensorSpec.f32(3, 9)).exact(),
                        Case.of("64 of 700", new TopK(64))
                                .in(TensorSpec.f32(3, 700))
                                .exact()
                                .noGradient(),
                        Case.of("100 of 130", new TopK(100))
                                .in(TensorSpec.f32(2, 130))
                                .exact()
                                .noGradient(),
                        Case.of("ties", new TopK(7))
                                .in(TensorSpec.f32(20, 30), Data.integers(0, 3))
                                .exact()
                                .noGradient(),
                        Case.of("wild", new TopK(11))
                                .in(TensorSpec.f32(20, 30), WILD)
                                .exact()
                                .noGradient(),
                        Case.of("deep", new TopK(2)).in(TensorSpec.f32(2, 3, 5)).exact(),
                        Case.of("empty batch", new TopK(2)).in(TensorSpec.f32(0, 5)).exact(),
                        Case.of("vocabulary", new TopK(8)).in(TensorSpec.f32(64, 32000)).bench()),
                "beam",
                "ties");
    }

    static List<Case> topKGradient() {
        return Case.withHalves(
                List.of(
                        Case.of("rows", new TopKGradient(6))
                                .in(TensorSpec.i32(2, 3), Data.of(5, 0, 2, 1, 3, 4))
                                .in(TensorSpec.f32(2, 3))
                                .exact(),
                        Case.of("out of range", new TopKGradient(3))
                                .in(TensorSpec.i32(2, 2), Data.of(-1, 3, 2, Integer.MAX_VALUE))
                                .in(TensorSpec.f32(2, 2))
                                .exact(),
                        Case.of("empty", new TopKGradient(3))
                                .in(TensorSpec.i32(0, 2))
                                .in(TensorSpec.f32(0, 2))
                                .exact()),
                "rows",
                "out of range");
    }
}
