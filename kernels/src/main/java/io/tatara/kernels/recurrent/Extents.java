package io.tatara.kernels.recurrent;

import io.tatara.kernels.TensorSpec;

/**
 * Sizes of a recurrence, read off its checked inputs.
 *
 * @param steps T
 * @param batch N
 * @param inputs I
 * @param hidden H
 */
record Extents(int steps, int batch, int inputs, int hidden, Direction direction) {
    /** D. */
    int directions() {
        return direction.count();
    }

    /** T · N: rows of the products over all steps. */
    int rows() {
        return steps * batch;
    }

    /** [T, N, D·H]. */
    TensorSpec sequence(TensorSpec like) {
        return like.withShape(steps, batch, directions() * hidden);
    }

    /** [D, N, H]. */
    TensorSpec state(TensorSpec like) {
        return like.withShape(directions(), batch, hidden);
    }

    /** [D, T, N, blocks·H]: what a direction keeps of each step. */
    TensorSpec saved(TensorSpec like, int blocks) {
        return like.withShape(directions(), steps, batch, blocks * hidden);
    }

    /** [D, blocks·H]. */
    TensorSpec bias(TensorSpec like, int blocks) {
        return like.withShape(directions(), blocks * hidden);
    }

    /** Operations of the forward products for a cell with this many gates. */
    double productFlops(int gates) {
        return 2.0 * directions() * rows() * gates * hidden * (inputs + hidden);
    }

    /** Hidden units computed in all: what pointwise work is counted by. */
    double units() {
        return (double) directions() * rows() * hidden;
    }
}
