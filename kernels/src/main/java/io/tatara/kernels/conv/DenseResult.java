package io.tatara.kernels.conv;

import io.tatara.kernels.jvm.JvmContext;
import io.tatara.kernels.matmul.PanelProduct;

/**
 * Takes tiles to a result whose pixels follow each other, and finishes them.
 *
 * @param channel of the result that is the product's first row
 * @param image that has the product's first column
 */
record DenseResult(Sums s, ConvRows kernels, int channel, int image, JvmContext ctx)
        implements PanelProduct.Result {
    private int pixels() {
        return s.outHeight() * s.outWidth();
    }

    /** Where a row of the product has its pixel. */
    private int at(int row, int column) {
        int pixels = pixels();
        int channels = s.shape().groups() * s.out();
        return ((image + column / pixels) * channels + channel + row) * pixels + column % pixels;
    }

    @Override
    public void put(int row, int rows, int column, int columns, float[] t, int width, boolean add) {
        int pixels = pixels();
        for (int j = 0; j < columns; ) {
            int n = Math.min(columns - j, pixels - (column + j) % pixels);
            kernels.put(rows, n, t, j, width, s.y(), at(row, column + j), pixels, add);
            j += n;
        }
    }

    @Override
    public void finished(int row, int rowEnd, int column, int columnEnd) {
        if (s.finish().nothing()) {
            return;
        }
        int pixels = pixels();
        for (int j = column; j < columnEnd; ) {
            int n = Math.min(columnEnd - j, pixels - j % pixels);
            for (int i = row; i < rowEnd; i++) {
                s.finish().apply(s.y(), at(i, j), n, channel + i, ctx);
            }
            j += n;
        }
    }
}
