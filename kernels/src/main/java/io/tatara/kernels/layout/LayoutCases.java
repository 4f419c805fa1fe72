package io.tatara.kernels.layout;

import io.tatara.kernels.DType;
import io.tatara.kernels.Shape;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.check.Case;
import io.tatara.kernels.check.Data;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The cases of this room. All are exact: nothing is computed but the sums of {@link
 * GatherGradient}.
 */
final class LayoutCases {
    private static final int END = Integer.MAX_VALUE;
    private static final Data INTS = Data.integers(-1000, 1000);

    private LayoutCases() {}

    static List<Case> fill() {
        return List.of(
                Case.of("one", new Fill(TensorSpec.f32(1), 2.5)).exact(),
                Case.of("empty", new Fill(TensorSpec.f32(0, 3), 1)).exact(),
                Case.of("odd", new Fill(TensorSpec.f32(7, 13, 3), -1)).exact(),
                Case.of("ints", new Fill(TensorSpec.i32(5, 3), 42)).exact(),
                Case.of("float16", new Fill(TensorSpec.of(DType.FLOAT16, 7, 5), 0.1)).exact(),
                Case.of("bfloat16", new Fill(TensorSpec.of(DType.BFLOAT16, 3, 3), 0.1)).exact(),
                Case.of("overflow", new Fill(TensorSpec.of(DType.FLOAT16, 3), -1e5)).exact());
    }

    private static Case transpose(String name, TensorSpec x, Integer... permutation) {
        return Case.of(name, new Transpose(List.of(permutation)))
                .in(x, x.dtype() == DType.INT32 ? INTS : Data.normal())
                .exact();
    }

    static List<Case> transpose() {
        return Case.withHalves(
                List.of(
                        transpose("scalar", TensorSpec.f32()),
                        transpose("vector", TensorSpec.f32(17), 0),
                        transpose("one element", TensorSpec.f32(1, 1), 1, 0),
                        transpose("square", TensorSpec.f32(32, 32), 1, 0),
                        transpose("odd", TensorSpec.f32(67, 35), 1, 0),
                        transpose("thin", TensorSpec.f32(3, 129), 1, 0),
                        transpose("ints", TensorSpec.i32(19, 45), 1, 0),
                        transpose("ints rows", TensorSpec.i32(5, 4, 23), 1, 0, 2),
                        transpose("empty", TensorSpec.f32(0, 5), 1, 0),
                        transpose("heads", TensorSpec.f32(3, 7, 4, 20), 0, 2, 1, 3),
                        transpose("nchw to nhwc", TensorSpec.f32(2, 19, 5, 7), 0, 2, 3, 1),
                        transpose("middle", TensorSpec.f32(4, 9, 11), 0, 2, 1),
                        transpose("reversed", TensorSpec.f32(5, 6, 9), 2, 1, 0),
                        transpose("batch behind", TensorSpec.f32(33, 3, 2, 5), 1, 2, 3, 0),
                        transpose("six axes", TensorSpec.f32(2, 3, 2, 3, 4, 3), 5, 3, 1, 0, 4, 2),
                        transpose(
                                "six axes tiled",
                                TensorSpec.f32(2, 3, 2, 9, 2, 10),
                                4,
                                0,
                                5,
                                2,
                                1,
                                3),
                        transpose(
                                "six axes kept",
                                TensorSpec.i32(2, 3, 2, 3, 1, 3),
                                0,
                                1,
                                2,
                                3,
                                4,
                                5),
                        transpose("identity", TensorSpec.f32(6, 70), 0, 1),
                        transpose("2048", TensorSpec.f32(2048, 2048), 1, 0).bench(),
                        transpose("heads 32x512x8x64", TensorSpec.f32(32, 512, 8, 64), 0, 2, 1, 3)
                                .bench()),
                "one element",
                "odd",
                "thin",
                "empty",
                "heads",
                "six axes",
                "six axes tiled");
    }

    private static List<Integer> list(int... v) {
        return Arrays.stream(v).boxed().toList();
    }

    /** Rows of: shape, starts, ends, steps. */
    private static final int[][][] SLICES = {
        {{}, {}, {}, {}},
        {{9}, {2}, {7}, {1}},
        {{9}, {-4}, {-1}, {2}},
        {{7, 10}, {1, 3}, {6, 10}, {1, 1}},
        {{7, 10}, {0, 1}, {END, END}, {3, 4}},
        {{4, 5, 6}, {1, 0, -3}, {3, END, END}, {1, 2, 1}},
        {{4, 5}, {2, 1}, {2, 3}, {1, 1}},
        {{0, 5}, {0, 1}, {END, 3}, {1, 1}},
        {{3, 2, 3, 2, 5, 4}, {1, 0, 0, 1, 0, 1}, {END, 1, END, END, END, 4}, {1, 1, 2, 1, 3, 2}},
        {{6, 8}, {0, 0}, {6, 8}, {1, 1}},
    };

