package io.tatara.kernels.matmul;

import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuTraits;
import java.util.List;

/**
 * A way to compute a {@link Product} on a GPU. All of them stand in {@link ProductKernels#ALL},
 * from where both the ops of this room and the plans of other rooms take them.
 */
interface ProductKernel {
    /** Its name as a variant of the ops. */
    String variant();

    /** Whether it computes this product rightly on such a device. */
    boolean supports(Product p, GpuTraits traits);

    /** Whether it is the one to take where it is the first that says so. */
    default boolean suits(Product p, GpuTraits traits) {
        return true;
    }

    /** Other parameters of this kernel that are worth measuring for such a product. */
    default List<ProductKernel> candidates(Product p, GpuTraits traits) {
        return List.of();
    }

    /** Adds the launches. Called only where it is supported. */
    void add(GpuPlan.Builder plan, Product p, GpuTraits traits);
}
