package io.tatara.kernels.matmul;

import io.tatara.kernels.DType;
import io.tatara.kernels.OpException;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuProgram;
import io.tatara.kernels.gpu.GpuTraits;
import io.tatara.kernels.pointwise.Activation;

/** Plans launches of {@code matmul.cl}: for the ops of this room and for plans of other rooms. */
public final class MatMulGpu {
    /**
     * Batches that one launch may spread over; each group loops over the rest. CUDA allows 65535.
     */
    private static final int MAX_GRID = 32768;

    private static final int BATCH_AXES = 4;

    private MatMulGpu() {}

    /**
     * A matrix operand in a buffer.
     *
     * @param arg the buffer, a {@link GpuPlan.Arg}
     * @param offset element of (0, 0) of the first matrix
     * @param rowStride elements from a row to the next
     * @param columnStride elements from a column to the next
     * @param batchStrides elements from a matrix to the next along each batch axis
     */
    record Operand(Object arg, int offset, int rowStride, int columnStride, int[] batchStrides) {
        Operand at(int newOffset, int[] newStrides) {
            return new Operand(arg, newOffset, rowStride, columnStride, newStrides);
        }
    }

    /**
     * Types of the numbers.
     *
     * @param ab elements of both operands
     * @param c elements of the product, of bias and residual
     */
    record Numbers(DType ab, DType c, Precision precision) {}

    /**
     * What becomes of the sums.
     *
     * @param bias n elements, null where there is none
     * @param residual as large as c and without gaps, null where there is none
     * @param accumulate whether c's old value is added
     */
    record Finish(Object bias, Object residual, Activation activation, boolean accumulate) {}

    /**
     * Where the product goes: element (0, 0), row stride; matrices of a batch follow without gaps.
     */
    record Target(Object arg, int offset, int ld) {}

    /**
     * Adds C = op(A) · op(B) + beta · C to a plan, all row-major, with the meaning of {@link
     * Sgemm#run}. Nothing is added where m or n is 0.
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
        launch(
                plan,
                traits,
                new Numbers(abType, cType, precision),
                none,
                new int[] {m, n, k},
                new Operand(a, aOffset, ta ? 1 : lda, ta ? lda : 1, none),
                new Operand(b, bOffset, tb ? 1 : ldb, tb ? ldb : 1, none),
                new Finish(null, null, Activation.NONE, beta != 0),
                new Target(c, cOffset, ldc));
    }

    /**
     * As above for a batch; axes beyond the four that a launch takes become launches.
     *
     * @param numbers types of the operands and of what is stored
     * @param batch extents of the batch axes
     * @param mnk rows and columns of C, length of the sums
     */
    static void launch(
            GpuPlan.Builder plan,
            GpuTraits traits,
            Numbers numbers,
            int[] batch,
            int[] mnk,
            Operand a,
            Operand b,
            Finish finish,
            Target c) {
        BatchAxes axes = BatchAxes.of(batch, a.batchStrides(), b.batchStrides());
        if (axes.count() == 0 || mnk[0] == 0 || mnk[1] == 0) {
            return;
        }
        int outer = Math.max(0, axes.extents().length - BATCH_AXES);
        BatchAxes inner = axes.from(outer);
        int runs = axes.count() / inner.count();
        for (int r = 0; r < runs; r++) {
            int ao = a.offset();
            int bo = b.offset();
            int rest = r;
            for (int x = outer - 1; x >= 0; x--) {
                int i = rest % axes.extents()[x];
                rest /= axes.extents()[x];
                ao += i * axes.a()[x];
                bo += i * axes.b()[x];
            }
            int rows = r * inner.count() * mnk[0];
            one(
                    plan,
                    traits,
                    numbers,
                    inner.padded(BATCH_AXES),
                    mnk,
                    a.at(ao, null),
                    b.at(bo, null),
                    finish,
                    rows * mnk[1],
                    new Target(c.arg(), c.offset() + rows * c.ld(), c.ld()));
        }
    }

