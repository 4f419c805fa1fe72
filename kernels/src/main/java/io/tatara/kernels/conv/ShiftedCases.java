package io.tatara.kernels.conv;

import io.tatara.kernels.DType;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.check.Case;
import io.tatara.kernels.check.Data;
import io.tatara.kernels.matmul.Epilogue;
import io.tatara.kernels.pointwise.Activation;
import java.util.ArrayList;
import java.util.List;

/**
 * Cases in the 16-bit types, most of planes that are no whole 16 bytes, large or deep enough for
 * {@link ShiftedHopper}, {@link ShiftedWeight} and {@link LinesWeight}.
 */
final class ShiftedCases {
    /** {n, c, extent, m, taps along an axis}. */
    private record Layer(String name, DType type, ConvWindow window, int... d) {
        TensorSpec x() {
            return TensorSpec.f32(d[0], d[1], d[2], d[2]);
        }

        TensorSpec weight() {
            return TensorSpec.f32(d[3], d[1], d[4], d[4]);
        }

        TensorSpec y() {
            int out = window.outHeight(d[2], d[4]);
            return TensorSpec.f32(d[0], d[3], out, out);
        }

        Case of(Case c, int terms) {
            return c.as(type).reduction(terms).noGradient();
        }

        Case sized(Case c) {
            return LARGE.contains(this) ? c.large() : c;
        }
    }

    private static final ConvWindow UNIT = ConvWindow.UNIT;
    private static final ConvWindow HALF = UNIT.stride(2);

    private static final List<Layer> LAYERS =
            List.of(
                    new Layer("shifted-deep", DType.FLOAT16, UNIT.pad(1), 1, 510, 7, 64, 3),
                    new Layer("shifted-14", DType.BFLOAT16, UNIT.pad(1), 2, 72, 14, 136, 3),
                    new Layer("shifted-pointwise", DType.FLOAT16, UNIT, 4, 132, 7, 260, 1));

    /** Lines that begin at even places. */
    private static final Layer PAIRS =
            new Layer("shifted-pairs", DType.BFLOAT16, UNIT.pad(1), 1, 72, 28, 136, 3);

    /** Rows of taps of other lengths. */
    private static final List<Layer> ROWS =
            List.of(
                    new Layer("shifted-5x5", DType.FLOAT16, UNIT.pad(2), 2, 136, 13, 72, 5),
                    new Layer(
                            "shifted-dilation",
                            DType.BFLOAT16,
                            UNIT.pad(2).dilation(2),
                            8,
                            136,
                            15,
                            72,
                            3));

    /** So large that a chip of 132 multiprocessors takes them by {@link LinesHopper}. */
    private static final List<Layer> LARGE =
            List.of(
                    new Layer("lines-fetched", DType.FLOAT16, UNIT.pad(1), 3, 64, 28, 40, 3),
                    new Layer("lines-halved", DType.BFLOAT16, HALF.pad(1), 3, 64, 56, 40, 3),
                    new Layer("lines-loaded", DType.BFLOAT16, UNIT.pad(1), 8, 64, 14, 72, 3));

    private ShiftedCases() {}

    private static List<Layer> with(List<Layer> x, List<Layer> y) {
        List<Layer> all = new ArrayList<>(x);
        all.addAll(y);
        return all;
    }

