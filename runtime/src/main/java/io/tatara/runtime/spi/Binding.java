package io.tatara.runtime.spi;

import io.tatara.kernels.TensorSpec;

/**
 * A tensor as an op's argument.
 *
 * @param weight state of a long-lived weight (see {@link Weight}), null for other tensors
 */
public record Binding(TensorSpec spec, Memory memory, Weight weight) {}
