package io.tatara.models.audio;

/** Spectra of short pieces of sound: magnitudes under a Hann window, by a radix-2 transform. */
final class Spectrum {
    private final int size;
    private final double[] window;
    private final double[] real;
    private final double[] imaginary;

    /**
     * @param size of a piece, a power of two
     */
    Spectrum(int size) {
        this.size = size;
        this.window = new double[size];
        this.real = new double[size];
        this.imaginary = new double[size];
        for (int i = 0; i < size; i++) {
            window[i] = 0.5 - 0.5 * Math.cos(2 * Math.PI * i / size);
        }
    }

    /** Power at size / 2 + 1 frequencies of the piece from {@code start}; zeros beyond the ends. */
    double[] power(float[] x, int start) {
        for (int i = 0; i < size; i++) {
            int at = start + i;
            real[i] = at >= 0 && at < x.length ? x[at] * window[i] : 0;
            imaginary[i] = 0;
        }
        transform();
        double[] power = new double[size / 2 + 1];
        for (int i = 0; i < power.length; i++) {
            power[i] = real[i] * real[i] + imaginary[i] * imaginary[i];
        }
        return power;
    }

    /** Cooley and Tukey 1965, in place. */
    private void transform() {
        int bits = Integer.numberOfTrailingZeros(size);
        for (int i = 0; i < size; i++) {
            int j = Integer.reverse(i) >>> (32 - bits);
            if (i < j) {
                double t = real[i];
                real[i] = real[j];
                real[j] = t;
            }
        }
        for (int half = 1; half < size; half *= 2) {
            for (int k = 0; k < half; k++) {
                double angle = -Math.PI * k / half;
                double c = Math.cos(angle);
                double s = Math.sin(angle);
                for (int i = k; i < size; i += 2 * half) {
                    butterfly(i, i + half, c, s);
                }
            }
        }
    }

    private void butterfly(int i, int j, double c, double s) {
        double re = real[j] * c - imaginary[j] * s;
        double im = real[j] * s + imaginary[j] * c;
        real[j] = real[i] - re;
        imaginary[j] = imaginary[i] - im;
        real[i] += re;
        imaginary[i] += im;
    }
}
