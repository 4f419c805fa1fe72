package io.tatara.kernels.position;

/** Which columns a rotation takes together, of the R that are rotated. */
public enum RotaryStyle {
    /** Columns 2i and 2i + 1, as in the paper. */
    INTERLEAVED,
    /** Columns i and i + R / 2, as in GPT-NeoX and LLaMA. */
    HALVES
}
