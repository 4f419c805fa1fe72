package io.tatara.kernels.recurrent;

import io.tatara.kernels.DType;
import io.tatara.kernels.check.Case;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * Sizes at which sequence ops are measured: hidden units, batch and steps around those of practice.
 * DeepBench's stand in {@link DeepBenchCases}.
 */
final class RecurrentBenchCases {
    /** What training with biases and without lengths or peepholes has. */
    private static final String OPTIONS = "h0 c0 bias bIh bHh dy";

    private RecurrentBenchCases() {}

    /** In float32 and bfloat16. */
    static List<Case> of(Function<CaseSizes, Case> make) {
        List<CaseSizes> sizes = new ArrayList<>();
        for (int h : new int[] {256, 512, 1024}) {
            for (int n : new int[] {1, 16, 64}) {
                sizes.add(size(h, n, 50));
            }
        }
        sizes.add(size(512, 16, 200));
        sizes.add(size(1024, 64, 200));
        List<Case> list = new ArrayList<>();
        for (CaseSizes s : sizes) {
            Case c = make.apply(s).bench();
            list.add(c);
            list.add(c.as(DType.BFLOAT16));
        }
        return list;
    }

    private static CaseSizes size(int h, int n, int t) {
        return CaseSizes.of("h%d b%d t%d".formatted(h, n, t), t, n, h, h).only(OPTIONS);
    }
}
