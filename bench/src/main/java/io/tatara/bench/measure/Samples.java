package io.tatara.bench.measure;

import java.util.Arrays;
import java.util.List;

/**
 * Times that were taken of one thing.
 *
 * @param seconds each sample
 * @param median seconds
 * @param spread distance of the quartiles divided by the median
 */
public record Samples(List<Double> seconds, double median, double spread) {
    public Samples {
        seconds = List.copyOf(seconds);
    }

    static final Samples NONE = new Samples(List.of(), 0, 0);

    /** Median and spread of these times. */
    public static Samples of(double... seconds) {
        if (seconds.length == 0) {
            return NONE;
        }
        double[] sorted = seconds.clone();
        Arrays.sort(sorted);
        double median = quantile(sorted, 0.5);
        double spread = median > 0 ? (quantile(sorted, 0.75) - quantile(sorted, 0.25)) / median : 0;
        return new Samples(Arrays.stream(seconds).boxed().toList(), median, spread);
    }

    /** Linear between the neighbours. */
    static double quantile(double[] sorted, double q) {
        double at = q * (sorted.length - 1);
        int i = (int) at;
        double rest = at - i;
        return i + 1 < sorted.length ? sorted[i] * (1 - rest) + sorted[i + 1] * rest : sorted[i];
    }

    /** Seconds for people. */
    public static String text(double seconds) {
        return seconds >= 1
                ? String.format("%.2f s", seconds)
                : seconds >= 1e-3
                        ? String.format("%.2f ms", seconds * 1e3)
                        : String.format("%.2f µs", seconds * 1e6);
    }
}
