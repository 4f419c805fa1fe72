package io.tatara.runtime.check;

/**
 * What became of one check.
 *
 * @param op the op's name
 * @param name the case's name
 * @param error ‖out − ref‖ / ‖ref‖ of the worst output or gradient, NaN where nothing was compared
 * @param tolerance the largest error allowed for it
 * @param where which tensor and element was worst, empty where all are equal
 * @param message why it failed or was skipped, else empty
 * @param cause the exception that ended it, null where there was none
 */
public record Result(
        String op,
        String name,
        Kind kind,
        Status status,
        double error,
        double tolerance,
        String where,
        double seconds,
        String message,
        Throwable cause) {
    /** What was compared. */
    public enum Kind {
        OUTPUT,
        GRADIENT
    }

    public enum Status {
        PASSED,
        FAILED,
        SKIPPED
    }

    /**
     * How near the error came to the tolerance: above 1 is too large, -1 where nothing was
     * compared.
     */
    public double strain() {
        return Double.isNaN(error) ? -1 : strain(error, tolerance);
    }

    static double strain(double error, double tolerance) {
        return error == 0 ? 0 : tolerance > 0 ? error / tolerance : Double.POSITIVE_INFINITY;
    }

    @Override
    public String toString() {
        return op
                + "/"
                + name
                + " "
                + kind.name().toLowerCase(java.util.Locale.ROOT)
                + " "
                + status
                + (message.isEmpty() ? "" : ": " + message);
    }
}
