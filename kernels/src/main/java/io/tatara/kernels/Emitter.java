package io.tatara.kernels;

/**
 * Whatever can carry out, or write down, an op. Gradients are written against it and so run
 * anywhere.
 */
public interface Emitter {
    /**
     * @param inputs in the op's order, null where an optional input is absent
     * @return the op's outputs in its order
     */
    Value[] emit(Op op, Value... inputs);

    /** For ops of one output. */
    default Value one(Op op, Value... inputs) {
        return emit(op, inputs)[0];
    }
}
