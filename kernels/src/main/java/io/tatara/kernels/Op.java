package io.tatara.kernels;

/**
 * One computation as a value: an immutable record of attributes with value equality. It says what
 * may go in, what comes out, what it costs and how its gradient is made of other ops; it does not
 * say how or where it runs. Optional inputs keep their place: they are null in the arrays below.
 *
 * <p>Public ops document shapes, dtypes, errors and the source of the formula.
 */
public interface Op {
    /** Short lower-case name, such as {@code matmul}; the table, reports and messages use it. */
    String name();

    /**
     * Checks the inputs and tells the outputs.
     *
     * @param in specs of the inputs in order, null where an optional one is absent
     * @throws OpException naming the argument that is wrong
     */
    TensorSpec[] infer(TensorSpec... in);

    /** Least work for these inputs (already checked by {@link #infer}). */
    Cost cost(TensorSpec... in);

    /**
     * Gradients with respect to the inputs, in order; null where not wanted or not defined.
     *
     * @throws OpException if the op as a whole has no gradient
     */
    default Value[] gradient(Backprop b) {
        throw new OpException(name(), "gradient", "a call", "an op that is differentiable");
    }

    /** Whether {@link #gradient} is defined. */
    default boolean differentiable() {
        return false;
    }

    /**
     * Input whose memory output {@code out} overwrites (in-place ops such as optimizer steps), or
     * -1 for fresh memory.
     */
    default int alias(int out) {
        return -1;
    }

    /**
     * Whether the one output is input 0's memory seen under another shape, so that nothing need
     * run.
     */
    default boolean view() {
        return false;
    }
}
