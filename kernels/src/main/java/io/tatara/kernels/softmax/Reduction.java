package io.tatara.kernels.softmax;

/** How the losses of rows become the result. */
public enum Reduction {
    /** A loss a row. */
    NONE,
    SUM,
    /** The sum over the number of labels that are not ignored; 0 where there is none. */
    MEAN
}
