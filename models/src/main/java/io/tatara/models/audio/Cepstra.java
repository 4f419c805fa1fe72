package io.tatara.models.audio;

import java.util.ArrayList;
import java.util.List;

/**
 * Mel-frequency cepstra, every ten milliseconds: what the vocal tract does, in few numbers. Davis
 * and Mermelstein, "Comparison of parametric representations for monosyllabic word recognition",
 * 1980. The mean over the sound is taken off, and with it the microphone.
 */
public final class Cepstra {
    private static final int BANDS = 24;
    private static final int COEFFICIENTS = 13;

    /** Decibels below the loudest band at which sound is taken as silence. */
    private static final double RANGE = 50;

    private Cepstra() {}

    /** [frames][coefficients] of a sound, silence at its ends left out; at least one frame. */
    public static float[][] of(Sound sound) {
        int size = Integer.highestOneBit(Math.max(4, sound.rate() / 25));
        int hop = Math.max(1, sound.rate() / 100);
        double[][] filters = filters(size, sound.rate());
        Spectrum spectrum = new Spectrum(size);
        List<double[]> frames = new ArrayList<>();
        double most = 1e-12;
        for (int at = 0; at == 0 || at + size <= sound.samples().length; at += hop) {
            double[] bands = bands(spectrum.power(sound.samples(), at), filters);
            for (double b : bands) {
                most = Math.max(most, b);
            }
            frames.add(bands);
        }
        double floor = most * Math.pow(10, -RANGE / 10);
        int first = 0;
        int last = frames.size() - 1;
        while (first < last && silent(frames.get(first), floor)) {
            first++;
        }
        while (last > first && silent(frames.get(last), floor)) {
            last--;
        }
        return centred(frames.subList(first, last + 1), floor);
    }

    private static boolean silent(double[] bands, double floor) {
        for (double b : bands) {
            if (b > 10 * floor) {
                return false;
            }
        }
        return true;
    }

    private static double[] bands(double[] power, double[][] filters) {
        double[] bands = new double[BANDS];
        for (int b = 0; b < BANDS; b++) {
            for (int i = 0; i < power.length; i++) {
                bands[b] += filters[b][i] * power[i];
            }
        }
        return bands;
    }

    /** Triangles, evenly spaced on the mel scale up to half the rate. */
    private static double[][] filters(int size, int rate) {
        double[][] filters = new double[BANDS][size / 2 + 1];
        double top = mel(rate / 2.0);
        for (int b = 0; b < BANDS; b++) {
            for (int i = 0; i <= size / 2; i++) {
                double place = mel(i * (double) rate / size) / top * (BANDS + 1);
                filters[b][i] = Math.max(0, 1 - Math.abs(place - (b + 1)));
            }
        }
        return filters;
    }

    private static double mel(double hertz) {
        return 2595 * Math.log10(1 + hertz / 700);
    }

    private static float[][] centred(List<double[]> frames, double floor) {
        float[][] out = new float[frames.size()][COEFFICIENTS];
        float[] mean = new float[COEFFICIENTS];
        for (int f = 0; f < out.length; f++) {
            for (int c = 0; c < COEFFICIENTS; c++) {
                double sum = 0;
                for (int b = 0; b < BANDS; b++) {
                    double log = Math.log(Math.max(floor, frames.get(f)[b]) / floor);
                    sum += log * Math.cos(Math.PI * c * (b + 0.5) / BANDS);
                }
                out[f][c] = (float) sum;
                mean[c] += (float) (sum / out.length);
            }
        }
        for (float[] f : out) {
            for (int c = 0; c < COEFFICIENTS; c++) {
                f[c] -= mean[c];
            }
        }
        return out;
    }

    /**
     * How far two sounds are apart, by dynamic time warping (Sakoe and Chiba 1978): the mean
     * distance of their frames along the best common path.
     *
     * @param a frames as {@link #of} gives them
     */
    public static double distance(float[][] a, float[][] b) {
        double[] row = new double[b.length];
        for (int i = 0; i < a.length; i++) {
            double corner = i == 0 ? 0 : Double.POSITIVE_INFINITY;
            for (int j = 0; j < b.length; j++) {
                double above = i == 0 ? Double.POSITIVE_INFINITY : row[j];
                double left = j == 0 ? Double.POSITIVE_INFINITY : row[j - 1];
                double before = Math.min(corner, Math.min(above, left));
                corner = above;
                row[j] = before + between(a[i], b[j]);
            }
        }
        return row[b.length - 1] / (a.length + b.length);
    }

    private static double between(float[] a, float[] b) {
        float sum = 0;
        for (int c = 0; c < COEFFICIENTS; c++) {
            float d = a[c] - b[c];
            sum += d * d;
        }
        return Math.sqrt(sum);
    }
}
