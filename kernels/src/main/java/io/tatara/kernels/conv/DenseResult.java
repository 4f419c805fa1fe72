package io.tatara.kernels.conv;

import io.tatara.kernels.jvm.JvmContext;
import io.tatara.kernels.matmul.PanelProduct;

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
    public void put(int row, int rows, int column, int columns, float[] t, int width, boolean add) {
        for (int j = 0; j < columns; ) {
            int n = Math.min(columns - j, pixels - (column + j) % pixels);
            kernels.put(rows, n, t, j, width, y, at(row, column + j), pixels, add);
            j += n;
        }
    }

    @Override
    public void finished(int row, int rowEnd, int column, int columnEnd) {
        if (finish.nothing()) {
            return;
        }
        for (int j = column; j < columnEnd; ) {
            int n = Math.min(columnEnd - j, pixels - j % pixels);
            for (int i = row; i < rowEnd; i++) {
                finish.apply(y, at(i, j), n, channel + i, ctx);
            }
            j += n;
        }
    }
}
