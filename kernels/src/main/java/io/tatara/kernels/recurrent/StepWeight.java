package io.tatara.kernels.recurrent;

import io.tatara.kernels.jvm.JvmArray;
import io.tatara.kernels.jvm.JvmContext;
import io.tatara.kernels.matmul.PackedMatrix;
import io.tatara.kernels.matmul.Sgemm;

/**
 * Some rows of the recurrent weight as the product inside the loop wants them: packed once for all
 * steps where a step has enough rows of its own or there are many steps, else as they stand (then
 * reading them is what bounds a step).
 */
final class StepWeight {
    /** Rows of a step up to which the product reads the weight as it stands. */
    private static final int FEW_ROWS = 4;

    /**
     * From so many steps on even few rows gain more than packing costs, where other calls may find
     * it done.
     */
    private static final int MANY_STEPS = 16;

    private final boolean transposed;
    private final int n;
    private final int k;
    private final float[] w;
    private final int at;
    private final int ld;
    private final PackedMatrix packed;

    private StepWeight(
            boolean transposed, int n, int k, float[] w, int at, int ld, PackedMatrix packed) {
        this.transposed = transposed;
        this.n = n;
        this.k = k;
        this.w = w;
        this.at = at;
        this.ld = ld;
        this.packed = packed;
    }

    /**
     * Rows [row, row + rows) of direction d of w [D, gates·H, H].
     *
     * @param transposed the forward product h·wᵀ; else the backward product δ·w
     */
    static StepWeight of(
            JvmRecurrence r, JvmArray w, boolean transposed, int gates, int d, int row, int rows) {
        int width = r.e.hidden();
        int at = (d * gates * width + row) * width;
        int n = transposed ? rows : width;
        int k = transposed ? width : rows;
        PackedMatrix packed = null;
        boolean few = r.rowsPerBlock() <= FEW_ROWS;
        boolean again = w.packs() != null;
        if (few ? again && r.e.steps() >= MANY_STEPS : again || r.e.steps() > 1) {
            JvmContext ctx = r.ctx;
            packed =
                    w.packs() == null
                            ? Sgemm.packB(transposed, n, k, w.f(), at, width, ctx)
                            : w.packs()
                                    .get(
                                            PackedMatrix.Key.of(transposed, n, k, at, width, ctx),
                                            () ->
                                                    Sgemm.packB(
                                                            transposed,
                                                            n,
                                                            k,
                                                            w.f(),
                                                            at,
                                                            width,
                                                            ctx));
        }
        return new StepWeight(transposed, n, k, w.f(), at, width, packed);
    }

    /** C [m, …] = A · (wᵀ or w) + beta · C. */
    void multiply(
            int m,
            float[] a,
            int ao,
            int lda,
            float beta,
            float[] c,
            int co,
            int ldc,
            JvmContext ctx) {
        if (packed != null) {
            Sgemm.runPacked(false, m, a, ao, lda, packed, beta, c, co, ldc, ctx);
        } else {
            Sgemm.run(false, transposed, m, n, k, a, ao, lda, w, at, ld, beta, c, co, ldc, ctx);
        }
    }
}
