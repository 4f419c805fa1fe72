package io.tatara.kernels.conv;

import io.tatara.kernels.matmul.PanelProduct;

/**
 * Takes tiles to pixels that are a stride apart: one place within the stride of a data gradient.
 *
 * @param channel of the result that is the product's first row
 * @param image that has the product's first column
 */
record SpreadResult(Sums s, Axis ay, Axis ax, int channel, int image)
        implements PanelProduct.Result {
    @Override
    public void put(int row, int rows, int column, int columns, float[] t, int width, boolean add) {
        int plane = s.outHeight() * s.outWidth();
        int[] at = new int[columns];
        for (int j = 0; j < columns; j++) {
            at[j] = place(row, column + j);
        }
        for (int i = 0; i < rows; i++) {
            one(columns, at, i * plane, t, i * width, add);
        }
    }

    private int place(int row, int column) {
        int pixels = ay.count() * ax.count();
        int pixel = column % pixels;
        int y = ay.outStart() + pixel / ax.count() * ay.outStep();
        int x = ax.outStart() + pixel % ax.count() * ax.outStep();
        int channels = s.shape().groups() * s.out();
        int c = (image + column / pixels) * channels + channel + row;
        return (c * s.outHeight() + y) * s.outWidth() + x;
    }

    private void one(int n, int[] at, int move, float[] t, int from, boolean add) {
        float[] y = s.y();
        if (add) {
            for (int j = 0; j < n; j++) {
                y[at[j] + move] += t[from + j];
            }
        } else {
            for (int j = 0; j < n; j++) {
                y[at[j] + move] = t[from + j];
            }
        }
    }

    @Override
    public void finished(int row, int rowEnd, int column, int columnEnd) {
        // Nothing follows the sums of a gradient.
    }
}
