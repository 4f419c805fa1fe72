package io.tatara.kernels;

/**
 * Something an op takes or gives: a tensor on a device, an array of the reference, a node of a
 * graph.
 */
public interface Value {
    TensorSpec spec();
}
