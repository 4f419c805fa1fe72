package io.tatara.kernels.causal;

import static io.tatara.kernels.TensorSpec.f32;
import static io.tatara.kernels.TensorSpec.i32;

import io.tatara.kernels.DType;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.check.Case;
import io.tatara.kernels.check.Data;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * Cases of {@link WaveNetGenerate}. Levels must be the reference's: the likeliest level hangs on
 * the difference of two logits, a drawn one on that of a number and a cumulated weight; with a few
 * samples of a few dozen levels neither is as small as rounding.
 */
final class GenerateCases {
    private GenerateCases() {}

    /**
     * Sizes.
     *
     * @param h channels between the last products
     * @param a levels
     */
    private record Size(int n, int c, int d, int s, int h, int a, int k, int first) {}

    private static Case of(
            String name,
            Size z,
            List<Integer> dilations,
            int count,
            double temperature,
            boolean more,
            DType type) {
        int layers = dilations.size();
        int slots = dilations.stream().mapToInt(d -> (z.k - 1) * d).sum();
        TensorSpec e = f32(1).withDType(type);
        Data weights = Data.normal(0, 0.7 / Math.sqrt(Math.max(1, z.c * z.k)));
        Data products = Data.normal(0, 1 / Math.sqrt(Math.max(1, z.s)));
        Case c =
                Case.of(name, new WaveNetGenerate(dilations, count, (float) temperature))
                        .reduction(layers * (z.c * z.k + 2 * z.d) + z.s + z.h)
                        .noGradient()
                        .fixed(i32(z.n, z.first), Data.integers(-1, z.a - 1))
                        .in(f32(z.n, slots * z.c))
                        .fixed(i32(1), Data.integers(0, 99))
                        .fixed(i32(2), Data.integers(-9999, 9999))
                        .in(e.withShape(z.first * z.a, z.c));
        c = optional(c, more, e.withShape(z.c));
        c = optional(c, more, e.withShape(z.n, count, z.c));
        c = c.in(e.withShape(layers, 2 * z.d, z.c, z.k), weights);
        c = optional(c, more, e.withShape(layers, 2 * z.d));
        c = optional(c, more, e.withShape(z.n, layers, 2 * z.d));
        c = c.in(e.withShape(layers, z.c, z.d), weights);
        c = optional(c, more, e.withShape(layers, z.c));
        c = c.in(e.withShape(layers, z.s, z.d), weights);
        c = optional(c, more, e.withShape(layers, z.s));
        c = c.in(e.withShape(z.h, z.s), products);
        c = optional(c, more, e.withShape(z.h));
        c = c.in(e.withShape(z.a, z.h), Data.normal(0, 2 / Math.sqrt(z.h)));
        return optional(c, more, e.withShape(z.a));
    }

    private static Case optional(Case c, boolean there, TensorSpec spec) {
        return there ? c.in(spec) : c.absent();
    }

    private static void types(
            List<Case> all,
            String name,
            Size z,
            List<Integer> dilations,
            int count,
            double temperature) {
        for (DType t : new DType[] {DType.FLOAT32, DType.FLOAT16, DType.BFLOAT16}) {
            String named = t == DType.FLOAT32 ? name : name + " " + t;
            all.add(of(named, z, dilations, count, temperature, true, t));
        }
    }

    static List<Case> all() {
        List<Case> all = new ArrayList<>();
        DType f = DType.FLOAT32;
        Size one = new Size(1, 1, 1, 1, 1, 2, 1, 1);
        all.add(of("one", one, List.of(1), 1, 0, false, f));
        Size small = new Size(2, 3, 4, 5, 6, 7, 2, 2);
        all.add(of("likeliest", small, List.of(1, 2, 4), 9, 0, false, f));
        types(all, "drawn", small, List.of(1, 2, 4), 9, 1);
        Size three = new Size(1, 5, 3, 2, 9, 33, 3, 3);
        all.add(of("three taps", three, List.of(3, 1), 7, 1.3, true, f));
        all.add(of("empty", new Size(0, 5, 3, 2, 4, 3, 2, 2), List.of(3, 1), 4, 1, true, f));
        Size odd = new Size(3, 17, 19, 37, 23, 65, 2, 1);
        all.add(of("odd", odd, List.of(1, 2, 4, 8), 5, 1, false, f));
        // Wider than a group's shared memory.
        Size wide = new Size(2, 3, 2, 13_000, 3, 5, 2, 2);
        all.add(of("wide", wide, List.of(2), 2, 1, true, f).large());
        // Sizes that several blocks take.
        Size blocks = new Size(2, 16, 16, 16, 24, 64, 2, 2);
        types(all, "blocks", blocks, List.of(1, 2, 4), 6, 1);
        all.add(of("blocks likeliest", blocks, List.of(2, 1), 5, 0, false, f));
        Size taps = new Size(1, 8, 24, 40, 16, 40, 3, 1);
        all.add(of("blocks three taps", taps, List.of(1, 3), 5, 0.7, true, f));
        Size flat = new Size(1, 8, 8, 8, 8, 8, 1, 2);
        all.add(of("blocks one tap", flat, List.of(1), 4, 1, true, f));
        Size large = new Size(1, 64, 64, 256, 256, 256, 2, 2);
        all.add(of("blocks large", large, List.of(1, 2), 3, 1, true, f));
        all.add(of("blocks large half", large, List.of(2, 1), 3, 1, true, DType.FLOAT16));
        bench(all);
        return all;
    }

    private static void bench(List<Case> all) {
        List<Integer> stack = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            stack.add(1 << i % 10);
        }
        List<Integer> dilations = Collections.unmodifiableList(stack);
        for (int streams : new int[] {1, 16}) {
            Size real = new Size(streams, 64, 64, 256, 256, 256, 2, 2);
            String name = "2 x 10 layers, R 64, S 256, 1000 samples, streams " + streams;
            Case c = of(name, real, dilations, 1000, 1, true, DType.FLOAT32);
            all.add(c.bench(streams == 1 ? CausalCases.SUITE : CausalCases.LARGE));
            Case half = of(name + " float16", real, dilations, 1000, 1, true, DType.FLOAT16);
            all.add(half.bench(CausalCases.LARGE));
        }
    }
}
