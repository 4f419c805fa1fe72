package io.tatara.kernels.jvm;

import io.tatara.kernels.Op;
import io.tatara.kernels.TensorSpec;

/**
 * An op on Java arrays. Stateless; called from many threads at once. Knows float32 and int32 alone:
 * float16 and bfloat16 tensors come to it as float32 and what it gives is rounded behind it, so
 * dtypes are those of the arrays' specs, not what an op's attributes say.
 */
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
