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

/** Cases of the gated layer, its activation's gradient and the step. */
final class LayerCases {
    private LayerCases() {}

    /** Sizes: n, c, d gated channels, s skip channels, k, dilation, t. */
    private record Size(int n, int c, int d, int s, int k, int dilation, int t) {
        @Override
        public String toString() {
            return "n"
                    + n
                    + " c"
                    + c
                    + " d"
                    + d
                    + " s"
                    + s
                    + " k"
                    + k
                    + " dilation "
                    + dilation
                    + " t"
                    + t;
        }
    }

    /** What of the optional inputs is there. */
    private enum Given {
        LEAST,
        GLOBAL,
        LOCAL
    }

    private static Case layer(
            String name, Size s, Given given, boolean keep, boolean carry, Data data) {
        boolean more = given != Given.LEAST;
        TensorSpec condition =
                switch (given) {
                    case LEAST -> null;
                    case GLOBAL -> f32(s.n, 2 * s.d);
                    case LOCAL -> f32(s.n, 2 * s.d, s.t);
                };
        Data weights = Data.normal(0, 1 / Math.sqrt(Math.max(1, s.c * s.k)));
        Case c =
                Case.of(name, new GatedCausalLayer(s.dilation, keep, carry))
                        .reduction(Math.max(1, s.c * s.k + s.d))
                        .in(f32(s.n, s.c, s.t), data)
                        .in(f32(2 * s.d, s.c, s.k), weights);
        c = optional(c, more, f32(2 * s.d));
        c = condition == null ? c.absent() : c.in(condition);
        c = c.in(f32(s.c, s.d), weights);
        c = optional(c, more, f32(s.c));
        c = c.in(f32(s.s, s.d), weights);
        c = optional(c, more, f32(s.s));
        c = optional(c, more, f32(s.n, s.s, s.t));
        c = optional(c, carry, f32(s.n, s.c, (s.k - 1) * s.dilation));
        // Alone in its tensor an element may be small from cancellation.
        return s.t == 1 ? c.tolerance(1e-5) : c;
    }

    private static Case optional(Case c, boolean there, TensorSpec spec) {
        return there ? c.in(spec) : c.absent();
    }

    static List<Case> layer() {
        List<Case> all = new ArrayList<>();
        Data normal = Data.normal();
        Size[] sizes = {
            new Size(1, 1, 1, 1, 1, 1, 1),
            new Size(2, 3, 4, 5, 2, 2, 9),
            new Size(1, 5, 3, 2, 3, 4, 6),
            new Size(2, 3, 5, 7, 2, 8, 35),
            new Size(0, 3, 2, 2, 2, 4, 5),
            new Size(1, 3, 2, 2, 2, 4, 0),
            new Size(1, 17, 18, 9, 2, 64, 205)
        };
        for (Size s : sizes) {
            all.add(layer(s + " least", s, Given.LEAST, false, false, normal));
            all.add(layer(s + " global", s, Given.GLOBAL, true, true, normal));
            all.add(layer(s + " local", s, Given.LOCAL, false, true, normal));
        }
        Size s = new Size(1, 3, 4, 5, 2, 2, 30);
        double[] special = {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY};
        all.add(
                layer("specials", s, Given.GLOBAL, true, true, normal.sprinkled(9, special))
                        .noGradient());
        all.add(layer("halves", s, Given.LOCAL, true, true, normal));
        Size large = new Size(1, 33, 32, 65, 2, 32, 400);
        all.add(layer("large", large, Given.LOCAL, true, true, normal).large().noGradient());
        fused(all);
        for (int d : CausalCases.DILATIONS) {
            Size real = new Size(1, 64, 64, 128, 2, d, 16_000);
            Case c = layer("64 dilation " + d, real, Given.GLOBAL, false, false, normal);
            all.add(c.bench(CausalCases.SUITE));
            all.add(c.as(DType.FLOAT16).bench(CausalCases.LARGE));
            Size many = new Size(16, 64, 64, 128, 2, d, 16_000);
            c = layer("64 batch 16 dilation " + d, many, Given.GLOBAL, false, false, normal);
            all.add(c.bench(CausalCases.LARGE));
            all.add(c.as(DType.FLOAT16).bench(CausalCases.LARGE));
        }
        return Case.withHalves(
                all,
                "halves",
                "fused",
                "fused odd",
                "fused shifted",
                "fused wide",
                "fused many",
                "fused skips",
                "fused specials");
    }

