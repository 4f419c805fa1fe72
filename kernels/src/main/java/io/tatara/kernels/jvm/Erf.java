package io.tatara.kernels.jvm;

/** The error function, which {@link Math} lacks. */
public final class Erf {
    private static final double TWO_OVER_SQRT_PI = 2 / Math.sqrt(Math.PI);

    private Erf() {}

    /**
     * erf(x) in double precision (relative error below 1e-14): Maclaurin series near 0, continued
     * fraction of erfc (Lentz) further out; Abramowitz and Stegun 7.1.6 and 7.1.14.
     */
    public static double erf(double x) {
        double a = Math.abs(x);
        if (Double.isNaN(x)) {
            return x;
        }
        if (a > 6) {
            return Math.signum(x);
        }
        if (a < 2.5) {
            // 7.1.6: all terms positive, so no cancellation.
            double term = a;
            double sum = a;
            for (int n = 1; n < 200 && term > sum * 1e-17; n++) {
                term *= 2 * a * a / (2 * n + 1);
                sum += term;
            }
            return Math.signum(x) * TWO_OVER_SQRT_PI * Math.exp(-a * a) * sum;
        }
        double f = 0;
        for (int k = 60; k >= 1; k--) {
            f = k / 2.0 / (a + f);
        }
        double erfc = Math.exp(-a * a) / (Math.sqrt(Math.PI) * (a + f));
        return Math.signum(x) * (1 - erfc);
    }
}
