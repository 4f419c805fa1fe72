package io.tatara.kernels.conv;

import io.tatara.kernels.jvm.JvmContext;
import io.tatara.kernels.matmul.PanelProduct;
import io.tatara.kernels.pointwise.Activation;
import java.util.Arrays;

/**
 * Takes tiles to where the pixels of an image follow each other, and finishes them.
 *
 * @param y where to
 * @param origin element of the product's first row and column
 * @param image elements from an image to the next
 * @param pixels of an image, and elements from a row of the product to the next
 * @param channel of the result that is the product's first row
 */
record DenseResult(
        ConvRows kernels,
        float[] y,
        int origin,
        int image,
        int pixels,
        int channel,
        Finish finish,
        JvmContext ctx)
        implements PanelProduct.Result {

    /** Where a row of the product has its pixel. */
    int at(int row, int column) {
        return origin + column / pixels * image + row * pixels + column % pixels;
    }

    @Override
    public PanelProduct.Straight straight(int rows) {
        Activation f = finish.simple() ? finish.activation() : Activation.NONE;
        if (f != Activation.NONE && f != Activation.RELU) {
            return null;
        }
        float[] bias = finish.bias();
        int first = bias == null ? 0 : channel;
        if (bias == null) {
            bias = new float[rows];
            Arrays.fill(bias, -0f);
        }
        return new PanelProduct.Straight(y, pixels, bias, first, f == Activation.RELU);
    }

    @Override
    public int place(int row, int column, int columns) {
        return pixels - column % pixels < columns ? -1 : at(row, column);
    }

    @Override
    public void put(
            int row,
            int rows,
            int column,
            int columns,
            float[] t,
            int width,
            boolean add,
            boolean last) {
        for (int j = 0; j < columns; ) {
            int n = Math.min(columns - j, pixels - (column + j) % pixels);
            put(row, rows, n, t, j, width, at(row, column + j), add, last);
            j += n;
        }
    }

    /**
     * Rows of a tile to y, with what can follow on the way: bias at first, simple activations at
     * last.
     */
    void put(
            int row,
            int rows,
            int n,
            float[] t,
            int from,
            int width,
            int to,
            boolean add,
            boolean last) {
        Activation f = last && finish.simple() ? finish.activation() : Activation.NONE;
        float[] bias = add ? null : finish.bias();
        if (bias == null && f == Activation.NONE) {
            kernels.put(rows, n, t, from, width, y, to, pixels, add);
        } else {
            kernels.put(rows, n, t, from, width, y, to, pixels, add, bias, channel + row, f);
        }
    }

    @Override
    public void finished(int row, int rowEnd, int column, int columnEnd) {
        if (finish.residual() == null && finish.simple()) {
            return;
        }
        for (int j = column; j < columnEnd; ) {
            int n = Math.min(columnEnd - j, pixels - j % pixels);
            for (int i = row; i < rowEnd; i++) {
                if (finish.simple()) {
                    finish.afterActivation(y, at(i, j), n, ctx);
                } else {
                    finish.afterBias(y, at(i, j), n, ctx);
                }
            }
            j += n;
        }
    }
}