    static List<Case> slice() {
        List<Case> cases = new ArrayList<>();
        for (int[][] s : SLICES) {
            Slice op = new Slice(list(s[1]), list(s[2]), list(s[3]));
            String name = Arrays.deepToString(s);
            cases.add(Case.of(name, op).in(TensorSpec.f32(s[0])).exact());
            cases.add(Case.of("ints " + name, op).in(TensorSpec.i32(s[0]), INTS).exact());
        }
        Shape gates = Shape.of(4096, 2048);
        cases.add(
                Case.of("gate of 4096x2048", Slice.axis(gates, 1, 512, 1024))
                        .in(TensorSpec.f32(4096, 2048))
                        .bench());
        return Case.withHalves(
                cases,
                "[[9], [-4], [-1], [2]]",
                "[[7, 10], [0, 1], [2147483647, 2147483647], [3, 4]]",
                "[[3, 2, 3, 2, 5, 4], [1, 0, 0, 1, 0, 1], [2147483647, 1, 2147483647, 2147483647, 2147483647, 4], [1, 1, 2, 1, 3, 2]]");
    }

    static List<Case> sliceScatter() {
        List<Case> cases = new ArrayList<>();
        for (int[][] s : SLICES) {
            SliceScatter op = new SliceScatter(Shape.of(s[0]), list(s[1]), list(s[2]), list(s[3]));
            int[] dy = op.range().shape().toArray();
            String name = Arrays.deepToString(s);
            cases.add(Case.of(name, op).in(TensorSpec.f32(dy)).exact());
            cases.add(Case.of("ints " + name, op).in(TensorSpec.i32(dy), INTS).exact());
        }
        return Case.withHalves(
                cases,
                "[[9], [-4], [-1], [2]]",
                "[[7, 10], [0, 1], [2147483647, 2147483647], [3, 4]]",
                "[[3, 2, 3, 2, 5, 4], [1, 0, 0, 1, 0, 1], [2147483647, 1, 2147483647, 2147483647, 2147483647, 4], [1, 1, 2, 1, 3, 2]]");
    }

    static List<Case> concat() {
        return Case.withHalves(
                List.of(
                        Case.of("one", new Concat(0)).in(TensorSpec.f32(3)).exact(),
                        Case.of("vectors", new Concat(0))
                                .in(TensorSpec.f32(3))
                                .in(TensorSpec.f32(5))
                                .exact(),
                        Case.of("rows", new Concat(0))
                                .in(TensorSpec.f32(3, 7))
                                .in(TensorSpec.f32(1, 7))
                                .exact(),
                        Case.of("columns", new Concat(-1))
                                .in(TensorSpec.f32(5, 3))
                                .in(TensorSpec.f32(5, 17))
                                .in(TensorSpec.f32(5, 1))
                                .exact(),
                        Case.of("middle", new Concat(1))
                                .in(TensorSpec.f32(2, 3, 4))
                                .in(TensorSpec.f32(2, 2, 4))
                                .exact(),
                        Case.of("ints", new Concat(1))
                                .in(TensorSpec.i32(4, 3), INTS)
                                .in(TensorSpec.i32(4, 20), INTS)
                                .exact(),
                        Case.of("empty part", new Concat(1))
                                .in(TensorSpec.f32(2, 0))
                                .in(TensorSpec.f32(2, 3))
                                .in(TensorSpec.f32(2, 0))
                                .exact(),
                        Case.of("empty batch", new Concat(1))
                                .in(TensorSpec.f32(0, 2))
                                .in(TensorSpec.f32(0, 3))
                                .exact(),
                        Case.of("six axes", new Concat(3))
                                .in(TensorSpec.f32(2, 1, 2, 3, 1, 4))
                                .in(TensorSpec.f32(2, 1, 2, 2, 1, 4))
                                .exact(),
                        Case.of("states 2048x512", new Concat(1))
                                .in(TensorSpec.f32(2048, 512))
                                .in(TensorSpec.f32(2048, 512))
                                .bench()),
                "vectors",
                "columns",
                "empty part",
                "six axes");
    }

    static List<Case> reshape() {
        return Case.withHalves(
                List.of(
                        Case.of("flat", new Reshape(Shape.of(35))).in(TensorSpec.f32(5, 7)).exact(),
                        Case.of("scalar", new Reshape(Shape.SCALAR))
                                .in(TensorSpec.f32(1, 1))
                                .exact(),
                        Case.of("empty", new Reshape(Shape.of(3, 0)))
                                .in(TensorSpec.f32(0, 5, 2))
                                .exact(),
                        Case.of("ints", new Reshape(Shape.of(2, 3, 4)))
                                .in(TensorSpec.i32(24), INTS)
                                .exact()),
                "flat",
                "empty");
    }

