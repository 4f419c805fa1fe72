package io.tatara.kernels.conv;

import io.tatara.kernels.matmul.PanelProduct;

/**
 * The same as a {@link DenseResult} for the transposed product, whose rows are pixels and whose
 * columns are channels.
 *
 * @param first pixel that is the product's first row
 */
record ChannelResult(DenseResult result, int first) implements PanelProduct.Result {
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
        int at = PanelProduct.transpose(t, result.ctx());
        int ld = PanelProduct.transposedWidth(result.ctx());
        int pixels = result.pixels();
        for (int i = 0; i < rows; ) {
            int pixel = first + row + i;
            int n = Math.min(rows - i, pixels - pixel % pixels);
            result.put(column, columns, n, t, at + i, ld, result.at(column, pixel), add, last);
            i += n;
        }
    }

    @Override
    public void finished(int row, int rowEnd, int column, int columnEnd) {
        result.finished(column, columnEnd, first + row, first + rowEnd);
    }
}
