package io.tatara.models.audio;

import io.tatara.kernels.TataraException;

/**
 * Another sampling rate by band-limited interpolation: each sample of the result is a sum of the
 * samples around its time, weighted by a sinc under a Hann window that cuts at the lower of both
 * half rates, read from a table. Smith and Gossett, "A flexible sampling-rate conversion method",
 * 1984.
 */
public final class Resampler {
    /** Zero crossings of the sinc on each side. */
    private static final int CROSSINGS = 16;

    /** Places of the table a crossing; between them it is read linearly, 4e-7 off at most. */
    private static final int PLACES = 1024;

    private static final float[] TABLE = table();

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
        return part(x, ratio, 0, (int) n);
    }

    /**
     * A part of a sound at another rate.
     *
     * @param ratio of the new rate to the old one, above 0
     * @param from first sample of the result that is wanted
     * @param end behind the last one; beyond the sound is silence
     */
    public static float[] part(float[] x, double ratio, int from, int end) {
        double cut = Math.min(1, ratio);
        double reach = CROSSINGS / cut;
        float[] y = new float[end - from];
        for (int i = 0; i < y.length; i++) {
            double at = (from + i) / ratio;
            int first = (int) Math.max(0, Math.ceil(at - reach));
            int last = (int) Math.min(x.length - 1, Math.floor(at + reach));
            y[i] = (float) (sum(x, first, last, at, cut) * cut);
        }
        return y;
    }

    private static double sum(float[] x, int first, int last, double at, double cut) {
        double sum = 0;
        for (int j = first; j <= last; j++) {
            double place = Math.abs(j - at) * cut * PLACES;
            int low = (int) place;
            sum += x[j] * (TABLE[low] + (place - low) * (TABLE[low + 1] - TABLE[low]));
        }
        return sum;
    }

    private static float[] table() {
        // Two zeros behind the last crossing, which rounding may reach.
        float[] table = new float[CROSSINGS * PLACES + 3];
        for (int i = 0; i <= CROSSINGS * PLACES; i++) {
            double t = i / (double) PLACES;
            double window = 0.5 + 0.5 * Math.cos(Math.PI * t / CROSSINGS);
            double angle = Math.PI * t;
            // At whole crossings exactly 0, so that a ratio of 1 changes nothing.
            double sine = i % PLACES == 0 ? 0 : Math.sin(angle);
            table[i] = (float) (i == 0 ? 1 : window * sine / angle);
        }
        return table;
    }
}
