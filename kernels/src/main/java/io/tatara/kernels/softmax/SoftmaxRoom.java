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
                            List.of(SoftmaxKernels::softmaxGpu),
                            SoftmaxCases::softmax),
                    new OpEntry<>(
                            SoftmaxGradient.class,
                            "softmax_gradient",
                            SoftmaxReference::softmaxGradient,
                            List.of(SoftmaxKernels::gradientJvm),
                            List.of(SoftmaxKernels::gradientGpu),
                            SoftmaxCases::softmaxGradient),
                    new OpEntry<>(
                            CrossEntropy.class,
                            "cross_entropy",
                            SoftmaxReference::crossEntropy,
                            List.of(CrossEntropyKernels::jvm),
                            List.of(CrossEntropyKernels::gpu),
                            SoftmaxCases::crossEntropy),
                    new OpEntry<>(
                            CrossEntropyGradient.class,
                            "cross_entropy_gradient",
                            SoftmaxReference::crossEntropyGradient,
                            List.of(CrossEntropyKernels::gradientJvm),
                            List.of(CrossEntropyKernels::gradientGpu),
                            SoftmaxCases::crossEntropyGradient));

    private SoftmaxRoom() {}
}
