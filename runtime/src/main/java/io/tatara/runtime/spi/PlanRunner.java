package io.tatara.runtime.spi;

import io.tatara.kernels.Op;
import io.tatara.kernels.gpu.GpuKernel;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuTraits;

/**
 * What a back end that runs {@link GpuPlan}s offers besides: plans of one's own, such as probes of
 * the device.
 */
public interface PlanRunner {
    /** What kernels are told of this device. */
    GpuTraits traits();

    /** Enqueues a plan that belongs to no op; its inputs and outputs are these. */
    void run(GpuPlan plan, Binding[] in, Binding[] out);

    /**
     * As {@link BackEndDevice#execute(Op, Binding[], Binding[])} by a certain variant; its plan is
     * kept.
     *
     * @param kernel one of this op that supports the call; null for what the device chooses
     */
    void execute(GpuKernel<?> kernel, Op op, Binding[] in, Binding[] out);
}