    static List<Case> conv() {
        List<Case> cases = new ArrayList<>();
        List<Layer> small = with(List.of(LAYERS.get(0), LAYERS.get(2), PAIRS), ROWS);
        for (Layer l : with(small, LARGE)) {
            Case c = Case.of(l.name(), new Conv2d(l.window(), 1)).in(l.x()).in(l.weight());
            cases.add(l.sized(l.of(c, l.d()[1] * l.d()[4] * l.d()[4])));
        }
        Layer odd = LAYERS.get(1);
        Data specials = Data.normal().sprinkled(997, ConvCases.SPECIAL);
        Case c = Case.of("shifted-specials", new Conv2d(odd.window(), 1));
        cases.add(odd.of(c.in(odd.x(), specials).in(odd.weight()), 9 * odd.d()[1]));
        Layer many = new Layer("shifted-many", DType.BFLOAT16, UNIT, 44, 12, 7, 2048, 1);
        Case relu = Case.of(many.name(), new Conv2d(UNIT, 1, new Epilogue(Activation.RELU)));
        TensorSpec bias = TensorSpec.f32(many.d()[3]);
        cases.add(many.of(relu.in(many.x()).in(many.weight()).in(bias).in(many.y()), 12));
        Layer whole =
                new Layer(
                        "shifted-stride-2",
                        DType.FLOAT16,
                        UNIT.stride(2).pad(1),
                        2,
                        72,
                        28,
                        136,
                        3);
        Case ints = Case.of(whole.name() + "-ints", new Conv2d(whole.window(), 1));
        Data few = Data.integers(-2, 2);
        cases.add(whole.of(ints.in(whole.x(), few).in(whole.weight(), few).exact(), 648));
        return cases;
    }

    static List<Case> data() {
        List<Case> cases = new ArrayList<>();
        for (Layer l : with(with(LAYERS, ROWS.subList(0, 1)), LARGE)) {
            int size = l.d()[2];
            Conv2dDataGradient op = new Conv2dDataGradient(l.window(), 1, size, size);
            // The layer turned round, so that sums are as long.
            Layer turned =
                    new Layer(
                            l.name(),
                            l.type(),
                            l.window(),
                            l.d()[0],
                            l.d()[3],
                            size,
                            l.d()[1],
                            l.d()[4]);
            Case c = Case.of(l.name(), op).in(turned.y()).in(turned.weight());
            cases.add(l.sized(l.of(c, l.d()[1] * l.d()[4] * l.d()[4])));
        }
        return cases;
    }

    static List<Case> weight() {
        List<Case> cases = new ArrayList<>();
        List<Layer> layers =
                List.of(
                        new Layer("shifted-7", DType.BFLOAT16, UNIT.pad(1), 16, 62, 7, 200, 3),
                        new Layer("shifted-planes", DType.FLOAT16, UNIT, 16, 40, 28, 72, 1),
                        LAYERS.get(2),
                        PAIRS,
                        new Layer("lines-odd", DType.FLOAT16, UNIT.pad(1), 3, 72, 15, 65, 3),
                        new Layer("lines-14", DType.FLOAT16, UNIT.pad(1), 5, 66, 14, 100, 3),
                        new Layer("lines-2x2", DType.BFLOAT16, UNIT, 2, 64, 29, 72, 2),
                        new Layer(
                                "lines-dilation",
                                DType.FLOAT16,
                                UNIT.pad(2).dilation(2),
                                3,
                                72,
                                20,
                                64,
                                3));
        for (Layer l : layers) {
            cases.add(weight(l, l.name(), Data.normal()));
        }
        List<Layer> hopper =
                List.of(
                        new Layer("gathered", DType.FLOAT16, UNIT, 3, 128, 14, 256, 1),
                        new Layer("lines-cluster", DType.BFLOAT16, UNIT.pad(1), 2, 100, 14, 256, 3),
                        new Layer("lines-direct", DType.FLOAT16, UNIT.pad(1), 1, 40, 7, 40, 3));
        for (Layer l : hopper) {
            cases.add(weight(l, l.name(), Data.normal()).large());
        }
        Layer odd = new Layer("", DType.FLOAT16, UNIT.stride(2).pad(1), 2, 40, 28, 120, 3);
        Data specials = Data.normal().sprinkled(997, ConvCases.SPECIAL);
        cases.add(weight(odd, "shifted-specials", specials));
        cases.add(weight(layers.getFirst(), "lines-specials", specials));
        return cases;
    }

    private static Case weight(Layer l, String name, Data x) {
        int taps = l.d()[4];
        Conv2dWeightGradient op = new Conv2dWeightGradient(l.window(), 1, taps, taps);
        int out = l.y().shape().dim(2);
        return l.of(Case.of(name, op).in(l.x(), x).in(l.y()), l.d()[0] * out * out);
    }
}
