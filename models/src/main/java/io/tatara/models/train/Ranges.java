package io.tatara.models.train;

/** Of settings that optimizers compute with in float32, where what is larger is infinite. */
public final class Ranges {
    private Ranges() {}

    /** Above 0 and finite in float32; not NaN. */
    public static boolean positive(double x) {
        return x > 0 && x <= Float.MAX_VALUE;
    }

    /** 0 or {@link #positive}. */
    public static boolean notNegative(double x) {
        return x >= 0 && x <= Float.MAX_VALUE;
    }
}
