package io.tatara.kernels.gpu;

import io.tatara.kernels.Op;
import io.tatara.kernels.TensorSpec;
import java.util.List;

/** An op for OpenCL and CUDA: says what to launch; a back end compiles, caches and launches it. */
public interface GpuKernel<O extends Op> {
    /** Variant name for reports and tuning, such as {@code portable}. */
    default String variant() {
        return "portable";
    }

    /** Whether this variant may be used; the last one of an op's list must take every device. */
    default boolean supports(O op, TensorSpec[] in, GpuTraits traits) {
        return true;
    }

    /**
     * The same computation with other parameters, each under a name of its own, such as {@code
     * cpu/12x32/k512}: what is worth measuring for these shapes. Dispatch takes one of them only
     * where a measurement says so.
     */
    default List<GpuKernel<O>> candidates(O op, TensorSpec[] in, GpuTraits traits) {
        return List.of();
    }

    /**
     * The launches for these shapes. Called once per (op, shapes, device); the plan is kept and
     * replayed, so it must depend on nothing else. An op with nothing to do gives an empty plan.
     */
    GpuPlan plan(O op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits);
}
