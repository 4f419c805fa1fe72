package io.tatara.models.audio;

import io.tatara.kernels.TataraException;

/**
 * Predicts each sample as a weighted sum of those before it. The weights are those of least squares
 * over all samples so far, the older ones counting less by an exponential window, and each one
 * divided by how large errors were around it, so that loud parts do not drown what comes after them
 * (recursive least squares: Haykin, "Adaptive Filter Theory"; adapted backward, from what a decoder
 * knows too, as in ITU-T G.728). Double precision, the same numbers on every machine.
 */
public final class LinearPredictor {
    /** The weights follow by so many samples at a time: they move slowly, and solving is dear. */
    public static final int EVERY = 8;

    /** What is added to the correlations' diagonal, as a part of the mean square. */
    private static final double RIDGE = 1e-4;

    private static final double RIDGE_OF_SILENCE = 1e-9;

    /** How the mean square error forgets; it begins at, and never falls below, a level's width. */
    private static final double ERROR_MEMORY = 0.99;

    private static final double ERROR_BEGIN = 1e-4;
    private static final double ERROR_LEAST = 1e-8;

    private final int order;
    private final double memory;
    private final double[] weights;
    private final double[] cross;
    private final double[][] correlations;
    private final double[][] factor;

    /** The samples before, the latest first, twice, so that a run of them has no seam. */
    private final double[] before;

    private int at;
    private int pushed;
    private double squareError = ERROR_BEGIN;
    private double next;

    /**
     * @param order samples that are looked back at, 1 to 64
     * @param memory how much of a sample's part is left a sample later, over 0, below 1: the window
     *     is of about 1 / (1 − memory) samples
     */
    public LinearPredictor(int order, double memory) {
        if (order < 1 || order > 64 || !(memory > 0 && memory < 1)) {
            throw new TataraException(
                    "linear prediction: given order "
                            + order
                            + " and memory "
                            + memory
                            + ", expected 1 … 64 and a number between 0 and 1");
        }
        this.order = order;
        this.memory = memory;
        weights = new double[order];
        cross = new double[order];
        correlations = new double[order][order];
        factor = new double[order][order];
        before = new double[2 * order];
    }

    /** What the next sample is expected to be; 0 before the first ones. */
    public double next() {
        return next;
    }

    /** Takes the sample that it was. */
    public void push(double sample) {
        double error = sample - next;
        double part = (1 - memory) / (squareError + ERROR_LEAST);
        for (int i = 0; i < order; i++) {
            double x = part * before[at + i];
            double[] row = correlations[i];
            for (int j = 0; j <= i; j++) {
                row[j] = memory * row[j] + x * before[at + j];
            }
            cross[i] = memory * cross[i] + x * sample;
        }
        squareError = ERROR_MEMORY * squareError + (1 - ERROR_MEMORY) * error * error;
        at = at == 0 ? order - 1 : at - 1;
        before[at] = sample;
        before[at + order] = sample;
        pushed++;
        if (pushed % EVERY == 0) {
            solve(RIDGE * correlations[0][0] + RIDGE_OF_SILENCE / (squareError + ERROR_LEAST));
        }
        next = 0;
        for (int i = 0; i < order; i++) {
            next += weights[i] * before[at + i];
        }
    }

    /** Cholesky's factors, then forward and back. */
    private void solve(double ridge) {
        for (int i = 0; i < order; i++) {
            double[] row = factor[i];
            for (int j = 0; j <= i; j++) {
                double[] other = factor[j];
                double v = correlations[i][j];
                for (int k = 0; k < j; k++) {
                    v -= row[k] * other[k];
                }
                row[j] = i == j ? Math.sqrt(Math.max(v + ridge, ridge)) : v / other[j];
            }
            double v = cross[i];
            for (int k = 0; k < i; k++) {
                v -= row[k] * weights[k];
            }
            weights[i] = v / row[i];
        }
        for (int i = order - 1; i >= 0; i--) {
            double v = weights[i];
            for (int k = i + 1; k < order; k++) {
                v -= factor[k][i] * weights[k];
            }
            weights[i] = v / factor[i][i];
        }
    }
}
