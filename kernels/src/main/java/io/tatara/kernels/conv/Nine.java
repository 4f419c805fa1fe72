package io.tatara.kernels.conv;

import io.tatara.kernels.pointwise.Activation;

/**
 * Depthwise sums of 3 × 3 taps side by side, at stride 1 or 2 and with a border of at most one
 * pixel, which can be taken straight from an image: what all channels have in common.
 *
 * @param stride along both axes
 * @param height of a channel of the image
 * @param top row of the image at the first tap of the result's first row, at least -1
 * @param left the same of the columns
 * @param rows of a channel of the result
 * @param each channels of the result that see the same channel of the image
 * @param count channels of the result of an image
 * @param w kernels, nine floats each, one for each channel of the result
 * @param backwards whether the last tap of a kernel comes first
 * @param bias a float a channel of the result, null where there is none
 * @param relu whether max(·, 0) follows
 */
record Nine(
        int stride,
        int height,
        int width,
        int top,
        int left,
        int rows,
        int columns,
        int each,
        int count,
        float[] w,
        boolean backwards,
        float[] bias,
        boolean relu) {
    private static final int TAPS = 3;

    /** Of these sums, null where they are of another kind. */
    static Nine of(Sums s) {
        Axis y = s.ys().getFirst();
        Axis x = s.xs().getFirst();
        boolean kernel = y.taps() == TAPS && x.taps() == TAPS && s.in() == 1 && !s.apart();
        int step = y.tapIn();
        if (!kernel || Math.abs(step) != 1 || x.tapIn() != step || s.shape().taps() != 9) {
            return null;
        }
        int stride = x.inStep();
        int low = x.low();
        boolean near = y.low() >= -1 && low >= -1 && x.high() <= s.width();
        if (stride > 2 || y.inStep() != stride || !near) {
            return null;
        }
        return new Nine(
                stride,
                s.height(),
                s.width(),
                y.low(),
                low,
                s.outHeight(),
                s.outWidth(),
                s.out(),
                s.out() * s.shape().groups(),
                s.w(),
                step < 0,
                s.finish().bias(),
                s.finish().activation() == Activation.RELU);
    }

    /** Floats of a channel of the image. */
    int size() {
        return height * width;
    }

    /** Rows of a channel of the image that the result sees. */
    int seen() {
        int high = Math.min(height, top + (rows - 1) * stride + TAPS);
        return Math.max(0, high - Math.max(0, top));
    }

    /** Floats of a channel of the result. */
    int result() {
        return rows * columns;
    }

    float bias(int channel) {
        return bias == null ? 0 : bias[channel];
    }
}
