package io.tatara.kernels.matmul;

import io.tatara.kernels.OpEntry;
import java.util.List;

/** The lines of this room in the op table. */
public final class MatMulRoom {
    public static final List<OpEntry<?>> ENTRIES =
            List.of(
                    new OpEntry<>(
                            MatMul.class,
                            "matmul",
                            MatMulReference::matmul,
                            List.of(new MatMulVector()),
                            ProductKernels.variants(MatMulGpu::products),
                            MatMulCases::matmul),
                    new OpEntry<>(
                            MatMulStrided.class,
                            "matmul_strided",
                            MatMulReference::strided,
                            List.of(StridedKernels::matmul),
                            ProductKernels.variants(MatMulGpu::products),
                            MatMulCases::strided),
                    new OpEntry<>(
                            StridedScatter.class,
                            "strided_scatter",
                            MatMulReference::scatter,
                            List.of(StridedKernels::scatter),
                            List.of(StridedKernels::scatterGpu),
                            MatMulCases::scatter),
                    new OpEntry<>(
                            ActivationGradient.class,
                            "activation_gradient",
                            MatMulReference::activationGradient,
                            List.of(Activations::gradient),
                            List.of(Activations::gradientGpu),
                            MatMulCases::activationGradient));

    private MatMulRoom() {}
}
