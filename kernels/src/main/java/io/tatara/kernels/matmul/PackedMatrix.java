package io.tatara.kernels.matmul;

import io.tatara.kernels.jvm.JvmContext;

/**
 * A right-hand operand B [k, n] in the order in which the micro-kernels read it, made once by
 * {@link Sgemm#packB} and used by many calls of {@link Sgemm#runPacked}. Immutable; its memory is
 * its own.
 *
 * <p>Blocks of up to {@link Blocking#depth} rows follow each other; a block is panels [rows][nr],
 * the last panel filled up with zeros.
 */
public final class PackedMatrix {
    private final int k;
    private final int n;
    private final float[] data;
    private final MicroKernels kernels;

    PackedMatrix(int k, int n, float[] data, MicroKernels kernels) {
        this.k = k;
        this.n = n;
        this.data = data;
        this.kernels = kernels;
    }

    /** Rows of B. */
    public int k() {
        return k;
    }

    /** Columns of B. */
    public int n() {
        return n;
    }

    float[] data() {
        return data;
    }

    MicroKernels kernels() {
        return kernels;
    }

    /** What a packed copy depends on besides the numbers: a key for a weight's pack cache. */
    public record Key(boolean transposed, int offset, int k, int n, int ld, String layout) {
        public static Key of(boolean tb, int n, int k, int bo, int ldb, JvmContext ctx) {
            return new Key(tb, bo, k, n, ldb, "matmul panels of " + MicroKernels.of(ctx).nr());
        }
    }
}