    private static Case expand(TensorSpec x, int... shape) {
        return Case.of(x + " to " + Arrays.toString(shape), new Expand(Shape.of(shape)))
                .in(x, x.dtype() == DType.INT32 ? INTS : Data.normal())
                .exact();
    }

    static List<Case> expand() {
        return List.of(
                expand(TensorSpec.f32()),
                expand(TensorSpec.f32(), 3, 5),
                expand(TensorSpec.f32(7), 4, 7),
                expand(TensorSpec.f32(5, 1), 5, 19),
                expand(TensorSpec.f32(5, 4), 5, 4),
                expand(TensorSpec.f32(2, 1, 3), 2, 4, 3),
                expand(TensorSpec.f32(3, 1, 2, 1), 2, 3, 4, 2, 3),
                expand(TensorSpec.f32(2, 1, 3, 1, 2, 1), 2, 3, 3, 2, 2, 5),
                expand(TensorSpec.f32(1), 0),
                expand(TensorSpec.f32(0, 1), 0, 4),
                expand(TensorSpec.i32(1, 3), 6, 3),
                expand(TensorSpec.of(DType.FLOAT16, 5, 1), 5, 19),
                expand(TensorSpec.of(DType.BFLOAT16, 3, 1, 2, 1), 2, 3, 4, 2, 3),
                expand(TensorSpec.f32(512), 4096, 512).bench());
    }

    private static Case gather(String name, int axis, TensorSpec x, double... indices) {
        return Case.of(name, new Gather(axis))
                .in(x, x.dtype() == DType.INT32 ? INTS : Data.normal())
                .in(TensorSpec.i32(indices.length), Data.of(indices))
                .exact();
    }

    static List<Case> gather() {
        return Case.withHalves(
                List.of(
                        gather("vector", 0, TensorSpec.f32(5), 4, 0, 0, 2),
                        gather("rows", 0, TensorSpec.f32(4, 9), 3, 3, 1, 0, 2),
                        gather("columns", -1, TensorSpec.f32(6, 5), 4, 1, 4),
                        gather("middle", 1, TensorSpec.f32(2, 3, 4), 2, 0, 2, 1),
                        gather("six axes", 3, TensorSpec.f32(1, 2, 3, 4, 2, 2), 3, 0),
                        gather(
                                        "out of range",
                                        0,
                                        TensorSpec.f32(3, 2),
                                        -1,
                                        1,
                                        3,
                                        Integer.MIN_VALUE,
                                        END)
                                .noGradient(),
                        gather("ints out of range", 1, TensorSpec.i32(3, 4), -1, 1, 4),
                        gather("nothing asked", 0, TensorSpec.f32(3, 2)),
                        gather("nothing there", 0, TensorSpec.f32(0, 2), 0, 1).noGradient(),
                        Case.of("beams 4096x512", new Gather(0))
                                .in(TensorSpec.f32(4096, 512))
                                .in(TensorSpec.i32(4096), Data.integers(0, 4095))
                                .bench()),
                "rows",
                "columns",
                "out of range",
                "nothing asked");
    }

    private static Case gatherGradient(
            String name, int axis, int extent, int[] dy, double... indices) {
        return Case.of(name, new GatherGradient(axis, extent))
                .in(TensorSpec.i32(indices.length), Data.of(indices))
                .in(TensorSpec.f32(dy))
                .reduction(indices.length);
    }

    static List<Case> gatherGradient() {
        return Case.withHalves(
                List.of(
                        gatherGradient("rows", 0, 4, new int[] {6, 9}, 3, 3, 1, 0, 3, 1),
                        gatherGradient("columns", -1, 5, new int[] {6, 4}, 4, 1, 4, 4),
                        gatherGradient("middle", 1, 3, new int[] {2, 4, 5}, 2, 0, 2, 2),
                        gatherGradient(
                                "out of range",
                                0,
                                3,
                                new int[] {5, 2},
                                -1,
                                1,
                                3,
                                Integer.MIN_VALUE,
                                END),
                        gatherGradient("empty", 0, 3, new int[] {0, 2}),
                        gatherGradient("into nothing", 0, 0, new int[] {2, 2}, 0, 1),
                        Case.of("long", new GatherGradient(0, 7))
                                .in(TensorSpec.i32(5000), Data.integers(-1, 7))
                                .in(TensorSpec.f32(5000, 3), Data.integers(-9, 9))
                                .exact()),
                "rows",
                "middle",
                "out of range",
                "empty",
                "long");
    }

