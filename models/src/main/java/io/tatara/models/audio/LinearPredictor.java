package io.tatara.models.audio;

import io.tatara.kernels.TataraException;

/**
 * Predicts each sample as a weighted sum of those before it, and, with a {@link PitchTracker}, of
 * what was not expected one beat of the voice before (long-term prediction, as in speech coders:
 * ITU-T G.729, section 3.7). The weights are those of least squares over all samples so far, the
 * older ones counting less by an exponential window, and each one divided by how large errors were
 * around it and by its own, so that neither loud parts drown what comes after them nor a few beats
 * that nobody could expect all else (recursive least squares: Haykin, "Adaptive Filter Theory"; the
 * weights of errors of a Student distribution; adapted backward, from what a decoder knows too, as
 * in ITU-T G.728). Double precision, the same numbers on every machine.
 */
public final class LinearPredictor {
    /**
     * The weights follow by so many samples at a time, those of long predictors by twice as many:
     * they move slowly, and solving is dear.
     */
    public static final int EVERY = 8;

    private static final int LONG = 32;

    /** Samples that can be looked back at, and values about a beat before. */
    private static final int MOST = 128;

    private static final int MOST_TAPS = 9;

    /** What is added to the correlations' diagonal, as a part of the mean square. */
    private static final double RIDGE = 1e-4;

    private static final double RIDGE_OF_SILENCE = 1e-9;

    /** Of the above, what the much smaller values about a beat before take of the samples'. */
    private static final double RIDGE_OF_TAPS = 0.1;

    /** How the mean square error forgets; it begins at, and never falls below, a level's width. */
    private static final double ERROR_MEMORY = 0.97;

    private static final double ERROR_BEGIN = 1e-4;
    private static final double ERROR_LEAST = 1e-8;

    /** How a sample's own error counts beside the mean: a half is two degrees of freedom. */
    private static final double OWN_ERROR = 0.5;

    private final int order;
    private final int taps;
    private final int count;
    private final int every;
    private final double memory;
    private final PitchTracker pitch;
    private final double[] weights;
    private final double[] cross;
    private final double[][] correlations;
    private final double[][] factor;
    private final double[] column;

    /** The samples before, the latest first, then the values about a beat before. */
    private final double[] before;

    private int pushed;
    private double squareError = ERROR_BEGIN;
    private double next;

    /**
     * @param order samples that are looked back at, 1 to 128
     * @param memory how much of a sample's part is left a sample later, over 0, below 1: the window
     *     is of about 1 / (1 − memory) samples
     */
    public LinearPredictor(int order, double memory) {
        this(order, memory, 0, null);
    }

    /**
     * @param order see {@link #LinearPredictor(int, double)}
     * @param memory likewise
     * @param taps values about a beat before, 1 to 9, or 0 for none
     * @param pitch tells them; must have been pushed each sample just before this predictor is.
     *     Null where there are no taps
     */
    public LinearPredictor(int order, double memory, int taps, PitchTracker pitch) {
        if (order < 1 || order > MOST || !(memory > 0 && memory < 1)) {
            throw new TataraException(
                    "linear prediction: given order "
                            + order
                            + " and memory "
                            + memory
                            + ", expected 1 … "
                            + MOST
                            + " and a number between 0 and 1");
        }
        if (taps < 0 || taps > MOST_TAPS || (taps == 0) != (pitch == null)) {
            throw new TataraException(
                    "linear prediction: given "
                            + taps
                            + " taps and "
                            + (pitch == null ? "no tracker" : "a tracker")
                            + ", expected 1 … "
                            + MOST_TAPS
                            + " with one, or 0 without");
        }
        this.order = order;
        this.taps = taps;
        this.count = order + taps;
        this.every = order > LONG ? 2 * EVERY : EVERY;
        this.memory = memory;
        this.pitch = pitch;
        weights = new double[count];
        cross = new double[count];
        correlations = new double[count][count];
        factor = new double[count][count];
        column = new double[count];
        before = new double[count];
    }

    /** What the next sample is expected to be; 0 before the first ones. */
    public double next() {
        return next;
    }

    /** Takes the sample that it was. */
    public void push(double sample) {
        double error = sample - next;
        double part = (1 - memory) / (squareError + ERROR_LEAST + OWN_ERROR * error * error);
        for (int i = 0; i < count; i++) {
            double x = part * before[i];
            double[] row = correlations[i];
            for (int j = 0; j <= i; j++) {
                row[j] = memory * row[j] + x * before[j];
            }
            cross[i] = memory * cross[i] + x * sample;
        }
        squareError = ERROR_MEMORY * squareError + (1 - ERROR_MEMORY) * error * error;
        System.arraycopy(before, 0, before, 1, order - 1);
        before[0] = sample;
        if (pitch != null) {
            pitch.fill(before, order, taps);
        }
        pushed++;
        if (pushed % every == 0) {
            solve();
        }
        next = 0;
        for (int i = 0; i < count; i++) {
            next += weights[i] * before[i];
        }
    }

    private double ridge(int i) {
        double samples =
                RIDGE * correlations[0][0] + RIDGE_OF_SILENCE / (squareError + ERROR_LEAST);
        return i < order ? samples : RIDGE * correlations[order][order] + RIDGE_OF_TAPS * samples;
    }

    /**
     * Cholesky's factors, a column at a time, which is also taken off all that is to the right of
     * it (rows of numbers next to each other, which the compiler makes vectors of); then back.
     */
    private void solve() {
        for (int i = 0; i < count; i++) {
            System.arraycopy(correlations[i], 0, factor[i], 0, i + 1);
            weights[i] = cross[i];
        }
        for (int k = 0; k < count; k++) {
            double ridge = ridge(k);
            double root = Math.sqrt(Math.max(factor[k][k] + ridge, ridge));
            factor[k][k] = root;
            weights[k] /= root;
            for (int i = k + 1; i < count; i++) {
                column[i] = factor[i][k] / root;
                factor[i][k] = column[i];
            }
            for (int i = k + 1; i < count; i++) {
                double f = column[i];
                double[] row = factor[i];
                for (int j = k + 1; j <= i; j++) {
                    row[j] -= f * column[j];
                }
                weights[i] -= f * weights[k];
            }
        }
        for (int k = count - 1; k >= 0; k--) {
            double[] row = factor[k];
            double w = weights[k] / row[k];
            weights[k] = w;
            for (int i = 0; i < k; i++) {
                weights[i] -= w * row[i];
            }
        }
    }
}
