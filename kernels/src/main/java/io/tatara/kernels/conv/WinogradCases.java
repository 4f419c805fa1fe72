package io.tatara.kernels.conv;

import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.check.Case;
import io.tatara.kernels.check.Data;
import io.tatara.kernels.matmul.Epilogue;
import io.tatara.kernels.pointwise.Activation;
import java.util.List;

/**
 * Cases of 3 × 3 taps and stride 1 in float32 with channels and pixels enough for {@link
 * WinogradSums} and {@link WinogradWeight}: the smaller ones on a chip of few multiprocessors, the
 * large ones on any.
 */
final class WinogradCases {
    /** {n, c, h, w, m}. */
    record Layer(String name, ConvWindow window, int... d) {
        TensorSpec x() {
            return TensorSpec.f32(d[0], d[1], d[2], d[3]);
        }

        TensorSpec weight() {
            return TensorSpec.f32(d[4], d[1], 3, 3);
        }

        TensorSpec y() {
            int height = window.outHeight(d[2], 3);
            return TensorSpec.f32(d[0], d[4], height, window.outWidth(d[3], 3));
        }

        Case conv(String more, Activation f) {
            Case c = Case.of(name + more, new Conv2d(window, 1, new Epilogue(f)));
            return c.reduction(9 * d[1]).noGradient();
        }

        Case data(String more, Data dy, Data w) {
            Case c = Case.of(name + more, new Conv2dDataGradient(window, 1, d[2], d[3]));
            return c.in(y(), dy).in(weight(), w).reduction(9 * d[4]).noGradient();
        }

        Case kernel(String more, Data x, Data dy) {
            Case c = Case.of(name + more, new Conv2dWeightGradient(window, 1, 3, 3));
            return c.in(x(), x).in(y(), dy).reduction(y().size() / d[4]).noGradient();
        }
    }

    private static final ConvWindow UNIT = ConvWindow.UNIT;
    private static final Data NORMAL = Data.normal();
    private static final Data ODD = NORMAL.sprinkled(1999, ConvCases.SPECIAL);

    private static final Layer RAGGED = new Layer("winograd", UNIT.pad(1), 2, 44, 31, 30, 40);
    private static final Layer EVEN = new Layer("winograd-pad-2", UNIT.pad(2), 2, 50, 18, 22, 44);
    private static final Layer VALID = new Layer("winograd-valid", UNIT, 3, 45, 17, 21, 39);
    private static final Layer WIDE = new Layer("winograd-wide", UNIT.pad(1), 2, 66, 24, 23, 64);
    private static final Layer LARGE = new Layer("winograd-large", UNIT.pad(1), 1, 96, 28, 28, 96);
    private static final Layer DEEP = new Layer("winograd-deep", UNIT.pad(1), 1, 128, 24, 32, 128);

    private WinogradCases() {}

    static List<Case> conv() {
        TensorSpec bias = TensorSpec.f32(RAGGED.d()[4]);
        return List.of(
                RAGGED.conv("-relu", Activation.RELU)
                        .in(RAGGED.x())
                        .in(RAGGED.weight())
                        .in(bias)
                        .in(RAGGED.y()),
                RAGGED.conv("-specials", Activation.SILU)
                        .in(RAGGED.x(), ODD)
                        .in(RAGGED.weight())
                        .in(bias)
                        .in(RAGGED.y()),
                EVEN.conv("-residual", Activation.NONE)
                        .in(EVEN.x())
                        .in(EVEN.weight())
                        .absent()
                        .in(EVEN.y()),
                VALID.conv("", Activation.NONE).in(VALID.x()).in(VALID.weight()),
                LARGE.conv("", Activation.NONE).in(LARGE.x()).in(LARGE.weight()).large());
    }

    static List<Case> data() {
        return List.of(
                RAGGED.data("", NORMAL, NORMAL),
                EVEN.data("-specials", ODD, NORMAL),
                VALID.data("", NORMAL, NORMAL),
                LARGE.data("", NORMAL, NORMAL).large());
    }

    static List<Case> weight() {
        return List.of(
                WIDE.kernel("", NORMAL, NORMAL),
                WIDE.kernel("-specials", ODD, NORMAL),
                DEEP.kernel("", NORMAL, NORMAL).large());
    }
}
