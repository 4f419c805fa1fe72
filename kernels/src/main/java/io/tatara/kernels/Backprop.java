package io.tatara.kernels;

/**
 * What an op's gradient rule sees: the recorded invocation, the gradients that arrived, and an
 * emitter.
 */
public interface Backprop extends Emitter {
    /** How many inputs the recorded invocation had, absent ones included. */
    int inputs();

    /** The op's input i as it was; null where it was absent or left out at the end. */
    Value input(int i);

    /** The op's output i as it was computed. */
    Value output(int i);

    /** Gradient of the loss with respect to output i; null where nothing depends on that output. */
    Value grad(int i);

    /**
     * Whether the gradient with respect to input i is wanted; false for inputs absent or left out.
     */
    boolean needs(int i);

    /** As {@link #grad}, zeros where nothing arrived. */
    default Value gradOrZeros(int i) {
        Value g = grad(i);
        return g != null ? g : one(new io.tatara.kernels.layout.Fill(output(i).spec(), 0));
    }
}
