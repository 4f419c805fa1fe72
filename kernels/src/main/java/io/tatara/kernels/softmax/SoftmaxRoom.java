package io.tatara.kernels.softmax;

import io.tatara.kernels.OpEntry;
import java.util.List;

/** The lines of this room in the op table. */
public final class SoftmaxRoom {
    public static final List<OpEntry<?>> ENTRIES =
            List.of(
                    new OpEntry<>(
                            Softmax.class,
                            "softmax",
                            SoftmaxReference::softmax,
                            List.of(SoftmaxKernels::softmaxJvm),
                            List.of(
                                    SoftmaxCuda.SOFTMAX,
                                    SoftmaxCpu.SOFTMAX,
                                    SoftmaxKernels::softmaxGpu),
                            SoftmaxCases::softmax),
                    new OpEntry<>(
                            SoftmaxGradient.class,
                            "softmax_gradient",
                            SoftmaxReference::softmaxGradient,
                            List.of(SoftmaxKernels::gradientJvm),
                            List.of(
                                    SoftmaxCuda.SOFTMAX_GRADIENT,
                                    SoftmaxCpu.SOFTMAX_GRADIENT,
                                    SoftmaxKernels::gradientGpu),
                            SoftmaxCases::softmaxGradient),
                    new OpEntry<>(
                            CrossEntropy.class,
                            "cross_entropy",
                            SoftmaxReference::crossEntropy,
                            List.of(CrossEntropyJvm::run),
                            List.of(
                                    SoftmaxCuda.CROSS_ENTROPY,
                                    SoftmaxCpu.CROSS_ENTROPY,
                                    CrossEntropyGpu::run),
                            CrossEntropyCases::crossEntropy),
                    new OpEntry<>(
                            CrossEntropyGradient.class,
                            "cross_entropy_gradient",
                            SoftmaxReference::crossEntropyGradient,
                            List.of(CrossEntropyJvm::gradient),
                            List.of(
                                    SoftmaxCuda.CROSS_ENTROPY_GRADIENT,
                                    SoftmaxCpu.CROSS_ENTROPY_GRADIENT,
                                    CrossEntropyGpu::gradient),
                            CrossEntropyCases::crossEntropyGradient));

    private SoftmaxRoom() {}
}
