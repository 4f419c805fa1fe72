package io.tatara.kernels.recurrent;

import io.tatara.kernels.DType;
import io.tatara.kernels.check.Case;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * Sizes at which sequence ops are measured: hidden units, batch and steps around those of practice,
 * and some of the problems of DeepBench (baidu-research/DeepBench, {@code rnn_problems.h}).
 */
final class RecurrentBenchCases {
    /** What training with biases and without lengths or peepholes has. */
    private static final String OPTIONS = "h0 c0 bias bIh bHh dy";

    private RecurrentBenchCases() {}

    /** Of an op with this many gates, in float32 and bfloat16. */
    static List<Case> of(int gates, Function<CaseSizes, Case> make) {
        List<CaseSizes> sizes = new ArrayList<>();
        for (int h : new int[] {256, 512, 1024}) {
            for (int n : new int[] {1, 16, 64}) {
                sizes.add(size("", h, n, 50));
            }
        }
        sizes.add(size("", 512, 16, 200));
        sizes.add(size("", 1024, 64, 200));
        int[][] deepBench =
                gates == 4
                        ? new int[][] {
                            {512, 32, 25},
                            {1024, 128, 25},
                            {1536, 8, 50},
                            {2048, 16, 25},
                            {256, 32, 150}
                        }
                        : new int[][] {{512, 32, 1}, {1536, 32, 187}, {2048, 32, 187}};
        for (int[] p : deepBench) {
            sizes.add(size("deepbench ", p[0], p[1], p[2]));
        }
        List<Case> list = new ArrayList<>();
        for (CaseSizes s : sizes) {
            Case c = make.apply(s).bench();
            list.add(c);
            list.add(c.as(DType.BFLOAT16));
        }
        return list;
    }

    private static CaseSizes size(String kind, int h, int n, int t) {
        return CaseSizes.of("%sh%d b%d t%d".formatted(kind, h, n, t), t, n, h, h).only(OPTIONS);
    }
}
