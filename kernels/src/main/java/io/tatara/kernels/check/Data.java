package io.tatara.kernels.check;

import java.util.random.RandomGenerator;

/**
 * How the elements of a case's input are drawn. Values are rounded to the input's dtype afterwards.
 */
@FunctionalInterface
public interface Data {
    void fill(double[] data, RandomGenerator random);

    /** Standard normal. */
    static Data normal() {
        return normal(0, 1);
    }

    static Data normal(double mean, double deviation) {
        return (d, r) -> {
            for (int i = 0; i < d.length; i++) {
                d[i] = mean + deviation * r.nextGaussian();
            }
        };
    }

    static Data uniform(double low, double high) {
        return (d, r) -> {
            for (int i = 0; i < d.length; i++) {
                d[i] = low + (high - low) * r.nextDouble();
            }
        };
    }

    /** Integers in [low, high], so that float sums are exact. */
    static Data integers(int low, int high) {
        return (d, r) -> {
            for (int i = 0; i < d.length; i++) {
                d[i] = low + r.nextInt(high - low + 1);
            }
        };
    }

    /** Exactly these values. */
    static Data of(double... values) {
        return (d, r) -> System.arraycopy(values, 0, d, 0, d.length);
    }

    /** Every element this value. */
    static Data constant(double value) {
        return (d, r) -> java.util.Arrays.fill(d, value);
    }

    /**
     * These data with about every k-th element replaced by each of the values in turn (NaN,
     * infinities).
     */
    default Data sprinkled(int k, double... values) {
        return (d, r) -> {
            fill(d, r);
            int next = 0;
            for (int i = 0; i < d.length; i++) {
                if (r.nextInt(k) == 0) {
                    d[i] = values[next++ % values.length];
                }
            }
        };
    }
}
