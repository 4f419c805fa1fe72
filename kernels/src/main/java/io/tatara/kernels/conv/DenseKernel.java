package io.tatara.kernels.conv;

import io.tatara.kernels.jvm.JvmContext;
import io.tatara.kernels.matmul.PackedLeft;
import io.tatara.kernels.matmul.PackedRight;
import io.tatara.kernels.matmul.PanelProduct;

/**
 * A group's kernel packed for {@link DenseConv}, for the taps of one pair of axes: as the left-hand
 * operand or, where vectors lie along the channels, as the right-hand one. Where it stands in the
 * image is not part of it: places within a stride share a kernel.
 *
 * @param rows the left-hand operand, null for the other
 * @param columns the right-hand operand, null for the other
 * @param pooled whether its floats are scratch
 */
record DenseKernel(PackedLeft rows, PackedRight columns, boolean pooled) {
    /**
     * @param channels whether it is the right-hand operand
     */
    static DenseKernel of(Sums s, int g, Axis y, Axis x, boolean channels, JvmContext ctx) {
        int k = s.in() * y.taps() * x.taps();
        int size =
                channels
                        ? PanelProduct.sizeRight(k, s.out(), ctx)
                        : PanelProduct.size(s.out(), k, ctx);
        if (s.packs() == null) {
            return pack(s, g, y, x, channels, ctx.acquire(size), true, ctx);
        }
        KernelKey key = KernelKey.of(channels, s, g, y, x, ctx);
        return s.packs().get(key, () -> pack(s, g, y, x, channels, new float[size], false, ctx));
    }

    void release(JvmContext ctx) {
        if (pooled) {
            ctx.release(rows != null ? rows.data() : columns.data());
        }
    }

    private static DenseKernel pack(
            Sums s,
            int g,
            Axis y,
            Axis x,
            boolean channels,
            float[] data,
            boolean pooled,
            JvmContext ctx) {
        int k = s.in() * y.taps() * x.taps();
        int first = g * s.out() * k;
        PanelProduct.Left panels =
                s.gradient()
                        ? (row, rows, from, depth, height, panel, at) ->
                                taps(s, g, y, x, row, rows, from, depth, height, panel, at)
                        : (row, rows, from, depth, height, panel, at) ->
                                PanelProduct.packTransposed(
                                        rows,
                                        depth,
                                        s.w(),
                                        first + row * k + from,
                                        k,
                                        height,
                                        panel,
                                        at,
                                        ctx);
        return channels
                ? new DenseKernel(
                        null, PanelProduct.packRight(k, s.out(), panels, data, ctx), pooled)
                : new DenseKernel(PanelProduct.pack(s.out(), k, panels, data, ctx), null, pooled);
    }

    private static void taps(
            Sums s,
            int g,
            Axis y,
            Axis x,
            int row,
            int rows,
            int from,
            int depth,
            int height,
            float[] panel,
            int at) {
        int taps = y.taps() * x.taps();
        for (int p = 0; p < depth; p++) {
            int source = (from + p) / taps;
            int tap = (from + p) % taps;
            int w = s.weight(g, row, source, y, tap / x.taps(), x, tap % x.taps());
            int to = at + p * height;
            for (int i = 0; i < rows; i++) {
                panel[to + i] = s.w()[w + i * s.shape().taps()];
            }
            for (int i = rows; i < height; i++) {
                panel[to + i] = 0;
            }
        }
    }
}