    static List<Case> sequenceMask() {
        return List.of(
                Case.of("ragged", new SequenceMask(7))
                        .in(TensorSpec.i32(5), Data.of(3, 0, 7, 9, -2))
                        .exact(),
                Case.of("empty batch", new SequenceMask(7)).in(TensorSpec.i32(0)).exact(),
                Case.of("no steps", new SequenceMask(0))
                        .in(TensorSpec.i32(3), Data.constant(2))
                        .exact());
    }

    static List<Case> reverse() {
        return Case.withHalves(
                List.of(
                        Case.of("vector", new Reverse(0)).in(TensorSpec.f32(9)).absent().exact(),
                        Case.of("last", new Reverse(-1)).in(TensorSpec.f32(5, 7)).absent().exact(),
                        Case.of("middle", new Reverse(1))
                                .in(TensorSpec.f32(2, 5, 3))
                                .absent()
                                .exact(),
                        Case.of("ints", new Reverse(0))
                                .in(TensorSpec.i32(5, 40), INTS)
                                .absent()
                                .exact(),
                        Case.of("empty", new Reverse(0)).in(TensorSpec.f32(0, 4)).absent().exact(),
                        Case.of("time-major", new Reverse(0))
                                .in(TensorSpec.f32(6, 4, 3))
                                .in(TensorSpec.i32(4), Data.of(6, 1, 0, 4))
                                .exact(),
                        Case.of("batch-first", new Reverse(1))
                                .in(TensorSpec.f32(4, 6, 3))
                                .in(TensorSpec.i32(4), Data.of(6, 1, 0, 4))
                                .exact(),
                        Case.of("deep axis", new Reverse(-2))
                                .in(TensorSpec.f32(2, 3, 5, 2))
                                .in(TensorSpec.i32(2), Data.of(2, 5))
                                .exact(),
                        Case.of("matrix", new Reverse(0))
                                .in(TensorSpec.i32(5, 3), INTS)
                                .in(TensorSpec.i32(3), Data.of(2, 9, -1))
                                .exact(),
                        Case.of("no batch", new Reverse(0))
                                .in(TensorSpec.f32(5, 0))
                                .in(TensorSpec.i32(0))
                                .exact()),
                "last",
                "middle",
                "time-major",
                "deep axis");
    }

    static List<Case> cast() {
        Data wild =
                Data.normal(0, 1e5)
                        .sprinkled(
                                3,
                                Double.NaN,
                                Double.POSITIVE_INFINITY,
                                Double.NEGATIVE_INFINITY,
                                3e9,
                                -3e9,
                                2.9,
                                -2.9);
        Data wildInts = Data.integers(-2_000_000_000, -3).sprinkled(2, 0, 7, 16777217, END);
        List<Case> cases = new ArrayList<>();
        for (DType from : List.of(DType.FLOAT32, DType.FLOAT16, DType.BFLOAT16, DType.INT32)) {
            for (DType to : List.of(DType.FLOAT32, DType.FLOAT16, DType.BFLOAT16, DType.INT32)) {
                Cast op = new Cast(to);
                String name = from + " to " + to;
                cases.add(
                        Case.of(name, op)
                                .in(
                                        TensorSpec.of(from, 1501),
                                        from == DType.INT32 ? wildInts : wild)
                                .exact()
                                .noGradient());
                cases.add(Case.of("empty " + name, op).in(TensorSpec.of(from, 0)).exact());
                if (from.isFloating() && to.isFloating()) {
                    cases.add(Case.of("normal " + name, op).in(TensorSpec.of(from, 5, 3)).exact());
                    cases.add(
                            Case.of("tiny " + name, op)
                                    .in(TensorSpec.of(from, 333), Data.normal(0, 1e-6))
                                    .exact());
                }
            }
        }
        cases.add(roundings(DType.FLOAT16));
        cases.add(roundings(DType.BFLOAT16));
        for (DType to : List.of(DType.FLOAT16, DType.BFLOAT16)) {
            Case c = Case.of("4096x4096 to " + to, new Cast(to)).in(TensorSpec.f32(4096, 4096));
            cases.add(c.bench());
        }
        return cases;
    }

    /** Ties between neighbours and the floats beside them. */
    private static Case roundings(DType to) {
        double u = to.roundoff();
        Data ties =
                (d, r) -> {
                    for (int i = 0; i < d.length; i++) {
                        double tie = 1 + (2 * r.nextInt(64) + 1) * u;
                        d[i] = Math.scalb(tie + (i % 3 - 1) * 0x1p-23, r.nextInt(8) - 4);
                    }
                };
        return Case.of("ties to " + to, new Cast(to)).in(TensorSpec.f32(999), ties).exact();
    }
}
