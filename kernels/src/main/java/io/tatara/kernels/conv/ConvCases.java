package io.tatara.kernels.conv;

import io.tatara.kernels.DType;
import io.tatara.kernels.Op;
import io.tatara.kernels.Shape;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.check.Case;
import io.tatara.kernels.check.Data;
import io.tatara.kernels.matmul.Epilogue;
import io.tatara.kernels.pointwise.Activation;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** The cases of this room: the same geometries for the convolution and both gradients. */
final class ConvCases {
    static final double[] SPECIAL = {
        Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY
    };

    /** {n, c, h, w, m, kh, kw}, groups, window. */
    private record Geometry(String name, int[] d, int groups, ConvWindow window, boolean small) {
        TensorSpec x() {
            return TensorSpec.f32(d[0], d[1], d[2], d[3]);
        }

        TensorSpec weight() {
            return TensorSpec.f32(d[4], d[1] / groups, d[5], d[6]);
        }

        TensorSpec y() {
            return TensorSpec.f32(
                    d[0], d[4], window.outHeight(d[2], d[5]), window.outWidth(d[3], d[6]));
        }

        /**
         * Whether results may be exact: the transforms of tiles divide by what is no power of 2.
         */
        boolean exact() {
            return !small && !name.contains("tiles");
        }

        int terms() {
            return d[1] / groups * d[5] * d[6];
        }

        int pixels() {
            return Math.max(1, d[0] * y().shape().dim(2) * y().shape().dim(3));
        }

        Op conv() {
            return new Conv2d(window, groups);
        }

        Op data() {
            return new Conv2dDataGradient(window, groups, d[2], d[3]);
        }

        Op kernel() {
            return new Conv2dWeightGradient(window, groups, d[5], d[6]);
        }
    }

    private ConvCases() {}

    private static Geometry small(String name, ConvWindow v, int groups, int... d) {
        return new Geometry(name, d, groups, v, true);
    }

    private static Geometry larger(String name, ConvWindow v, int groups, int... d) {
        return new Geometry(name, d, groups, v, false);
    }

