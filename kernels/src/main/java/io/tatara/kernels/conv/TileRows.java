package io.tatara.kernels.conv;

import io.tatara.kernels.jvm.JvmContext;
import io.tatara.kernels.jvm.SerialContext;

/** Rows of tiles, some at a time. */
interface TileRows {
    /** Computes rows [from, to), in parallel by the context's workers. */
    void run(int from, int to, JvmContext ctx);

    /**
     * Computes all rows.
     *
     * @param each rows at a time
     * @param own whether each thread has such rows for itself, rather than all share them
     */
    static void run(int rows, int each, boolean own, JvmContext ctx, TileRows body) {
        int parts = (rows + each - 1) / each;
        if (!own) {
            for (int p = 0; p < parts; p++) {
                body.run(p * each, Math.min(rows, (p + 1) * each), ctx);
            }
            return;
        }
        JvmContext serial = new SerialContext(ctx);
        ctx.workers()
                .parallelFor(
                        parts,
                        1,
                        (from, to) -> {
                            for (int p = from; p < to; p++) {
                                body.run(p * each, Math.min(rows, (p + 1) * each), serial);
                            }
                        });
    }
}
