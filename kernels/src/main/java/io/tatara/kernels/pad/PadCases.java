package io.tatara.kernels.pad;

import io.tatara.kernels.Shape;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.check.Case;
import io.tatara.kernels.check.Data;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The cases of this room: the same geometries for padding and its gradient. */
final class PadCases {
    private static final Data INTS = Data.integers(-1000, 1000);
    private static final double[] SPECIAL = {
        Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY
    };

    /** {shape, before, after}; all can be mirrored. */
    private static final int[][][] SIZES = {
        {{5}, {3}, {4}},
        {{1}, {0}, {0}},
        {{2, 7}, {1, 0}, {0, 6}},
        {{2, 3, 5, 4}, {0, 0, 2, 1}, {0, 0, 1, 3}},
        {{3, 9, 11}, {2, 0, 10}, {1, 8, 5}},
        {{2, 2, 3, 2, 3, 4}, {1, 1, 2, 0, 2, 3}, {1, 0, 1, 1, 0, 2}}
    };

    /** The same, with nothing to mirror. */
    private static final int[][][] OTHERS = {
        {{1, 1}, {3, 0}, {2, 4}}, {{1, 3, 1, 2}, {0, 0, 5, 3}, {0, 0, 1, 4}}
    };

    private PadCases() {}

    private static List<Integer> list(int[] x) {
        return Arrays.stream(x).boxed().toList();
    }

    private static Pad op(int[][] s, PadMode mode) {
        return new Pad(list(s[1]), list(s[2]), mode, mode == PadMode.CONSTANT ? -2.5 : 0);
    }

    private static List<int[][]> sizes(PadMode mode) {
        List<int[][]> all = new ArrayList<>(List.of(SIZES));
        if (mode != PadMode.REFLECT) {
            all.addAll(List.of(OTHERS));
        }
        return all;
    }

    static List<Case> pad() {
        List<Case> cases = new ArrayList<>();
        for (PadMode mode : PadMode.values()) {
            for (int[][] s : sizes(mode)) {
                String name = mode + " " + Arrays.deepToString(s);
                cases.add(Case.of(name, op(s, mode)).in(TensorSpec.f32(s[0])).exact());
            }
            int[][] s = SIZES[3];
            Pad whole = new Pad(list(s[1]), list(s[2]), mode, mode == PadMode.CONSTANT ? 7 : 0);
            cases.add(Case.of(mode + " ints", whole).in(TensorSpec.i32(s[0]), INTS).exact());
            cases.add(
                    Case.of(mode + " specials", op(s, mode))
                            .in(TensorSpec.f32(s[0]), Data.normal().sprinkled(7, SPECIAL))
                            .exact()
                            .noGradient());
        }
        cases.add(
                Case.of("scalar", new Pad(List.of(), List.of(), PadMode.EDGE, 0))
                        .in(TensorSpec.f32())
                        .exact());
        cases.add(
                Case.of("empty grows", new Pad(List.of(2, 0), List.of(1, 0), PadMode.CONSTANT, 1))
                        .in(TensorSpec.f32(0, 3))
                        .exact());
        cases.add(
                Case.of("stays empty", new Pad(List.of(0, 1), List.of(0, 1), PadMode.REFLECT, 0))
                        .in(TensorSpec.f32(0, 3))
                        .exact());
        for (PadMode mode : PadMode.values()) {
            Pad images = new Pad(List.of(0, 0, 3, 3), List.of(0, 0, 3, 3), mode, 0);
            String name = mode + " 8x64x112x112 by 3";
            cases.add(Case.of(name, images).in(TensorSpec.f32(8, 64, 112, 112)).bench());
        }
        return Case.withHalves(
                cases,
                "CONSTANT [[2, 3, 5, 4], [0, 0, 2, 1], [0, 0, 1, 3]]",
                "REFLECT [[3, 9, 11], [2, 0, 10], [1, 8, 5]]",
                "EDGE specials");
    }

    static List<Case> gradient() {
        List<Case> cases = new ArrayList<>();
        for (PadMode mode : new PadMode[] {PadMode.REFLECT, PadMode.EDGE}) {
            for (int[][] s : sizes(mode)) {
                PadGradient op = new PadGradient(Shape.of(s[0]), list(s[1]), list(s[2]), mode);
                int[] dy = s[0].clone();
                int terms = 1;
                for (int a = 0; a < dy.length; a++) {
                    dy[a] += s[1][a] + s[2][a];
                    terms *= 1 + s[1][a] + s[2][a];
                }
                String name = mode + " " + Arrays.deepToString(s);
                cases.add(Case.of(name, op).in(TensorSpec.f32(dy)).reduction(terms));
                cases.add(
                        Case.of(name + " ints", op)
                                .in(TensorSpec.f32(dy), Data.integers(-4, 4))
                                .exact()
                                .noGradient());
            }
            List<Integer> border = List.of(0, 0, 3, 3);
            cases.add(
                    Case.of(
                                    mode + " 8x64x112x112 by 3",
                                    new PadGradient(
                                            Shape.of(8, 64, 112, 112), border, border, mode))
                            .in(TensorSpec.f32(8, 64, 118, 118))
                            .reduction(16)
                            .bench());
        }
        cases.add(
                Case.of(
                                "empty",
                                new PadGradient(
                                        Shape.of(0, 3), List.of(0, 1), List.of(0, 1), PadMode.EDGE))
                        .in(TensorSpec.f32(0, 5))
                        .exact());
        return Case.withHalves(
                cases,
                "REFLECT [[2, 3, 5, 4], [0, 0, 2, 1], [0, 0, 1, 3]]",
                "EDGE [[3, 9, 11], [2, 0, 10], [1, 8, 5]]");
    }
}
