package io.tatara.kernels.position;

/**
 * Sines and cosines of p · base^(−2i/R) for runs of positions: a run's first by {@link Math}, the
 * following by rotating on, in double precision. Not for several threads.
 */
final class Angles {
    /** Positions of a run: the rotations' errors stay far below float32's. */
    static final int MOST = 128;

    private final double[] frequency;
    private final double[] stepSin;
    private final double[] stepCos;
    final double[] sin;
    final double[] cos;

    /**
     * @param pairs number of frequencies, i from 0 on
     * @param rotated R
     */
    Angles(int pairs, int rotated, float base) {
        frequency = new double[pairs];
        stepSin = new double[pairs];
        stepCos = new double[pairs];
        sin = new double[pairs];
        cos = new double[pairs];
        for (int i = 0; i < pairs; i++) {
            frequency[i] = Math.pow(base, -2.0 * i / rotated);
            stepSin[i] = Math.sin(frequency[i]);
            stepCos[i] = Math.cos(frequency[i]);
        }
    }

    /** One with the same frequencies, for another thread. */
    Angles(Angles other) {
        frequency = other.frequency;
        stepSin = other.stepSin;
        stepCos = other.stepCos;
        sin = new double[frequency.length];
        cos = new double[frequency.length];
    }

    void start(int position) {
        for (int i = 0; i < frequency.length; i++) {
            double angle = position * frequency[i];
            sin[i] = Math.sin(angle);
            cos[i] = Math.cos(angle);
        }
    }

    /** On to the next position. */
    void next() {
        for (int i = 0; i < frequency.length; i++) {
            double s = sin[i];
            double c = cos[i];
            sin[i] = s * stepCos[i] + c * stepSin[i];
            cos[i] = c * stepCos[i] - s * stepSin[i];
        }
    }
}