    private static List<Geometry> geometries() {
        ConvWindow u = ConvWindow.UNIT;
        return List.of(
                small("one", u, 1, 1, 1, 1, 1, 1, 1, 1),
                small("valid", u, 1, 2, 3, 5, 6, 4, 3, 2),
                small("padded", u.pad(1), 1, 2, 3, 4, 5, 2, 3, 3),
                small("asymmetric", u.pad(2, 0, 1, 3), 1, 1, 2, 4, 3, 3, 3, 2),
                small("wide-padding", u.pad(3), 1, 1, 2, 2, 3, 2, 2, 2),
                small("stride-2", u.stride(2).pad(1), 1, 2, 2, 7, 8, 3, 3, 3),
                small("stride-2x3", u.stride(2, 3).pad(1, 2, 0, 1), 1, 1, 2, 9, 11, 2, 3, 4),
                small("stride-4-gaps", u.stride(4), 1, 1, 2, 9, 10, 2, 2, 3),
                small("dilation-2", u.dilation(2).pad(2), 1, 1, 2, 6, 7, 3, 3, 3),
                small(
                        "dilation-3x2-stride-2",
                        u.dilation(3, 2).stride(2).pad(2),
                        1,
                        1,
                        2,
                        9,
                        8,
                        2,
                        3,
                        3),
                small(
                        "dilation-2-stride-2",
                        u.dilation(2).stride(2).pad(1),
                        1,
                        2,
                        2,
                        7,
                        7,
                        3,
                        2,
                        3),
                small("groups-2", u.pad(1), 2, 2, 4, 4, 5, 6, 3, 3),
                small("groups-3-stride-2", u.stride(2).pad(1), 3, 1, 6, 5, 5, 3, 3, 3),
                small("depthwise", u.pad(1), 3, 2, 3, 5, 6, 3, 3, 3),
                small("depthwise-multiplier", u.pad(1).stride(2), 3, 1, 3, 6, 7, 6, 3, 3),
                small(
                        "depthwise-5x4-dilated",
                        u.pad(2, 3, 1, 4).dilation(2),
                        2,
                        1,
                        2,
                        8,
                        9,
                        2,
                        5,
                        4),
                small("depthwise-stride-3", u.stride(3).pad(1), 2, 1, 2, 8, 10, 4, 2, 3),
                small("depthwise-gaps", u.stride(3), 2, 1, 2, 8, 10, 2, 1, 2),
                small("depthwise-one-channel", u.pad(1), 1, 2, 1, 5, 5, 1, 3, 3),
                small("pointwise", u, 1, 2, 5, 3, 4, 6, 1, 1),
                small("pointwise-stride-2", u.stride(2), 1, 2, 3, 5, 6, 4, 1, 1),
                small("pointwise-padded", u.pad(1), 1, 1, 3, 3, 2, 2, 1, 1),
                small("row-kernel", u.pad(0, 0, 2, 2), 1, 2, 3, 1, 9, 2, 1, 5),
                small("one-pixel", u, 1, 3, 4, 3, 3, 5, 3, 3),
                small("no-images", u.pad(1), 1, 0, 2, 4, 4, 3, 3, 3),
                small("no-images-depthwise", u.pad(1), 2, 0, 2, 4, 4, 2, 3, 3),
                larger("3x3", u.pad(1), 1, 2, 19, 13, 15, 37, 3, 3),
                larger("3x3-stride-2", u.stride(2).pad(1), 1, 2, 16, 23, 21, 33, 3, 3),
                larger("7x7-stride-2", u.stride(2).pad(3), 1, 1, 3, 41, 39, 24, 7, 7),
                larger("7x7-stride-2-rows", u.stride(2).pad(3), 1, 2, 3, 33, 127, 23, 7, 7),
                larger("3x3-rows-groups", u.pad(1, 0, 0, 2), 2, 2, 6, 17, 60, 32, 3, 3),
                larger("3x3-many-pixels", u.pad(1), 1, 3, 3, 17, 19, 9, 3, 3),
                larger("few-channels-gaps", u.stride(3).pad(1), 2, 1, 4, 13, 14, 18, 1, 2),
                larger("3x3-stride-2-deep", u.stride(2).pad(1), 1, 1, 16, 9, 8, 210, 3, 3),
                larger("groups-2-stride-2", u.stride(2).pad(1), 2, 1, 18, 9, 10, 22, 3, 3),
                larger("3x3-tiles-7x7", u.pad(1), 1, 5, 40, 7, 7, 26, 3, 3),
                larger("3x3-many-channels", u.pad(1), 1, 3, 8, 7, 7, 270, 3, 3),
                larger("3x3-from-many", u.pad(1), 1, 2, 260, 7, 6, 8, 3, 3),
                larger("pointwise-few-pixels", u, 1, 2, 64, 7, 7, 259, 1, 1),
                larger("3x3-whole-vectors", u.pad(1), 1, 3, 2, 9, 32, 16, 3, 3),
                larger("3x3-valid-30", u, 1, 2, 3, 8, 32, 4, 3, 3),
                larger("3x3-tiles", u.pad(1), 1, 2, 27, 26, 23, 37, 3, 3),
                larger("3x3-tiles-valid", u, 1, 1, 24, 18, 72, 25, 3, 3),
                larger("3x3-tiles-asymmetric", u.pad(2, 0, 1, 2), 1, 3, 26, 17, 20, 24, 3, 3),
                larger("3x3-tiles-groups", u.pad(1), 2, 2, 50, 16, 18, 56, 3, 3),
                larger("3x3-tiles-many-groups", u.pad(1), 4, 3, 96, 14, 13, 100, 3, 3),
                larger("3x3-tiles-many", u.pad(2), 1, 6, 25, 30, 28, 24, 3, 3),
                larger("3x3-pairs", u.pad(1), 1, 8, 64, 5, 5, 70, 3, 3),
                larger("3x3-pairs-stride-2", u.stride(2).pad(1), 1, 3, 66, 17, 19, 64, 3, 3),
                larger("deep", u.pad(1), 1, 1, 130, 6, 7, 14, 3, 3),
                larger("pointwise-wide", u, 1, 2, 70, 9, 8, 45, 1, 1),
                larger("pointwise-84", u, 1, 3, 40, 6, 14, 70, 1, 1),
                larger("pointwise-planes", u, 1, 2, 136, 16, 16, 150, 1, 1),
                larger("pointwise-strided", u.stride(2), 1, 2, 33, 14, 13, 40, 1, 1),
                larger("groups-4", u.pad(1), 4, 2, 32, 12, 11, 20, 3, 3),
                larger("depthwise-wide", u.pad(1), 6, 2, 6, 35, 71, 6, 3, 3),
                larger(
                        "depthwise-wide-stride-2",
                        u.pad(0, 1, 0, 1).stride(2),
                        5,
                        2,
                        5,
                        40,
                        71,
                        10,
                        3,
                        3),
                larger("depthwise-5x5", u.pad(2), 3, 1, 3, 13, 24, 3, 5, 5),
                larger("depthwise-words", u.pad(1).stride(2), 3, 2, 3, 14, 32, 3, 3, 3),
                larger("depthwise-7x7-images", u.pad(1), 9, 4, 9, 7, 7, 9, 3, 3),
                larger("depthwise-7x7-multiplier", u.pad(1), 37, 3, 37, 7, 7, 74, 3, 3),
                larger("depthwise-14-stride-2", u.pad(1).stride(2), 45, 2, 45, 14, 14, 45, 3, 3),
                larger("depthwise-odd-stride-2", u.pad(1).stride(2), 3, 2, 3, 15, 65, 6, 3, 3),
                larger("depthwise-valid", u, 5, 2, 5, 9, 19, 5, 3, 3),
                larger("depthwise-valid-stride-2", u.stride(2), 5, 2, 5, 10, 37, 5, 3, 3),
                larger(
                        "depthwise-same-stride-2",
                        u.pad(0, 1, 0, 1).stride(2),
                        7,
                        2,
                        7,
                        6,
                        8,
                        7,
                        3,
                        3),
                larger("depthwise-pixels", u.pad(1), 41, 2, 41, 1, 1, 82, 3, 3),
                larger("depthwise-columns", u.pad(1, 3, 1, 1), 3, 1, 3, 67, 2, 3, 3, 3),
                larger("depthwise-below", u.pad(1, 5, 1, 1).stride(2), 3, 1, 3, 4, 9, 3, 3, 3),
                larger("depthwise-parts", u.pad(1), 1, 1, 1, 480, 70, 1, 3, 3),
                larger("depthwise-parts-stride-2", u.pad(1).stride(2), 1, 1, 1, 480, 71, 1, 3, 3),
                larger(
                        "dilated-row",
                        u.pad(0, 0, 16, 0).dilation(1, 8),
                        1,
                        2,
                        12,
                        1,
                        90,
                        20,
                        1,
                        3));
    }

