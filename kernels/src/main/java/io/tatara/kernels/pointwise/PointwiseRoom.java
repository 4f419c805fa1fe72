package io.tatara.kernels.pointwise;

import io.tatara.kernels.OpEntry;
import java.util.List;

/** The lines of this room in the op table. */
public final class PointwiseRoom {
    public static final List<OpEntry<?>> ENTRIES =
            List.of(
                    new OpEntry<>(
                            Pointwise.class,
                            "pointwise",
                            PointwiseReference::run,
                            List.of(Evaluation::run),
                            List.of(PointwiseCuda.KERNEL, PointwiseGpu::plan),
                            PointwiseCases::pointwise),
                    new OpEntry<>(
                            SumTo.class,
                            "sum_to",
                            SumToKernels::reference,
                            List.of(SumToKernels::jvm),
                            List.of(SumToKernels.CUDA, SumToKernels.CPU, SumToKernels::gpu),
                            PointwiseCases::sumTo));

    private PointwiseRoom() {}
}
