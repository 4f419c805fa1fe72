package io.tatara.models.audio;

import java.util.ArrayList;
import java.util.List;

/**
 * Mel-frequency cepstra, every ten milliseconds: what the vocal tract does, in few numbers. Davis
 * and Mermelstein, "Comparison of parametric representations for monosyllabic word recognition",
 * 1980. The mean over the sound is taken off, and with it the microphone.
 */
public final class Cepstra {
    private static final int BANDS = MelBands.BANDS;
    private static final int COEFFICIENTS = 13;

    /** Decibels below the loudest band at which sound is taken as silence. */
    private static final double RANGE = 50;

    private Cepstra() {}

    /** [frames][coefficients] of a sound, silence at its ends left out; at least one frame. */
    public static float[][] of(Sound sound) {
        MelBands mel = new MelBands(sound.rate());
        int size = MelBands.size(sound.rate());
        int hop = MelBands.hop(sound.rate());
        List<double[]> frames = new ArrayList<>();
        double most = 1e-12;
        for (int at = 0; at == 0 || at + size <= sound.samples().length; at += hop) {
            double[] bands = mel.power(sound.samples(), at);
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
}
