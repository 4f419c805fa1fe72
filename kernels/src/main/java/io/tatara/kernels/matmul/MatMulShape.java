package io.tatara.kernels.matmul;

import io.tatara.kernels.Shape;
import io.tatara.kernels.TensorSpec;

/**
 * What a {@link MatMul} of given shapes comes down to: a batch of products with strides (in
 * elements, 0 where an operand repeats). A batch that shares one B is one taller product.
 */
record MatMulShape(BatchAxes batch, int m, int n, int k, int lda, int ldb) {
    static MatMulShape of(MatMul op, TensorSpec[] in, TensorSpec out) {
        Shape a = in[0].shape();
        Shape b = in[1].shape();
        Shape c = out.shape();
        int axes = c.rank() - 2;
        int m = c.dim(-2);
        int n = c.dim(-1);
        int k = a.dim(op.transposeA() ? -2 : -1);
        boolean wholeA = a.product(0, a.rank() - 2) == c.product(0, axes);
        if (!op.transposeA() && wholeA && b.product(0, b.rank() - 2) == 1) {
            int[] none = new int[0];
            return new MatMulShape(
                    new BatchAxes(none, none, none),
                    c.product(0, axes) * m,
                    n,
                    k,
                    k,
                    op.transposeB() ? k : n);
        }
        int[] extents = c.slice(0, axes).toArray();
        BatchAxes batch = BatchAxes.of(extents, strides(a, axes), strides(b, axes));
        return new MatMulShape(batch, m, n, k, op.transposeA() ? m : k, op.transposeB() ? k : n);
    }

    /** Strides along the batch axes of the result, 0 where this operand is stretched. */
    private static int[] strides(Shape s, int axes) {
        int[] own = s.strides();
        int[] r = new int[axes];
        int shift = axes - (s.rank() - 2);
        for (int i = shift; i < axes; i++) {
            r[i] = s.dim(i - shift) == 1 ? 0 : own[i - shift];
        }
        return r;
    }
}
