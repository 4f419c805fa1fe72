package io.tatara.kernels.conv;

import io.tatara.kernels.jvm.JvmContext;
import io.tatara.kernels.matmul.PackedLeft;
import io.tatara.kernels.matmul.PanelProduct;
import java.util.ArrayList;
import java.util.List;

/**
 * A group's kernel for {@link Winograd}: at each of 36 places G g Gᵀ of all 3 × 3 kernels g, a
 * matrix [channels of the result, channels of the source].
 *
 * @param pooled whether its floats are scratch
 */
record WinogradKernel(List<PackedLeft> places, boolean pooled) {
    static WinogradKernel of(Sums s, int g, WinogradLines lines, JvmContext ctx) {
        if (s.packs() == null) {
            return pack(s, g, lines, true, ctx);
        }
        Axis y = s.ys().getFirst();
        Axis x = s.xs().getFirst();
        KernelKey key = KernelKey.of(Winograd.class, s, g, y, x, ctx);
        return s.packs().get(key, () -> pack(s, g, lines, false, ctx));
    }

    void release(JvmContext ctx) {
        if (pooled) {
            places.forEach(p -> ctx.release(p.data()));
        }
    }

    private static WinogradKernel pack(
            Sums s, int g, WinogradLines lines, boolean pooled, JvmContext ctx) {
        int m = s.out();
        int k = s.in();
        float[] all = ctx.acquire(Winograd.PLACES * m * k + lines.lanes());
        List<PackedLeft> places = new ArrayList<>();
        try {
            ctx.workers()
                    .parallelFor(
                            m,
                            Math.max(1, (1 << 13) / (Winograd.PLACES * k)),
                            (from, to) -> rows(s, g, lines, from, to, all, ctx));
            int size = PanelProduct.size(m, k, ctx);
            for (int p = 0; p < Winograd.PLACES; p++) {
                int place = p * m * k;
                PanelProduct.Left left =
                        (row, rows, begin, depth, height, panel, at) ->
                                PanelProduct.packTransposed(
                                        rows,
                                        depth,
                                        all,
                                        place + row * k + begin,
                                        k,
                                        height,
                                        panel,
                                        at,
                                        ctx);
                float[] data = pooled ? ctx.acquire(size) : new float[size];
                places.add(PanelProduct.pack(m, k, left, data, ctx));
            }
        } finally {
            ctx.release(all);
        }
        return new WinogradKernel(List.copyOf(places), pooled);
    }

    /** The transformed taps of some channels of the result: [36, m, k]. */
    private static void rows(
            Sums s, int g, WinogradLines lines, int from, int to, float[] all, JvmContext ctx) {
        int k = s.in();
        int width = k + lines.lanes();
        float[] scratch = ctx.acquire((9 + 18 + Winograd.PLACES) * width);
        try {
            int[] columns = {0, width, 2 * width};
            int[] rows = new int[6];
            int[] places = new int[6];
            for (int r = 0; r < 6; r++) {
                rows[r] = 3 * r * width;
                places[r] = 6 * r * width;
            }
            int done = 27 * width;
            for (int m = from; m < to; m++) {
                gather(s, g, m, scratch, width);
                lines.taps(
                        columns, columns, scratch, 0, 3 * width, k, scratch, 9 * width, 3 * width);
                lines.taps(rows, places, scratch, 9 * width, width, k, scratch, done, width);
                for (int p = 0; p < Winograd.PLACES; p++) {
                    System.arraycopy(scratch, done + p * width, all, (p * s.out() + m) * k, k);
                }
            }
        } finally {
            ctx.release(scratch);
        }
    }

    /** The taps in the order in which the source has them, each for all channels. */
    static void gather(Sums s, int g, int m, float[] to, int width) {
        Axis y = s.ys().getFirst();
        Axis x = s.xs().getFirst();
        int step = s.in() > 1 ? s.weight(g, m, 1, y, 0, x, 0) - s.weight(g, m, 0, y, 0, x, 0) : 0;
        for (int ty = 0; ty < 3; ty++) {
            for (int tx = 0; tx < 3; tx++) {
                int down = y.tapIn() > 0 ? ty : 2 - ty;
                int along = x.tapIn() > 0 ? tx : 2 - tx;
                int from = s.weight(g, m, 0, y, ty, x, tx);
                int at = (3 * down + along) * width;
                for (int c = 0; c < s.in(); c++) {
                    to[at + c] = s.w()[from + c * step];
                }
            }
        }
    }
}
