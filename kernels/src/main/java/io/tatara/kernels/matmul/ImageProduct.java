package io.tatara.kernels.matmul;

import io.tatara.kernels.DType;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuTraits;
import io.tatara.kernels.pointwise.Activation;
import java.util.List;

/**
 * The product of one matrix with each of many images, in 16 bits on Hopper's matrix units by {@code
 * matmul_sm90.cu}, for other rooms: y[i] = activation(W · x[i] + bias) + residual[i], where x[i] is
 * [terms, pixels], y[i] and residual[i] are [rows, pixels] and bias has an element for each row.
 * All are of one type and without gaps, the images one after the other.
 *
 * @param type float16 or bfloat16, else it is not supported
 * @param transposed whether w is stored as [terms, rows], else as [rows, terms]
 * @param w a {@link GpuPlan.Arg}, as are x and y
 * @param bias null where there is none, as residual
 */
public record ImageProduct(
        DType type,
        int images,
        int rows,
        int pixels,
        int terms,
        boolean transposed,
        Object w,
        Object x,
        Object bias,
        Object residual,
        Activation activation,
        Object y) {
    private static final ProductKernel KERNEL = new MatMulHopper();

    /** One product where there is an element at all: the batch is a single axis. */
    private List<Product> products() {
        return Product.of(
                new Product.Numbers(type, type, Precision.STRICT),
                new int[] {images},
                new int[] {rows, pixels, terms},
                new Product.Operand(
                        w, 0, transposed ? 1 : terms, transposed ? rows : 1, new int[] {0}),
                new Product.Operand(x, 0, pixels, 1, new int[] {terms * pixels}),
                new Product.Finish(bias, true, residual, activation, false),
                new Product.Target(y, 0, pixels));
    }

    /**
     * Whether the device has the units and the kernel can read the operands: rows of x, and of w as
     * it is stored, of whole 16 bytes.
     */
    public boolean supported(GpuTraits traits) {
        List<Product> all = products();
        return !all.isEmpty()
                && KERNEL.supports(all.getFirst(), traits)
                && KERNEL.suits(all.getFirst(), traits);
    }

    /** Clocks that it should take, by the rough model that chooses its tiles. */
    public double clocks(GpuTraits traits) {
        return MatMulHopper.tiling(products().getFirst(), traits).time(rows, traits.computeUnits());
    }

    /** Adds the launches. Called only where it is supported. */
    public void add(GpuPlan.Builder plan, GpuTraits traits) {
        products().forEach(p -> KERNEL.add(plan, p, traits));
    }
}
