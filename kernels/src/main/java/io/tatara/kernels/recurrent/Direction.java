package io.tatara.kernels.recurrent;

/** Which way a recurrence walks through time. */
public enum Direction {
    /** From the first step to the last. */
    FORWARD,
    /** From each sequence's own last step to the first. */
    REVERSE,
    /** Both, each with its own weights and states; outputs stand side by side, forward first. */
    BIDIRECTIONAL;

    /** Number of directions, 1 or 2. */
    public int count() {
        return this == BIDIRECTIONAL ? 2 : 1;
    }

    /** Whether the d-th of them walks backwards. */
    public boolean reverse(int d) {
        return this == REVERSE || d == 1;
    }
}
