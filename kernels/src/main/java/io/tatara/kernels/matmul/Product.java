package io.tatara.kernels.matmul;

import io.tatara.kernels.DType;
import io.tatara.kernels.gpu.GpuProgram;
import io.tatara.kernels.gpu.GpuSources;
import io.tatara.kernels.pointwise.Activation;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What one launch on a GPU computes: C = activation(A · B + bias) + residual for a batch of at most
 * {@link #BATCH_AXES} nested axes. A {@link ProductKernel} plans it.
 *
 * @param numbers types of the operands and of what is stored
 * @param axes exactly {@link #BATCH_AXES} axes, those in front of extent 1 where there are fewer
 * @param m rows of C
 * @param n columns of C
 * @param k length of the sums
 * @param a element (i, p) of A
 * @param b element (p, j) of B
 * @param residualOffset element of the residual that belongs to C's first
 */
record Product(
        Numbers numbers,
        BatchAxes axes,
        int m,
        int n,
        int k,
        Operand a,
        Operand b,
        Finish finish,
        int residualOffset,
        Target c) {
    /** Batch axes that a launch takes. */
    static final int BATCH_AXES = 4;

    /** Largest extent of a grid in y and z; kernels loop over the batches beyond. */
    static final int MAX_GRID = 32768;

    /**
     * Types of the numbers.
     *
     * @param ab elements of both operands
     * @param c elements of the product, of bias and residual
     */
    record Numbers(DType ab, DType c, Precision precision) {}

    /**
     * A matrix operand in a buffer.
     *
     * @param arg the buffer, a {@link io.tatara.kernels.gpu.GpuPlan.Arg}
     * @param offset element of (0, 0) of the first matrix
     * @param rowStride elements from a row to the next
     * @param columnStride elements from a column to the next
     * @param batchStrides elements from a matrix to the next along each batch axis; in a {@link
     *     Product} these stand in its axes, and here is null
     */
    record Operand(Object arg, int offset, int rowStride, int columnStride, int[] batchStrides) {
        private Operand at(int newOffset) {
            return new Operand(arg, newOffset, rowStride, columnStride, null);
        }

        /** With rows and columns exchanged. */
        Operand transposed() {
            return new Operand(arg, offset, columnStride, rowStride, batchStrides);
        }
    }

    /**
     * What becomes of the sums.
     *
     * @param bias null where there is none
     * @param ofRows whether it has m elements, one for each row, which {@link MatMulHopper} alone
     *     is asked for, else n, one for each column
     * @param residual as large as c and without gaps, null where there is none
     * @param accumulate whether c's old value is added
     */
    record Finish(
            Object bias,
            boolean ofRows,
            Object residual,
            Activation activation,
            boolean accumulate) {
        /** With a bias of columns. */
        Finish(Object bias, Object residual, Activation activation, boolean accumulate) {
            this(bias, false, residual, activation, accumulate);
        }
    }

    /**
     * Where the product goes: element (0, 0), row stride; matrices of a batch follow without gaps.
     */
    record Target(Object arg, int offset, int ld) {}

    /**
     * The products of a batch of any number of axes: as many as launches are needed, none where C
     * has no element.
     *
     * @param batch extents of the batch axes
     * @param mnk rows and columns of C, length of the sums
     */
    static List<Product> of(
            Numbers numbers,
            int[] batch,
            int[] mnk,
            Operand a,
            Operand b,
            Finish finish,
            Target c) {
        BatchAxes axes = BatchAxes.of(batch, a.batchStrides(), b.batchStrides());
        if (axes.count() == 0 || mnk[0] == 0 || mnk[1] == 0) {
            return List.of();
        }
        int outer = Math.max(0, axes.extents().length - BATCH_AXES);
        BatchAxes inner = axes.from(outer);
        int runs = axes.count() / inner.count();
        List<Product> products = new ArrayList<>();
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
            products.add(
                    new Product(
                            numbers,
                            inner.padded(BATCH_AXES),
                            mnk[0],
                            mnk[1],
                            mnk[2],
                            a.at(ao),
                            b.at(bo),
                            finish,
                            rows * mnk[1],
                            new Target(c.arg(), c.offset() + rows * c.ld(), c.ld())));
        }
        return products;
    }

    /** Number of matrices. */
    int batch() {
        return axes.count();
    }

    /** Groups along the batch; each loops over what is beyond. */
    int gridZ() {
        return Math.min(batch(), MAX_GRID);
    }

    /** Whether the elements of a row of A follow each other. */
    boolean aAlongK() {
        return a.columnStride() == 1 || k <= 1;
    }

    /** Whether the elements of a column of A follow each other. */
    boolean aAlongM() {
        return a.rowStride() == 1 || m <= 1;
    }

    /** Whether the elements of a column of B follow each other. */
    boolean bAlongK() {
        return b.rowStride() == 1 || k <= 1;
    }

    /** Whether the elements of a row of B follow each other. */
    boolean bAlongN() {
        return b.columnStride() == 1 || n <= 1;
    }

    /**
     * Bytes (16 at most) that divide the address of every run of A, also of those beyond its end,
     * buffers being aligned to more: its offset, its batch strides and the step from run to run.
     *
     * @param alongK whether runs go along k, else along m
     */
    int alignmentOfA(boolean alongK) {
        int step = alongK ? a.rowStride() : a.columnStride();
        return alignment(numbers.ab(), a.offset(), step, axes.a());
    }

    /** As {@link #alignmentOfA}; runs go along k, else along n. */
    int alignmentOfB(boolean alongK) {
        int step = alongK ? b.columnStride() : b.rowStride();
        return alignment(numbers.ab(), b.offset(), step, axes.b());
    }

    /** Bytes (16 at most) that divide the address of every row of C and of the residual. */
    int alignmentOfC() {
        int residual = finish.residual() == null ? 0 : residualOffset | n;
        return alignment(numbers.c(), c.offset() | c.ld() | residual, 0, new int[0]);
    }

    private static int alignment(DType type, int offset, int step, int[] strides) {
        int all =
                (offset | step | Arrays.stream(strides).reduce(0, (x, y) -> x | y)) * type.bytes();
        return all == 0 ? 16 : Math.min(16, Integer.lowestOneBit(all));
    }

    /** The arguments that every source of this room begins with (MATMUL_ARGUMENTS). */
    Object[] args(Object... more) {
        Object[] common = {
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
            finish.bias(),
            finish.residual(),
            residualOffset,
            m,
            n,
            k,
            batch(),
            axes.extents()[1],
            axes.extents()[2],
            axes.extents()[3],
            axes.a()[0],
            axes.a()[1],
            axes.a()[2],
            axes.a()[3],
            axes.b()[0],
            axes.b()[1],
            axes.b()[2],
            axes.b()[3]
        };
        return joined(common, more);
    }

    /**
     * A portable source of this room, behind {@code product.cl}.
     *
     * @param defines beyond storage and finish; name, value pairs
     */
    GpuProgram portable(String file, Object... defines) {
        return program(file, List.of("product.cl", file), defines);
    }

    /** A source for OpenCL on CPUs, behind {@code product.cl} and {@code vectors.cl}. */
    GpuProgram vectors(String file, Object... defines) {
        String text = GpuSources.load(GpuSources.class, "vectors.cl");
        return GpuProgram.of(
                "matmul/" + file, text + text(List.of("product.cl", file)), defines(defines));
    }

    /** A source behind {@code product.cl} that knows nothing of a finish. */
    static GpuProgram plain(String file, Object... defines) {
        return GpuProgram.of("matmul/" + file, text(List.of("product.cl", file)), defines);
    }

    /**
     * A CUDA source of this room, behind {@code product.cl} and {@code product.cuh}.
     *
     * @param headers of device functions
     */
    GpuProgram cuda(String file, List<String> headers, Object... defines) {
        return program(file, List.of("product.cl", "product.cuh", file), defines)
                .withHeaders(headers);
    }

    /** As above of several texts of this room, of which the last is the source. */
    GpuProgram cuda(List<String> files, List<String> headers, Object... defines) {
        List<String> all = new ArrayList<>(List.of("product.cl", "product.cuh"));
        all.addAll(files);
        return program(files.getLast(), all, defines).withHeaders(headers);
    }

    private GpuProgram program(String file, List<String> files, Object... defines) {
        return GpuProgram.of("matmul/" + file, text(files), defines(defines));
    }

    /** Several texts of this room, the lines of each counted from its beginning. */
    static String text(List<String> files) {
        StringBuilder text = new StringBuilder();
        for (String f : files) {
            text.append("#line 1 \"matmul/").append(f).append("\"\n");
            text.append(GpuSources.load(Product.class, f));
        }
        return text.toString();
    }

    /** The definitions that every source of this room knows: storage and finish. */
    private Object[] defines(Object... more) {
        Object[] common = {
            "STORAGE",
            GpuProgram.storage(numbers.ab()),
            "CSTORAGE",
            GpuProgram.storage(numbers.c()),
            "BIAS",
            finish.bias() == null ? 0 : finish.ofRows() ? 2 : 1,
            "RESIDUAL",
            finish.residual() != null ? 1 : 0,
            "ACTIVATION",
            finish.activation().ordinal(),
            "ACCUMULATE",
            finish.accumulate() ? 1 : 0
        };
        return joined(common, more);
    }

    private static Object[] joined(Object[] x, Object[] y) {
        Object[] all = Arrays.copyOf(x, x.length + y.length);
        System.arraycopy(y, 0, all, x.length, y.length);
        return all;
    }

    static int ceil(int x, int step) {
        return (x + step - 1) / step;
    }
}
