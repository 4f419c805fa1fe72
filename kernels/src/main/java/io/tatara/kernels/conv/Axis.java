package io.tatara.kernels.conv;

import java.util.ArrayList;
import java.util.List;

/**
 * One axis of a sum over taps: element outStart + outStep · i of the result, i < count, is the sum
 * over t < taps of tap tapStart + tapStep · t of the kernel times element inStart + inStep · i +
 * tapIn · t of the source, 0 outside.
 */
record Axis(
        int count,
        int outStart,
        int outStep,
        int inStart,
        int inStep,
        int tapIn,
        int taps,
        int tapStart,
        int tapStep) {

    /** A convolution. */
    static Axis forward(int count, int stride, int pad, int dilation, int taps) {
        return new Axis(count, 0, 1, -pad, stride, dilation, taps, 0, 1);
    }

    /**
     * The data gradient, from an output back to an image of this extent: one axis for each place
     * within the stride, those without an element left out. Such a place meets every (s / gcd(s,
     * d))-th tap, or none.
     */
    static List<Axis> gradient(int extent, int stride, int pad, int dilation, int taps) {
        List<Axis> all = new ArrayList<>();
        int step = stride / gcd(stride, dilation);
        for (int r = 0; r < Math.min(stride, extent); r++) {
            int first = 0;
            while (first < Math.min(step, taps)
                    && Math.floorMod(r + pad - (long) first * dilation, stride) != 0) {
                first++;
            }
            int count = (extent - r - 1) / stride + 1;
            boolean none = first >= Math.min(step, taps);
            int used = none ? 0 : (taps - 1 - first) / step + 1;
            int from = none ? 0 : (int) ((r + pad - (long) first * dilation) / stride);
            int apart = (int) ((long) step * dilation / stride);
            all.add(new Axis(count, r, stride, from, 1, -apart, used, first, step));
        }
        return all;
    }

    private static int gcd(int a, int b) {
        return b == 0 ? a : gcd(b, a % b);
    }

    /** First element of the source that is asked for, perhaps before its beginning. */
    int low() {
        return inStart + Math.min(0, tapIn * (taps - 1));
    }

    /** Last element of the source that is asked for, perhaps behind its end. */
    int high() {
        return inStart + inStep * (count - 1) + Math.max(0, tapIn * (taps - 1));
    }
}
