package io.tatara.runtime.spi;

import io.tatara.kernels.Op;

/**
 * An op with its arguments, to be run again.
 *
 * @param in null where absent
 */
public record Invocation(Op op, Binding[] in, Binding[] out) {
    /** Drops kernels' copies of the weights that this op writes to; see {@link Weight}. */
    public void written() {
        for (int j = 0; j < out.length; j++) {
            if (op.alias(j) >= 0 && out[j].weight() != null) {
                out[j].weight().written();
            }
        }
    }
}
