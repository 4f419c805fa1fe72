package io.tatara.kernels.check;

import io.tatara.kernels.DType;
import io.tatara.kernels.RefArray;

/**
 * The one error measure: ‖out − ref‖ / ‖ref‖, with the worst element beside it. NaN and infinities
 * must stand in the same places; the norm is taken over the others.
 *
 * <p>In float16 and bfloat16, whose tolerances would hide a wrong element among many right ones,
 * the error is not less than that of any single element: half its difference, relative to its size
 * plus the tensor's root mean square. In float16 differences up to the spacing of the smallest
 * numbers, 2⁻²⁴, count as equal to that end (not where exactness is asked for).
 *
 * @param error the relative error; infinity where a NaN or infinity is misplaced, 0 only where all
 *     elements are the correctly rounded ones
 * @param worst index of the element with the largest difference, -1 where all are equal
 */
public record Comparison(double error, int worst, double got, double want) {
    private static final double SMALLEST_HALF = 0x1p-24;

    /** Compares results with the reference's; exact comparison is {@code error() == 0}. */
    public static Comparison of(double[] out, RefArray ref) {
        double[] want = ref.data();
        DType dtype = ref.spec().dtype();
        double unseen = dtype == DType.FLOAT16 ? SMALLEST_HALF : 0;
        double diff2 = 0;
        double norm2 = 0;
        int finite = 0;
        double worstDiff = 0;
        int worst = -1;
        for (int i = 0; i < want.length; i++) {
            double w = Rounding.round(want[i], dtype);
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
            double counted = Math.max(0, d - unseen);
            diff2 += counted * counted;
            norm2 += want[i] * want[i];
            finite++;
            if (d > worstDiff) {
                worstDiff = d;
                worst = i;
            }
        }
        if (worst < 0) {
            return new Comparison(0, -1, 0, 0);
        }
        double error = diff2 == 0 ? 0 : norm2 == 0 ? Math.sqrt(diff2) : Math.sqrt(diff2 / norm2);
        if (dtype.isHalf() && norm2 > 0) {
            error = Math.max(error, single(out, ref, unseen, Math.sqrt(norm2 / finite)));
        }
        return new Comparison(Math.max(error, Double.MIN_VALUE), worst, out[worst], want[worst]);
    }

    private static double single(double[] out, RefArray ref, double unseen, double rms) {
        double[] want = ref.data();
        double most = 0;
        for (int i = 0; i < want.length; i++) {
            double w = Rounding.round(want[i], ref.spec().dtype());
            if (Double.isFinite(w) && out[i] != w) {
                double d = Math.abs(out[i] - want[i]) - unseen;
                most = Math.max(most, d / 2 / (Math.abs(want[i]) + rms));
            }
        }
        return most;
    }

    @Override
    public String toString() {
        return worst < 0
                ? "equal"
                : String.format(
                        "error %.3g, worst at [%d]: got %.9g, want %.9g", error, worst, got, want);
    }
}
