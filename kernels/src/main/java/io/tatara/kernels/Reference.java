package io.tatara.kernels;

/**
 * The oracle of an op: plain loops, double accumulation, no cleverness, no shared code with a
 * kernel.
 */
@FunctionalInterface
public interface Reference<O extends Op> {
    /**
     * @param in inputs, null where absent
     * @param out outputs to fill, zeroed; an aliasing output holds its own array, to be filled too
     */
    void run(O op, RefArray[] in, RefArray[] out);
}
