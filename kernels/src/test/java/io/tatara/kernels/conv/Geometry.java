package io.tatara.kernels.conv;

import io.tatara.kernels.TensorSpec;

/**
 * A dense layer for tests under emulation: {n, c, h, w, m, kh, kw}, and for how many
 * multiprocessors.
 */
record Geometry(String name, ConvWindow window, int units, int... d) {
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