    /** Sizes that the kernels in one launch take: multiples of 16 channels, of 8 in float32. */
    private static void fused(List<Case> all) {
        Data normal = Data.normal();
        Size s = new Size(2, 16, 16, 32, 2, 8, 152);
        all.add(layer("fused", s, Given.GLOBAL, false, true, normal).noGradient());
        all.add(layer("fused least", s, Given.LEAST, false, false, normal).noGradient());
        s = new Size(1, 16, 32, 16, 3, 5, 75);
        all.add(layer("fused odd", s, Given.LOCAL, true, true, normal).noGradient());
        s = new Size(3, 32, 16, 16, 3, 3, 200);
        all.add(layer("fused shifted", s, Given.GLOBAL, true, true, normal).noGradient());
        s = new Size(1, 64, 64, 128, 2, 1, 136);
        all.add(layer("fused wide", s, Given.GLOBAL, false, false, normal).noGradient());
        // More tiles than blocks, and sequences that end between them.
        s = new Size(5, 32, 32, 48, 2, 4, 424);
        all.add(layer("fused many", s, Given.GLOBAL, false, true, normal).noGradient());
        s = new Size(2, 16, 16, 192, 1, 1, 88);
        all.add(layer("fused skips", s, Given.GLOBAL, false, false, normal).noGradient());
        // Half blocks of rows, and more rows than one pass takes: float32 alone.
        s = new Size(2, 24, 40, 8, 2, 2, 100);
        all.add(layer("fused eights", s, Given.GLOBAL, false, true, normal).noGradient());
        s = new Size(1, 8, 72, 136, 3, 1, 133);
        all.add(layer("fused deep", s, Given.GLOBAL, true, false, normal).noGradient());
        s = new Size(2, 16, 16, 16, 2, 2, 96);
        double[] special = {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY};
        Data odd = normal.sprinkled(199, special);
        all.add(layer("fused specials", s, Given.LOCAL, false, true, odd).noGradient());
    }

    private static Case activation(int n, int d, int t, boolean more) {
        Case c =
                Case.of(
                                "n" + n + " d" + d + " t" + t + (more ? " more" : ""),
                                new GatedActivationGradient())
                        .reduction(4)
                        .in(f32(n, 2 * d, t), Data.uniform(-1, 1))
                        .in(f32(n, d, t));
        return more ? c.in(f32(n, 2 * d, t)) : c.absent();
    }

    static List<Case> activationGradient() {
        List<Case> all = new ArrayList<>();
        for (boolean more : new boolean[] {false, true}) {
            all.add(activation(1, 1, 1, more));
            all.add(activation(0, 2, 3, more));
            all.add(activation(2, 3, 7, more));
            all.add(activation(3, 5, 411, more));
        }
        all.add(activation(1, 64, 16_000, false).bench(CausalCases.SUITE));
        return Case.withHalves(all, "n2 d3 t7 more");
    }

    private static Case step(
            String name, Size s, List<Integer> dilations, boolean more, Data slots, Data data) {
        int layers = dilations.size();
        int all = 0;
        for (int d : dilations) {
            all += (s.k - 1) * d;
        }
        Data weights = Data.normal(0, 0.7 / Math.sqrt(Math.max(1, s.c * s.k)));
        Case c =
                Case.of(name, new WaveNetStep(dilations))
                        .reduction(layers * (s.c * s.k + 2 * s.d))
                        .in(f32(s.n, s.c), data)
                        .in(f32(s.n, all * s.c), data)
                        .fixed(i32(layers), slots)
                        .in(f32(layers, 2 * s.d, s.c, s.k), weights);
        c = optional(c, more, f32(layers, 2 * s.d));
        c = optional(c, more, f32(s.n, layers, 2 * s.d));
        c = c.in(f32(layers, s.c, s.d), weights);
        c = optional(c, more, f32(layers, s.c));
        c = c.in(f32(layers, s.s, s.d), weights);
        return optional(c, more, f32(layers, s.s));
    }

    static List<Case> step() {
        List<Case> all = new ArrayList<>();
        Data normal = Data.normal();
        Data start = Data.constant(0);
        Data any = Data.integers(-9, 9);
        all.add(step("one", new Size(1, 1, 1, 1, 1, 0, 0), List.of(1), false, start, normal));
        all.add(step("two", new Size(2, 3, 4, 5, 2, 0, 0), List.of(1, 2, 4), true, any, normal));
        all.add(step("three", new Size(1, 5, 3, 2, 3, 0, 0), List.of(3, 1), true, any, normal));
        all.add(step("empty", new Size(0, 5, 3, 2, 2, 0, 0), List.of(3, 1), true, any, normal));
        all.add(
                step(
                        "odd",
                        new Size(3, 17, 19, 37, 2, 0, 0),
                        List.of(1, 2, 4, 8),
                        false,
                        any,
                        normal));
        double[] special = {Double.NaN, Double.POSITIVE_INFINITY};
        all.add(
                step(
                        "specials",
                        new Size(3, 4, 4, 3, 2, 0, 0),
                        List.of(1),
                        true,
                        any,
                        normal.sprinkled(9, special)));
        // Wider than a group's shared memory.
        Size wide = new Size(2, 3, 2, 13_000, 2, 0, 0);
        all.add(step("wide", wide, List.of(2), true, any, normal).large());
        List<Integer> stack = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            stack.add(1 << i % 10);
        }
        Size real = new Size(1, 64, 64, 128, 2, 0, 0);
        all.add(
                step("2 x 10 layers", real, Collections.unmodifiableList(stack), true, any, normal)
                        .bench(CausalCases.SUITE));
        return Case.withHalves(all, "one", "two");
    }
}
