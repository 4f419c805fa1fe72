package io.tatara.kernels.pad;

/** What stands outside of a tensor, for an axis of n elements. */
public enum PadMode {
    /** A value. */
    CONSTANT,

    /**
     * The inside mirrored at the first and last element, which are not repeated: … 2 1 | 0 1 2 ….
     */
    REFLECT,

    /** The first and the last element. */
    EDGE
}