    private static Case two(String name, Op op, TensorSpec a, TensorSpec b, Data data) {
        return Case.of(name, op).in(a, data).in(b, data);
    }

    private static Case limited(Geometry g, Case c, int terms) {
        Case r = c.reduction(terms);
        return g.small() ? r : r.noGradient();
    }

    static List<Case> conv() {
        List<Case> cases = new ArrayList<>(ConvBenchCases.conv());
        Data ints = Data.integers(-4, 4);
        for (Geometry g : geometries()) {
            Case c = two(g.name(), g.conv(), g.x(), g.weight(), Data.normal());
            cases.add(limited(g, c.absent().absent(), g.terms()));
            if (g.exact()) {
                Case whole = two(g.name() + "-ints", g.conv(), g.x(), g.weight(), ints);
                cases.add(whole.exact().noGradient());
            }
            if (!g.small()) {
                Case odd =
                        Case.of(g.name() + "-specials", g.conv())
                                .in(g.x(), Data.normal().sprinkled(397, SPECIAL))
                                .in(g.weight());
                cases.add(odd.reduction(g.terms()).noGradient());
            }
        }
        epilogues(cases);
        cases.addAll(planes());
        cases.addAll(ShiftedCases.conv());
        cases.addAll(WinogradCases.conv());
        return Case.withHalves(
                cases,
                "padded",
                "depthwise-multiplier",
                "depthwise-5x5",
                "depthwise-words",
                "pointwise",
                "pointwise-wide-ints",
                "pointwise-84",
                "pointwise-planes",
                "pointwise-planes-ints",
                "3x3",
                "3x3-specials",
                "3x3-stride-2",
                "7x7-stride-2",
                "deep-ints",
                "relu-larger",
                "gelu");
    }

