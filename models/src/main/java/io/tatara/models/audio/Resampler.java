package io.tatara.models.audio;

import io.tatara.kernels.TataraException;

/**
 * Another sampling rate by band-limited interpolation: each sample of the result is a sum of the
 * samples around its time, weighted by a sinc under a Hann window that cuts at the lower of both
 * half rates. Smith and Gossett, "A flexible sampling-rate conversion method", 1984.
 */
final class Resampler {
    /** Zero crossings of the sinc on each side. */
    private static final int CROSSINGS = 16;

    private Resampler() {}

    /**
     * @throws TataraException if the result would be too long for an array
     */
    static float[] resample(float[] x, int from, int to) {
        double ratio = (double) to / from;
        long n = Math.round(x.length * ratio);
        if (n > Integer.MAX_VALUE - 8) {
            throw new TataraException(
                    "resampling from "
                            + from
                            + " to "
                            + to
                            + " Hz: "
                            + n
                            + " samples are too many");
        }
        double cut = Math.min(1, ratio);
        int reach = (int) Math.ceil(CROSSINGS / cut);
        float[] y = new float[(int) n];
        for (int i = 0; i < y.length; i++) {
            double at = i / ratio;
            int first = (int) Math.max(0, Math.ceil(at - reach));
            int last = (int) Math.min(x.length - 1, Math.floor(at + reach));
            double sum = 0;
            for (int j = first; j <= last; j++) {
                sum += x[j] * kernel((j - at) * cut);
            }
            y[i] = (float) (sum * cut);
        }
        return y;
    }

    private static double kernel(double t) {
        if (Math.abs(t) >= CROSSINGS) {
            return 0;
        }
        double window = 0.5 + 0.5 * Math.cos(Math.PI * t / CROSSINGS);
        double angle = Math.PI * t;
        return t == 0 ? 1 : window * Math.sin(angle) / angle;
    }
}
