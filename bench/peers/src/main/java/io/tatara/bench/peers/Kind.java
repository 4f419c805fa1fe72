package io.tatara.bench.peers;

/** Work that is compared; what each size stands for is told with it. */
enum Kind {
    /** c = a·b; m, n, k. */
    MATMUL,
    /** c = x·w with a constant w, which a library may lay out anew beforehand; m, n, k. */
    MATMUL_WEIGHT,
    /** One layer, forward, no gradient wanted; h (also the input's width), b, t. */
    LSTM,
    /** The layer and its gradients for input, weights and biases; h, b, t. */
    LSTM_TRAINING,
    /** Reset gate after the product, as PyTorch has it; h, b, t. */
    GRU,
    /** The layer and its gradients; h, b, t. */
    GRU_TRAINING,
    /** Scaled dot-product attention, one sequence; h heads, t, d, causal. */
    ATTENTION,
    /** Its gradients for query, key and value alone, from what the forward pass kept. */
    ATTENTION_GRADIENT,
    /** Over rows; rows, n. */
    SOFTMAX,
    /** Over rows, with scale and bias; rows, n. */
    LAYER_NORM,
    /** Mean over rows of n classes; rows, n. */
    CROSS_ENTROPY,
    /** Loss and the logits' gradient; rows, n. */
    CROSS_ENTROPY_TRAINING,
    /** Rows of a table; v, d, ids. */
    EMBEDDING,
    /** The table's gradient, dense; v, d, ids. */
    EMBEDDING_GRADIENT,
    /** One step of Adam over several tensors in place; tensors, n each. */
    ADAM,
    /**
     * Convolution with bias and relu, weights constant, padding k / 2; n, c, size (of the square
     * image), m, k, stride, groups.
     */
    CONV,
    /**
     * A depthwise convolution of 3 x 3 taps and a pointwise one, bias and relu after each, weights
     * constant; n, c, size, m, stride. Ours is one op.
     */
    SEPARABLE,
    /** The same by two ops; ours alone. */
    SEPARABLE_PARTS,
    /** Dilated causal convolution of two taps with bias, weights constant; c, t, dilation. */
    CAUSAL,
    /**
     * A layer of WaveNet: causal convolution, tanh · σ, residual and skip; c, skip, t, dilation.
     * The skip output is compared.
     */
    GATED_CAUSAL,
    /** A whole training step of the translator: loss, gradients, clipping, Adam. */
    TRANSLATOR
}
