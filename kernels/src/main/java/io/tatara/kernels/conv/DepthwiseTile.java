package io.tatara.kernels.conv;

import java.util.List;

/**
 * What a thread of {@code depthwise.cu} computes, and the window of the source that it sees.
 *
 * @param gradient whether the results are those of the data gradient
 * @param oy rows of results
 * @param ox columns of results
 * @param store elements of a word of results
 * @param load elements of a word of the source
 * @param loY first row of the window, counted from the tile's first row of the source
 * @param hiY last row of the window
 */
record DepthwiseTile(
        ConvShape shape,
        boolean gradient,
        int oy,
        int ox,
        int store,
        int load,
        int loY,
        int hiY,
        int loX,
        int hiX) {
    /** Registers that a window may take. */
    private static final int MOST_REGISTERS = 96;

    /** Multiplications of a thread, which are written out. */
    private static final int MOST_PRODUCTS = 1024;

    private static final int MOST_TAPS = 49;

    /**
     * The tile for a convolution, null where windows are too large for registers.
     *
     * @param bytes of an element
     */
    static DepthwiseTile of(ConvShape s, boolean gradient, int bytes) {
        if (s.taps() > MOST_TAPS) {
            return null;
        }
        ConvWindow v = s.window();
        int lanes = 16 / bytes;
        int store = divisor(gradient ? s.w() : s.wo(), lanes);
        int ox = store;
        if (gradient && ox % v.strideX() != 0) {
            ox *= v.strideX();
        }
        int next = gradient ? ox / v.strideX() : ox * v.strideX();
        int load = divisor(gcd(next, gradient ? s.wo() : s.w()), lanes);
        // Narrow tiles are long, so that a row that was fetched serves as many sums.
        int rows = gradient ? s.h() : s.ho();
        int most = ox > 2 ? 4 : rows % 7 == 0 ? 7 : 8;
        int unit = gradient ? v.strideY() : 1;
        if (unit > 8) {
            return null;
        }
        for (int oy = (most + unit - 1) / unit * unit; oy >= unit; oy -= unit) {
            int[] y = window(oy, s.kh(), v.strideY(), v.dilationY(), v.padTop(), gradient);
            int[] x = window(ox, s.kw(), v.strideX(), v.dilationX(), v.padLeft(), gradient);
            long singles = Math.max(0, -x[0]) + Math.max(0, x[1] - next + 1L);
            long registers = (y[1] - y[0] + 1L) * ((next * bytes + 3) / 4 + singles);
            if (registers <= MOST_REGISTERS && (long) oy * ox * s.taps() <= MOST_PRODUCTS) {
                return new DepthwiseTile(s, gradient, oy, ox, store, load, y[0], y[1], x[0], x[1]);
            }
        }
        return null;
    }

    /** First and last element that the results of a tile meet along an axis. */
    private static int[] window(
            int results, int taps, int stride, int dilation, int pad, boolean gradient) {
        int low = Integer.MAX_VALUE;
        int high = Integer.MIN_VALUE;
        for (int u = 0; u < results; u++) {
            for (int t = 0; t < taps; t++) {
                int at = u * stride + t * dilation - pad;
                if (gradient) {
                    int v = u + pad - t * dilation;
                    if (v % stride != 0) {
                        continue;
                    }
                    at = v / stride;
                }
                low = Math.min(low, at);
                high = Math.max(high, at);
            }
        }
        return new int[] {low, high};
    }

    /** Largest power of two up to {@code most} that divides n. */
    private static int divisor(int n, int most) {
        return Math.min(most, Integer.lowestOneBit(n));
    }

    private static int gcd(int a, int b) {
        return b == 0 ? a : gcd(b, a % b);
    }

    int across() {
        return ConvGpu.ceil(gradient ? shape.w() : shape.wo(), ox);
    }

    int down() {
        return ConvGpu.ceil(gradient ? shape.h() : shape.ho(), oy);
    }

    /** Tiles of a plane. */
    long tiles() {
        return (long) across() * down();
    }

    List<Object> defines() {
        ConvWindow v = shape.window();
        return List.of(
                "GRADIENT",
                gradient ? 1 : 0,
                "KY",
                shape.kh(),
                "KX",
                shape.kw(),
                "SY",
                v.strideY(),
                "SX",
                v.strideX(),
                "DY",
                v.dilationY(),
                "DX",
                v.dilationX(),
                "PY",
                v.padTop(),
                "PX",
                v.padLeft(),
                "OY",
                oy,
                "OX",
                ox,
                "LOY",
                loY,
                "HIY",
                hiY,
                "LOX",
                loX,
                "HIX",
                hiX,
                "SV",
                store,
                "LV",
                load);
    }
}
