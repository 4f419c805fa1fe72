package io.tatara.kernels.conv;

import io.tatara.kernels.OpException;

/**
 * How a kernel moves over an image: output pixel (y, x) sees input pixels (y · strideY - padTop + i
 * · dilationY, x · strideX - padLeft + j · dilationX) for each tap (i, j) of the kernel. What lies
 * outside the image is 0.
 */
public record ConvWindow(
        int strideY,
        int strideX,
        int padTop,
        int padBottom,
        int padLeft,
        int padRight,
        int dilationY,
        int dilationX) {
    /** Stride 1, no padding, no dilation. */
    public static final ConvWindow UNIT = new ConvWindow(1, 1, 0, 0, 0, 0, 1, 1);

    /**
     * @throws OpException if a stride or dilation is less than 1 or a padding less than 0
     */
    public ConvWindow {
        require(strideY > 0 && strideX > 0, "stride", strideY, strideX, "numbers >= 1");
        require(dilationY > 0 && dilationX > 0, "dilation", dilationY, dilationX, "numbers >= 1");
        require(padTop >= 0 && padBottom >= 0, "padding", padTop, padBottom, "numbers >= 0");
        require(padLeft >= 0 && padRight >= 0, "padding", padLeft, padRight, "numbers >= 0");
    }

    private static void require(boolean ok, String argument, int a, int b, String expected) {
        if (!ok) {
            throw new OpException("conv2d", argument, a + ", " + b, expected);
        }
    }

    /** The same with this stride along both axes. */
    public ConvWindow stride(int s) {
        return stride(s, s);
    }

    public ConvWindow stride(int y, int x) {
        return new ConvWindow(y, x, padTop, padBottom, padLeft, padRight, dilationY, dilationX);
    }

    /** The same with this padding on all sides. */
    public ConvWindow pad(int p) {
        return pad(p, p, p, p);
    }

    public ConvWindow pad(int top, int bottom, int left, int right) {
        return new ConvWindow(strideY, strideX, top, bottom, left, right, dilationY, dilationX);
    }

    /** The same with this dilation along both axes. */
    public ConvWindow dilation(int d) {
        return dilation(d, d);
    }

    public ConvWindow dilation(int y, int x) {
        return new ConvWindow(strideY, strideX, padTop, padBottom, padLeft, padRight, y, x);
    }

    /**
     * The same with the padding that makes the output ⌈extent / stride⌉ along each axis; where the
     * padding is odd the larger half stands behind (TensorFlow's "SAME").
     *
     * @param height of the image
     * @param width of the image
     * @param kernelHeight taps along the height
     * @param kernelWidth taps along the width
     */
    public ConvWindow same(int height, int width, int kernelHeight, int kernelWidth) {
        int y = total(height, kernelHeight, strideY, dilationY);
        int x = total(width, kernelWidth, strideX, dilationX);
        return pad(y / 2, y - y / 2, x / 2, x - x / 2);
    }

    private static int total(int extent, int taps, int stride, int dilation) {
        long out = ((long) extent + stride - 1) / stride;
        long needed = (out - 1) * stride + reach(taps, dilation) - extent;
        return Math.toIntExact(Math.max(0, needed));
    }

    /** Pixels from the first tap to the last, both included. */
    private static long reach(int taps, int dilation) {
        return (taps - 1L) * dilation + 1;
    }

    /** Rows of the output, 0 or less where the kernel does not fit. */
    int outHeight(int height, int taps) {
        return out((long) height + padTop + padBottom, taps, strideY, dilationY);
    }

    /** Columns of the output, 0 or less where the kernel does not fit. */
    int outWidth(int width, int taps) {
        return out((long) width + padLeft + padRight, taps, strideX, dilationX);
    }

    private static int out(long padded, int taps, int stride, int dilation) {
        long room = padded - reach(taps, dilation);
        return room < 0 ? 0 : (int) Math.min(Integer.MAX_VALUE, room / stride + 1);
    }
}
