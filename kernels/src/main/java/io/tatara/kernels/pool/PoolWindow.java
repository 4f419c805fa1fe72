package io.tatara.kernels.pool;

import io.tatara.kernels.Checks;
import io.tatara.kernels.OpException;
import io.tatara.kernels.TensorSpec;

/**
 * Where a pooling window stands. Output row o covers rows o · strideH − top + k · dilationH of the
 * input for k in [0, kernelH), and so do columns; what lies outside the input is padding.
 */
public record PoolWindow(
        int kernelH,
        int kernelW,
        int strideH,
        int strideW,
        int top,
        int left,
        int bottom,
        int right,
        int dilationH,
        int dilationW) {
    private static final Checks CHECK = new Checks("pool");

    /** Largest attribute: far beyond sense, and small enough that no index overflows. */
    private static final int MOST = 1 << 14;

    /**
     * @throws OpException if a kernel, stride or dilation is not in [1, 16384] or a padding is
     *     negative or not below its kernel's extent
     */
    public PoolWindow {
        positive("kernel", kernelH, kernelW);
        positive("stride", strideH, strideW);
        positive("dilation", dilationH, dilationW);
        padding("padding of rows", top, bottom, extent(kernelH, dilationH));
        padding("padding of columns", left, right, extent(kernelW, dilationW));
    }

    /** A square window with the same stride and padding on all sides, not dilated. */
    public static PoolWindow square(int kernel, int stride, int padding) {
        return new PoolWindow(
                kernel, kernel, stride, stride, padding, padding, padding, padding, 1, 1);
    }

    private static void positive(String arg, int h, int w) {
        CHECK.that(h >= 1 && h <= MOST && w >= 1 && w <= MOST, arg, h + ", " + w, "1 to " + MOST);
    }

    private static void padding(String arg, int before, int after, int extent) {
        CHECK.that(
                before >= 0 && before < extent && after >= 0 && after < extent,
                arg,
                before + ", " + after,
                "0 to " + (extent - 1) + ", less than the kernel's extent");
    }

    private static int extent(int kernel, int dilation) {
        return (kernel - 1) * dilation + 1;
    }

    /** Rows and columns of the padded plane less those of the window. */
    private long rest(long size, int before, int after, int kernel, int dilation) {
        return size + before + after - extent(kernel, dilation);
    }

    int outH(int h) {
        return (int) (rest(h, top, bottom, kernelH, dilationH) / strideH) + 1;
    }

    int outW(int w) {
        return (int) (rest(w, left, right, kernelW, dilationW) / strideW) + 1;
    }

    /** Checks planes [N, C, H, W] and gives the pooled spec. */
    TensorSpec infer(Checks check, TensorSpec x) {
        check.rank("x", check.floating("x", x), 4);
        int h = x.shape().dim(2);
        int w = x.shape().dim(3);
        check.that(
                rest(h, top, bottom, kernelH, dilationH) >= 0
                        && rest(w, left, right, kernelW, dilationW) >= 0
                        && h > 0
                        && w > 0
                        && (long) h + w < 1 << 29,
                "x",
                x,
                "planes that hold the window of " + this);
        return x.withShape(x.shape().dim(0), x.shape().dim(1), outH(h), outW(w));
    }

    int taps() {
        return kernelH * kernelW;
    }

    /** First input row of output row o's window, perhaps in the padding. */
    int row(int o) {
        return o * strideH - top;
    }

    int column(int o) {
        return o * strideW - left;
    }
}
