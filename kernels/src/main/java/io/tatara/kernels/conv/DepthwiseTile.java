package io.tatara.kernels.conv;

import java.util.List;

/**
 * What a thread of {@code depthwise.cu} computes, and the window of the source that it sees.
 *
 * @param gradient whether the results are those of the data gradient
 * @param bytes of an element
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
        int bytes,
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

    /**
     * Of 16-bit elements: a word brings twice as many, whose sums take registers too; with more
     * than this a kernel takes over 80 registers and too few warps are there to hide the loads.
     */
    private static final int FEW_REGISTERS = 36;

    /** Multiplications of a thread, which are written out. */
    private static final int MOST_PRODUCTS = 1024;

    private static final int MOST_TAPS = 49;

    /** Threads of a multiprocessor that few registers leave room for, and still fewer. */
    private static final int RESIDENT = 768;

    private static final int MORE_RESIDENT = 1024;

    /**
     * What may be tried instead of the rule.
     *
     * @param rows of results
     * @param word elements of a word of results, at most; a word of the source is as wide as it can
     * @param words of results in a row
     */
    record Form(int rows, int word, int words) {}

    /**
     * The tile for the results of a convolution, null where windows are too large for registers.
     *
     * @param bytes of an element
     */
    static DepthwiseTile of(ConvShape s, boolean gradient, int bytes) {
        DepthwiseTile tile = wide(s, gradient, bytes);
        if (tile == null || bytes != 2 || tile.registers() <= FEW_REGISTERS) {
            return tile;
        }
        int lanes = gradient ? 8 : Math.max(1, 8 / s.window().strideX());
        for (int rows : new int[] {tile.oy, 4, 2}) {
            DepthwiseTile few =
                    of(s, gradient, bytes, new Form(rows, Integer.highestOneBit(lanes), 1));
            if (few != null && few.registers() <= FEW_REGISTERS) {
                return few;
            }
        }
        return tile;
    }

    /** With as many registers as a window may take at all. */
    static DepthwiseTile wide(ConvShape s, boolean gradient, int bytes) {
        int unit = gradient ? s.window().strideY() : 1;
        int width = gradient ? s.w() : s.wo();
        int ox = divisor(width, 16 / bytes);
        if (gradient && ox % s.window().strideX() != 0) {
            ox *= s.window().strideX();
        }
        // Narrow tiles are long, so that a row that was fetched serves as many sums.
        int rows = gradient ? s.h() : s.ho();
        int most = ox > 2 ? 4 : rows % 7 == 0 ? 7 : 8;
        for (int oy = (most + unit - 1) / unit * unit; oy >= unit; oy -= unit) {
            DepthwiseTile tile = of(s, gradient, bytes, new Form(oy, 16 / bytes, 1));
            if (tile != null) {
                return tile;
            }
        }
        return null;
    }

    /** A tile of this form, null where its window is too large. */
    static DepthwiseTile of(ConvShape s, boolean gradient, int bytes, Form form) {
        ConvWindow v = s.window();
        int unit = gradient ? v.strideY() : 1;
        if (s.taps() > MOST_TAPS || unit > 8) {
            return null;
        }
        int lanes = 16 / bytes;
        int store = divisor(gradient ? s.w() : s.wo(), Math.min(lanes, form.word()));
        int ox = store * form.words();
        if (gradient && ox % v.strideX() != 0) {
            ox *= v.strideX();
        }
        int next = gradient ? ox / v.strideX() : ox * v.strideX();
        int load = divisor(gcd(next, gradient ? s.wo() : s.w()), lanes);
        int oy = (form.rows() + unit - 1) / unit * unit;
        int[] y = window(oy, s.kh(), v.strideY(), v.dilationY(), v.padTop(), gradient);
        int[] x = window(ox, s.kw(), v.strideX(), v.dilationX(), v.padLeft(), gradient);
        DepthwiseTile tile =
                new DepthwiseTile(s, gradient, bytes, oy, ox, store, load, y[0], y[1], x[0], x[1]);
        boolean fits = tile.registers() <= MOST_REGISTERS;
        return fits && (long) oy * ox * s.taps() <= MOST_PRODUCTS ? tile : null;
    }

    /** Registers of the window: words and, as if each took one, what is left and right of them. */
    long registers() {
        ConvWindow v = shape.window();
        int next = gradient ? ox / v.strideX() : ox * v.strideX();
        long singles = Math.max(0, -loX) + Math.max(0, hiX - next + 1L);
        return (hiY - loY + 1L) * ((next * bytes + 3) / 4 + singles);
    }

    /** Blocks that a multiprocessor should have room for: what the compiler holds itself to. */
    int resident(int block) {
        boolean many = registers() > FEW_REGISTERS || shape.taps() > 9 || oy * ox > 32;
        if (bytes != 2 || many) {
            return 1;
        }
        return Math.max(1, (registers() <= 24 ? MORE_RESIDENT : RESIDENT) / block);
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
                load,
                "ACROSS",
                across() + "u",
                "DOWN",
                down() + "u");
    }
}
