package io.tatara.models.audio;

/**
 * The power of short pieces of sound in bands that are evenly spaced on the mel scale up to half
 * the rate (triangles: Davis and Mermelstein 1980).
 */
final class MelBands {
    static final int BANDS = 24;

    private final int size;
    private final Spectrum spectrum;
    private final double[][] filters = new double[BANDS][];

    MelBands(int rate) {
        size = size(rate);
        spectrum = new Spectrum(size);
        double top = mel(rate / 2.0);
        for (int b = 0; b < BANDS; b++) {
            filters[b] = new double[size / 2 + 1];
            for (int i = 0; i <= size / 2; i++) {
                double place = mel(i * (double) rate / size) / top * (BANDS + 1);
                filters[b][i] = Math.max(0, 1 - Math.abs(place - (b + 1)));
            }
        }
    }

    private static double mel(double hertz) {
        return 2595 * Math.log10(1 + hertz / 700);
    }

    /** Samples of a piece: the greatest power of two within 40 ms. */
    static int size(int rate) {
        return Integer.highestOneBit(Math.max(4, rate / 25));
    }

    /** Samples from one piece to the next: 10 ms. */
    static int hop(int rate) {
        return Math.max(1, rate / 100);
    }

    /** Of the piece from there, [BANDS]; zeros beyond the ends. */
    double[] power(float[] samples, int start) {
        double[] power = spectrum.power(samples, start);
        double[] bands = new double[BANDS];
        for (int b = 0; b < BANDS; b++) {
            for (int i = 0; i < power.length; i++) {
                bands[b] += filters[b][i] * power[i];
            }
        }
        return bands;
    }

    /** The power of a sine of amplitude one, at the frequency in the middle of its lobe. */
    double full() {
        return size * (double) size / 16;
    }
}
