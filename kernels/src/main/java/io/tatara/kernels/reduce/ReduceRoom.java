package io.tatara.kernels.reduce;

import io.tatara.kernels.OpEntry;
import java.util.List;

/** The lines of this room in the op table. */
public final class ReduceRoom {
    public static final List<OpEntry<?>> ENTRIES =
            List.of(
                    new OpEntry<>(
                            Reduce.class,
                            "reduce",
                            ReduceReference::reduce,
                            List.of(ReduceJvm::reduce),
                            List.of(ReduceCuda.KERNEL, ReduceCpu.KERNEL, ReduceGpu::reduce),
                            ReduceCases::reduce),
                    new OpEntry<>(
                            ReduceGradient.class,
                            "reduce_gradient",
                            ReduceReference::gradient,
                            List.of(ReduceJvm::gradient),
                            List.of(ReduceGpu::gradient),
                            ReduceCases::reduceGradient),
                    new OpEntry<>(
                            ArgMax.class,
                            "arg_max",
                            SelectReference::argMax,
                            List.of(SelectKernels::argMaxJvm),
                            List.of(SelectKernels::argMaxGpu),
                            ReduceCases::argMax),
                    new OpEntry<>(
                            TopK.class,
                            "top_k",
                            SelectReference::topK,
                            List.of(SelectKernels::topKJvm),
                            List.of(SelectKernels::topKGpu),
                            ReduceCases::topK),
                    new OpEntry<>(
                            TopKGradient.class,
                            "top_k_gradient",
                            SelectReference::topKGradient,
                            List.of(SelectKernels::topKGradientJvm),
                            List.of(SelectKernels::topKGradientGpu),
                            ReduceCases::topKGradient));

    private ReduceRoom() {}
}
