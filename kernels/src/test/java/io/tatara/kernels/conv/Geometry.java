package io.tatara.kernels.conv;

import io.tatara.kernels.TensorSpec;
import java.util.List;

/**
 * A dense layer for tests under emulation: {n, c, h, w, m, kh, kw}, and for how many
 * multiprocessors.
 */
record Geometry(String name, ConvWindow window, int units, int... d) {
    /** Padding on any side and more than the kernel needs, dilation, kernels of any form. */
    static List<Geometry> common() {
        ConvWindow u = ConvWindow.UNIT;
        return List.of(
                new Geometry("one", u, 1, 1, 1, 1, 1, 1, 1, 1),
                new Geometry("3x3", u.pad(1), 1, 2, 72, 14, 14, 136, 3, 3),
                new Geometry("3x3-valid", u, 2, 2, 9, 12, 11, 33, 3, 3),
                new Geometry("asymmetric", u.pad(2, 0, 1, 3), 4, 3, 5, 6, 7, 9, 4, 3),
                new Geometry("wide-padding", u.pad(3), 4, 2, 3, 2, 3, 5, 2, 2),
                new Geometry("dilation", u.pad(2, 1, 3, 0).dilation(2, 3), 4, 2, 6, 9, 10, 7, 3, 2),
                new Geometry("row", u.pad(0, 0, 4, 0).dilation(1, 2), 4, 2, 66, 1, 70, 34, 1, 3),
                new Geometry("column", u.pad(3, 3, 0, 0), 4, 2, 3, 20, 1, 4, 7, 1),
                new Geometry("pointwise", u, 2, 3, 70, 7, 7, 150, 1, 1));
    }

    /** A few of stride 2. */
    static List<Geometry> halving() {
        ConvWindow u = ConvWindow.UNIT.stride(2);
        return List.of(
                new Geometry("stride-2", u.pad(1), 2, 2, 40, 14, 14, 70, 3, 3),
                new Geometry("stride-2-odd", u.pad(3, 2, 3, 1), 4, 2, 3, 15, 13, 8, 7, 6));
    }

    TensorSpec x() {
        return TensorSpec.f32(d[0], d[1], d[2], d[3]);
    }

    TensorSpec weight() {
        return TensorSpec.f32(d[4], d[1], d[5], d[6]);
    }

    TensorSpec y() {
        int height = window.outHeight(d[2], d[5]);
        return TensorSpec.f32(d[0], d[4], height, window.outWidth(d[3], d[6]));
    }

    /** Terms of a convolution's sum. */
    int terms() {
        return d[1] * d[5] * d[6];
    }
}