    private static void epilogues(List<Case> cases) {
        ConvWindow v = ConvWindow.UNIT.pad(1);
        for (Activation f : Activation.values()) {
            String name = f.name().toLowerCase(Locale.ROOT);
            Conv2d op = new Conv2d(v, 1, new Epilogue(f));
            TensorSpec x = TensorSpec.f32(2, 3, 4, 5);
            TensorSpec w = TensorSpec.f32(4, 3, 3, 3);
            TensorSpec bias = TensorSpec.f32(4);
            // All sources share the functions, which the depthwise cases below see all of.
            if (f == Activation.NONE || f == Activation.RELU || f == Activation.GELU) {
                Case both = Case.of(name, op).in(x).in(w).in(bias).in(x.withShape(2, 4, 4, 5));
                cases.add(both.reduction(27));
            }
            if (f == Activation.GELU) {
                Case alone = Case.of(name + "-bias", op).in(x).in(w).in(bias).absent();
                cases.add(alone.reduction(27));
            }
            Conv2d depthwise = new Conv2d(v, 3, new Epilogue(f));
            cases.add(
                    Case.of(name + "-depthwise", depthwise)
                            .in(x)
                            .in(TensorSpec.f32(6, 1, 3, 3))
                            .in(TensorSpec.f32(6))
                            .in(x.withShape(2, 6, 4, 5))
                            .reduction(9));
        }
        Conv2d op = new Conv2d(v, 1, new Epilogue(Activation.RELU));
        Shape large = Shape.of(3, 37, 11, 13);
        cases.add(
                Case.of("relu-larger", op)
                        .in(TensorSpec.f32(3, 19, 11, 13))
                        .in(TensorSpec.f32(37, 19, 3, 3))
                        .in(TensorSpec.f32(37))
                        .in(TensorSpec.f32().withShape(large))
                        .reduction(171)
                        .noGradient());
        Shape tiles = Shape.of(2, 25, 19, 18);
        cases.add(
                Case.of("relu6-tiles", new Conv2d(v, 1, new Epilogue(Activation.RELU6)))
                        .in(TensorSpec.f32(2, 24, 19, 18))
                        .in(TensorSpec.f32(25, 24, 3, 3))
                        .in(TensorSpec.f32(25))
                        .in(TensorSpec.f32().withShape(tiles))
                        .reduction(216)
                        .noGradient());
        cases.add(
                Case.of("residual", new Conv2d(v, 1))
                        .in(TensorSpec.f32(1, 2, 3, 3))
                        .in(TensorSpec.f32(2, 2, 3, 3))
                        .absent()
                        .in(TensorSpec.f32(1, 2, 3, 3))
                        .reduction(18));
        cases.add(
                Case.of("two-inputs", new Conv2d(v, 1))
                        .in(TensorSpec.f32(1, 2, 3, 3))
                        .in(TensorSpec.f32(2, 2, 3, 3))
                        .reduction(18));
    }

