package io.tatara.kernels.conv;

import io.tatara.kernels.jvm.JvmContext;
import io.tatara.kernels.matmul.PanelProduct;

/**
 * The same as a {@link DenseResult} for the transposed product, whose rows are pixels and whose
 * columns are channels. Tiles are turned once, when they are complete; until then their sums stay
 * as they are.
 *
 * @param first pixel that is the product's first row
 * @param sums [pixels of the product, width]
 * @param width channels, up to whole panels
 */
record ChannelResult(DenseResult result, int first, float[] sums, int width)
        implements PanelProduct.Result {
    /** Floats from a pixel's sums to the next's. */
    static int width(int channels, JvmContext ctx) {
        int panel = PanelProduct.width(ctx);
        return (channels + panel - 1) / panel * panel;
    }

    @Override
    public void put(
            int row,
            int rows,
            int column,
            int columns,
            float[] t,
            int panel,
            boolean add,
            boolean last) {
        int kept = row * width + column;
        if (!last) {
            result.kernels().put(rows, panel, t, 0, panel, sums, kept, width, add);
            return;
        }
        if (add) {
            result.kernels().put(rows, panel, sums, kept, width, t, 0, panel, true);
        }
        int at = PanelProduct.transpose(t, result.ctx());
        int ld = PanelProduct.transposedWidth(result.ctx());
        int pixels = result.pixels();
        for (int i = 0; i < rows; ) {
            int pixel = first + row + i;
            int n = Math.min(rows - i, pixels - pixel % pixels);
            int to = result.at(column, pixel);
            result.put(column, columns, n, t, at + i, ld, to, false, true);
            i += n;
        }
    }

    @Override
    public void finished(int row, int rowEnd, int column, int columnEnd) {
        result.finished(column, columnEnd, first + row, first + rowEnd);
    }
}