    private static void one(
            GpuPlan.Builder plan,
            GpuTraits traits,
            Numbers numbers,
            BatchAxes x,
            int[] mnk,
            Operand a,
            Operand b,
            Finish f,
            int residualOffset,
            Target c) {
        int m = mnk[0];
        int n = mnk[1];
        int k = mnk[2];
        int nb = x.count();
        Object[] args = {
            a.arg(),
            a.offset(),
            a.rowStride(),
            a.columnStride(),
            b.arg(),
            b.offset(),
            b.rowStride(),
            b.columnStride(),
            c.arg(),
            c.offset(),
            c.ld(),
            m * c.ld(),
            f.bias(),
            f.residual(),
            residualOffset,
            m,
            n,
            k,
            nb,
            x.extents()[1],
            x.extents()[2],
            x.extents()[3],
            x.a()[0],
            x.a()[1],
            x.a()[2],
            x.a()[3],
            x.b()[0],
            x.b()[1],
            x.b()[2],
            x.b()[3]
        };
        boolean groups = traits.maxWorkGroup() >= 256;
        int z = Math.min(nb, MAX_GRID);
        boolean tb = b.columnStride() != 1 && b.rowStride() == 1;
        if (m <= 8 && (long) n * k >= 4096 && groups) {
            GpuProgram p = program(numbers, a, b, f, "SM", m);
            plan.launch(
                    p,
                    "matmul_skinny",
                    new int[] {ceil(n, tb ? 8 : 32), 1, z},
                    new int[] {256, 1, 1},
                    args);
        } else if (!groups || (m < 32 && n < 32) || k < 4) {
            plan.launch1d(
                    program(numbers, a, b, f),
                    "matmul_simple",
                    (long) nb * m * n,
                    Math.min(64, traits.maxWorkGroup()),
                    args);
        } else {
            // Large tiles only where enough of them are left to fill the device.
            boolean large =
                    !traits.cpu()
                            && (long) ceil(m, 128) * ceil(n, 128) * nb
                                    >= 2L * traits.computeUnits();
            int tile = large ? 128 : m < 48 || n < 48 ? 32 : 64;
            int each = tile / 16;
            GpuProgram p =
                    program(
                            numbers,
                            a,
                            b,
                            f,
                            "TM",
                            tile,
                            "TN",
                            tile,
                            "TK",
                            large ? 8 : 16,
                            "WM",
                            each,
                            "WN",
                            each);
            plan.launch(
                    p,
                    "matmul_tiled",
                    new int[] {ceil(n, tile), ceil(m, tile), z},
                    new int[] {256, 1, 1},
                    args);
        }
    }

    /** The plan of a {@link MatMul}. */
    static GpuPlan plan(MatMul op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        MatMulShape s = MatMulShape.of(op, in, out[0]);
        GpuPlan.Builder plan = GpuPlan.builder();
        boolean ta = op.transposeA();
        boolean tb = op.transposeB();
        launch(
                plan,
                traits,
                new Numbers(in[0].dtype(), out[0].dtype(), op.precision()),
                s.batch().extents(),
                new int[] {s.m(), s.n(), s.k()},
                new Operand(GpuPlan.in(0), 0, ta ? 1 : s.lda(), ta ? s.lda() : 1, s.batch().a()),
                new Operand(GpuPlan.in(1), 0, tb ? 1 : s.ldb(), tb ? s.ldb() : 1, s.batch().b()),
                new Finish(
                        MatMul.optional(in, 2) == null ? null : GpuPlan.in(2),
                        MatMul.optional(in, 3) == null ? null : GpuPlan.in(3),
                        op.epilogue().activation(),
                        false),
                new Target(GpuPlan.out(0), 0, s.n()));
        return plan.build();
    }

    private static GpuProgram program(
            Numbers numbers, Operand a, Operand b, Finish f, Object... more) {
        Object[] common = {
            "STORAGE", storage(numbers.ab()),
            "CSTORAGE", storage(numbers.c()),
            "TA", a.rowStride() == 1 && a.columnStride() != 1 ? 1 : 0,
            "TB", b.columnStride() != 1 && b.rowStride() == 1 ? 1 : 0,
            "BIAS", f.bias() != null ? 1 : 0,
            "RESIDUAL", f.residual() != null ? 1 : 0,
            "ACTIVATION", f.activation().ordinal(),
            "ACCUMULATE", f.accumulate() ? 1 : 0
        };
        Object[] all = java.util.Arrays.copyOf(common, common.length + more.length);
        System.arraycopy(more, 0, all, common.length, more.length);
        return GpuProgram.resource(MatMulGpu.class, "matmul.cl", all);
    }

    /** The number by which sources know how real numbers are stored ({@code -D STORAGE=…}). */
    private static int storage(DType type) {
        return switch (type) {
            case FLOAT32 -> 0;
            case FLOAT16 -> 1;
            case BFLOAT16 -> 2;
            default ->
                    throw new OpException(
                            "matmul", "dtype", type, "float32, float16 or bfloat16 on a GPU");
        };
    }

    private static int ceil(int x, int step) {
        return (x + step - 1) / step;
    }
}
