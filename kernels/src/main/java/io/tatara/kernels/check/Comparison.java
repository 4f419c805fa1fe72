package io.tatara.kernels.check;

import io.tatara.kernels.RefArray;

/**
 * The one error measure: ‖out − ref‖ / ‖ref‖, with the worst element beside it. NaN and infinities
 * must stand in the same places; the norm is taken over the others.
 *
 * @param error the relative error; infinity where a NaN or infinity is misplaced
 * @param worst index of the element with the largest difference, -1 where all are equal
 */
public record Comparison(double error, int worst, double got, double want) {
    /** Compares results with the reference's; exact comparison is {@code error() == 0}. */
    public static Comparison of(double[] out, RefArray ref) {
        double[] want = ref.data();
        double diff2 = 0;
        double norm2 = 0;
        double worstDiff = 0;
        int worst = -1;
        for (int i = 0; i < want.length; i++) {
            double w = Rounding.round(want[i], ref.spec().dtype());
            boolean special = !Double.isFinite(w) || !Double.isFinite(out[i]);
            if (special) {
                boolean same = Double.isNaN(w) ? Double.isNaN(out[i]) : w == out[i];
                if (!same) {
                    return new Comparison(Double.POSITIVE_INFINITY, i, out[i], want[i]);
                }
                continue;
            }
            // Against the unrounded reference, so that the measure is not blurred by its rounding,
            // unless the result is the correctly rounded one.
            double d = out[i] == w ? 0 : Math.abs(out[i] - want[i]);
            diff2 += d * d;
            norm2 += want[i] * want[i];
            if (d > worstDiff) {
                worstDiff = d;
                worst = i;
            }
        }
        double error = diff2 == 0 ? 0 : norm2 == 0 ? Math.sqrt(diff2) : Math.sqrt(diff2 / norm2);
        return worst < 0
                ? new Comparison(0, -1, 0, 0)
                : new Comparison(error, worst, out[worst], want[worst]);
    }

    @Override
    public String toString() {
        return worst < 0
                ? "equal"
                : String.format(
                        "error %.3g, worst at [%d]: got %.9g, want %.9g", error, worst, got, want);
    }
}
