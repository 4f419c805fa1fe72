package io.tatara.bench.measure;

import io.tatara.kernels.DType;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.check.Case;
import io.tatara.kernels.check.Rounding;
import java.lang.foreign.MemorySegment;
import java.util.SplittableRandom;

/**
 * Inputs of bench cases as host bytes. Only a block is drawn; longer tensors repeat it, so that
 * hundreds of megabytes cost no time. For times, not for results.
 */
final class HostData {
    /** Numbers drawn; even the largest vocabulary's ids vary enough within them. */
    static final int BLOCK = 1 << 20;

    private HostData() {}

    /** The bytes of an input in native order, in a heap array of its dtype. */
    static MemorySegment of(Case.Input input, long seed) {
        TensorSpec spec = input.spec();
        double[] block = new double[Math.min(BLOCK, spec.size())];
        input.data().fill(block, new SplittableRandom(seed));
        int n = spec.size();
        DType type = spec.dtype();
        return switch (type) {
            case INT32 -> {
                int[] v = new int[n];
                for (int i = 0; i < block.length; i++) {
                    v[i] = (int) block[i];
                }
                repeat(v, block.length, n);
                yield MemorySegment.ofArray(v);
            }
            case FLOAT32 -> {
                float[] v = new float[n];
                for (int i = 0; i < block.length; i++) {
                    v[i] = (float) block[i];
                }
                repeat(v, block.length, n);
                yield MemorySegment.ofArray(v);
            }
            case FLOAT64 -> {
                double[] v = java.util.Arrays.copyOf(block, n);
                repeat(v, block.length, n);
                yield MemorySegment.ofArray(v);
            }
            case FLOAT16, BFLOAT16 -> {
                short[] v = new short[n];
                for (int i = 0; i < block.length; i++) {
                    float f = (float) block[i];
                    v[i] =
                            type == DType.FLOAT16
                                    ? Float.floatToFloat16(f)
                                    : Rounding.floatToBfloat16(f);
                }
                repeat(v, block.length, n);
                yield MemorySegment.ofArray(v);
            }
        };
    }

    /** Copies the first {@code filled} elements on, doubling what is there. */
    private static void repeat(Object array, int filled, int n) {
        int done = filled;
        while (done > 0 && done < n) {
            int step = Math.min(done, n - done);
            System.arraycopy(array, 0, array, done, step);
            done += step;
        }
    }
}
