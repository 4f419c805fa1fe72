package io.tatara.kernels.matmul;

import io.tatara.kernels.DType;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuTraits;
import io.tatara.kernels.pointwise.Activation;
import java.util.List;

/** Products on GPUs: for the ops of this room and for plans of other rooms. */
public final class MatMulGpu {
    private MatMulGpu() {}

    /**
     * Adds C = op(A) · op(B) + beta · C to a plan, all row-major, with the meaning of {@link
     * Sgemm#run}, by the kernel that suits the device and the sizes. Nothing is added where m or n
     * is 0.
     *
     * @param abType elements of A and B: float32, float16 or bfloat16
     * @param cType elements of C, likewise; sums are float32 whatever the types
     * @param precision how exactly float32 operands are taken
     * @param a buffer of A, a {@link GpuPlan.Arg}; so b and c
     * @param aOffset element at which A starts
     * @param beta 0 or 1
     */
    public static void launch(
            GpuPlan.Builder plan,
            GpuTraits traits,
            DType abType,
            DType cType,
            Precision precision,
            boolean ta,
            boolean tb,
            int m,
            int n,
            int k,
            Object a,
            int aOffset,
            int lda,
            Object b,
            int bOffset,
            int ldb,
            float beta,
            Object c,
            int cOffset,
            int ldc) {
        int[] none = new int[0];
        List<Product> products =
                Product.of(
                        new Product.Numbers(abType, cType, precision),
                        none,
                        new int[] {m, n, k},
                        new Product.Operand(a, aOffset, ta ? 1 : lda, ta ? lda : 1, none),
                        new Product.Operand(b, bOffset, tb ? 1 : ldb, tb ? ldb : 1, none),
                        new Product.Finish(null, null, Activation.NONE, beta != 0),
                        new Product.Target(c, cOffset, ldc));
        for (Product p : products) {
            ProductKernels.best(p, traits).add(plan, p, traits);
        }
    }

    /** What a {@link MatMul} comes down to. */
    static List<Product> products(MatMul op, TensorSpec[] in, TensorSpec[] out) {
        MatMulShape s = MatMulShape.of(op, in, out[0]);
        boolean ta = op.transposeA();
        boolean tb = op.transposeB();
        int[] a = s.batch().a();
        int[] b = s.batch().b();
        return Product.of(
                new Product.Numbers(in[0].dtype(), out[0].dtype(), op.precision()),
                s.batch().extents(),
                new int[] {s.m(), s.n(), s.k()},
                new Product.Operand(GpuPlan.in(0), 0, ta ? 1 : s.lda(), ta ? s.lda() : 1, a),
                new Product.Operand(GpuPlan.in(1), 0, tb ? 1 : s.ldb(), tb ? s.ldb() : 1, b),
                new Product.Finish(
                        MatMul.optional(in, 2) == null ? null : GpuPlan.in(2),
                        MatMul.optional(in, 3) == null ? null : GpuPlan.in(3),
                        op.epilogue().activation(),
                        false),
                new Product.Target(GpuPlan.out(0), 0, s.n()));
    }

    /** What a {@link MatMulStrided} comes down to. */
    static List<Product> products(MatMulStrided op, TensorSpec[] in, TensorSpec[] out) {
        return Product.of(
                new Product.Numbers(in[0].dtype(), out[0].dtype(), op.precision()),
                op.batch().stream().mapToInt(Integer::intValue).toArray(),
                new int[] {op.m(), op.n(), op.k()},
                operand(GpuPlan.in(0), op.a()),
                operand(GpuPlan.in(1), op.b()),
                new Product.Finish(null, null, Activation.NONE, false),
                new Product.Target(GpuPlan.out(0), 0, op.n()));
    }

    private static Product.Operand operand(Object arg, MatrixLayout x) {
        return new Product.Operand(arg, x.offset(), x.rowStride(), x.columnStride(), x.strides());
    }
}
