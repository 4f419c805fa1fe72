package io.tatara.kernels.jvm;

import io.tatara.kernels.Op;
import io.tatara.kernels.TensorSpec;

/** An op on Java arrays. Stateless; called from many threads at once. */
public interface JvmKernel<O extends Op> {
    /**
     * Whether this kernel may be used; the last one of an op's list must take everything
     * float32/int32.
     */
    default boolean supports(O op, TensorSpec[] in) {
        return true;
    }

    /**
     * @param in inputs, null where absent
     * @param out outputs, contents undefined (every element is to be written); an aliasing output
     *     is the same array as its input
     */
    void run(O op, JvmArray[] in, JvmArray[] out, JvmContext ctx);
}
