package io.tatara.models.vision;

import io.tatara.kernels.TataraException;
import java.util.Arrays;
import java.util.List;

/**
 * What turns bytes into the numbers that a network takes: (value / 255 − mean) / deviation, of each
 * channel.
 */
public record Normalization(List<Double> mean, List<Double> deviation) {
    /** Of channels that are the same everywhere. */
    private static final double SMALLEST = 1e-3;

    public Normalization {
        mean = List.copyOf(mean);
        deviation = List.copyOf(deviation);
        if (mean.isEmpty()
                || mean.size() != deviation.size()
                || !deviation.stream().allMatch(d -> d > 0 && Double.isFinite(d))
                || !mean.stream().allMatch(Double::isFinite)) {
            throw new TataraException(
                    "normalization: means " + mean + " and deviations " + deviation);
        }
    }

    /** The one that gives these pictures mean 0 and deviation 1 in each channel. */
    public static Normalization of(Images images) {
        int plane = images.height() * images.width();
        Double[] mean = new Double[images.channels()];
        Double[] deviation = new Double[images.channels()];
        for (int c = 0; c < mean.length; c++) {
            long sum = 0;
            long squares = 0;
            for (int i = 0; i < images.count(); i++) {
                int at = i * images.each() + c * plane;
                for (int j = at; j < at + plane; j++) {
                    int v = images.pixels()[j] & 0xff;
                    sum += v;
                    squares += v * v;
                }
            }
            double n = Math.max(1, (double) images.count() * plane);
            double m = sum / n / 255;
            mean[c] = m;
            // Rounding makes the variance of equal values a little less than nothing.
            double variance = Math.max(0, squares / n / (255 * 255) - m * m);
            deviation[c] = Math.max(SMALLEST, Math.sqrt(variance));
        }
        return new Normalization(Arrays.asList(mean), Arrays.asList(deviation));
    }

    /** What each byte of a channel becomes: 256 numbers. */
    float[] table(int channel) {
        float[] t = new float[256];
        for (int v = 0; v < 256; v++) {
            t[v] = (float) ((v / 255.0 - mean.get(channel)) / deviation.get(channel));
        }
        return t;
    }

    /**
     * Pictures as a network takes them.
     *
     * @return [count, C, H, W]
     */
    public float[] apply(Images images, int from, int count) {
        int plane = images.height() * images.width();
        float[] x = new float[count * images.each()];
        for (int c = 0; c < images.channels(); c++) {
            float[] t = table(c);
            for (int i = 0; i < count; i++) {
                int at = i * images.each() + c * plane;
                int source = (from + i) * images.each() + c * plane;
                for (int j = 0; j < plane; j++) {
                    x[at + j] = t[images.pixels()[source + j] & 0xff];
                }
            }
        }
        return x;
    }
}