    /** All that may follow the sums, where the matrix units multiply planes of whole 16 bytes. */
    private static List<Case> planes() {
        List<Case> cases = new ArrayList<>();
        TensorSpec x = TensorSpec.f32(2, 64, 16, 16);
        TensorSpec w = TensorSpec.f32(150, 64, 1, 1);
        TensorSpec bias = TensorSpec.f32(150);
        TensorSpec y = x.withShape(2, 150, 16, 16);
        for (Activation f : Activation.values()) {
            boolean half = f.ordinal() % 2 == 0;
            Case c =
                    Case.of("planes-" + f.name().toLowerCase(Locale.ROOT), epilogue(f))
                            .in(x)
                            .in(w)
                            .in(bias);
            Case whole = f == Activation.RELU ? c.absent() : c.in(y);
            cases.add(whole.as(half ? DType.FLOAT16 : DType.BFLOAT16).reduction(64).noGradient());
        }
        Case residual = Case.of("planes-residual", epilogue(Activation.NONE));
        cases.add(residual.in(x).in(w).absent().in(y).as(DType.FLOAT16).reduction(64).noGradient());
        return cases;
    }

    private static Conv2d epilogue(Activation f) {
        return new Conv2d(ConvWindow.UNIT, 1, new Epilogue(f));
    }

    static List<Case> data() {
        List<Case> cases = new ArrayList<>(ConvBenchCases.data());
        Data ints = Data.integers(-4, 4);
        for (Geometry g : geometries()) {
            int terms = g.terms() / (g.d()[1] / g.groups()) * (g.d()[4] / g.groups());
            Case c = two(g.name(), g.data(), g.y(), g.weight(), Data.normal());
            cases.add(limited(g, c, terms));
            if (g.exact()) {
                Case whole = two(g.name() + "-ints", g.data(), g.y(), g.weight(), ints);
                cases.add(whole.exact().noGradient());
            }
            if (!g.small()) {
                Case odd =
                        Case.of(g.name() + "-specials", g.data())
                                .in(g.y(), Data.normal().sprinkled(397, SPECIAL))
                                .in(g.weight());
                cases.add(odd.reduction(terms).noGradient());
            }
        }
        cases.addAll(ShiftedCases.data());
        cases.addAll(WinogradCases.data());
        return Case.withHalves(
                cases,
                "stride-2",
                "depthwise-multiplier",
                "depthwise-5x5",
                "depthwise-words",
                "pointwise-wide-ints",
                "pointwise-84",
                "pointwise-planes",
                "pointwise-planes-ints",
                "3x3",
                "3x3-specials",
                "deep-ints",
                "7x7-stride-2",
                "pointwise-strided",
                "3x3-stride-2");
    }

    static List<Case> weight() {
        List<Case> cases = new ArrayList<>(ConvBenchCases.weight());
        Data ints = Data.integers(-4, 4);
        for (Geometry g : geometries()) {
            Case c = two(g.name(), g.kernel(), g.x(), g.y(), Data.normal());
            cases.add(limited(g, c, g.pixels()));
            if (!g.small()) {
                Case whole = two(g.name() + "-ints", g.kernel(), g.x(), g.y(), ints);
                cases.add(whole.exact().noGradient());
                Case odd =
                        Case.of(g.name() + "-specials", g.kernel())
                                .in(g.x(), Data.normal().sprinkled(997, SPECIAL))
                                .in(g.y());
                cases.add(odd.reduction(g.pixels()).noGradient());
            }
        }
        cases.addAll(ShiftedCases.weight());
        cases.addAll(WinogradCases.weight());
        return Case.withHalves(
                cases,
                "stride-2",
                "depthwise-multiplier",
                "depthwise-5x5",
                "depthwise-words",
                "pointwise-84",
                "pointwise-wide-ints",
                "3x3",
                "3x3-specials",
                "3x3-many-pixels",
                "7x7-stride-2",
                "groups-4",
                "deep-ints",
                "3x3-stride-2-deep",
                "3x3-stride-2");
    }
}
