package io.tatara.kernels.causal;

import static io.tatara.kernels.TensorSpec.f32;

import io.tatara.kernels.check.Case;
import io.tatara.kernels.check.Data;
import java.util.ArrayList;
import java.util.List;

/** Cases of the convolution and its gradients. */
final class CausalCases {
    static final String SUITE = "convolution";

    /** What fills a GPU. */
    static final String LARGE = "convolution-large";

    static final int[] DILATIONS = {1, 8, 64, 512};

    private CausalCases() {}

    /** Sizes: n, c, m, k, d, t. */
    private record Size(int n, int c, int m, int k, int d, int t) {
        int reach() {
            return (k - 1) * d;
        }

        @Override
        public String toString() {
            return "n" + n + " c" + c + " m" + m + " k" + k + " d" + d + " t" + t;
        }
    }

    private static final List<Size> SIZES =
            List.of(
                    new Size(1, 1, 1, 1, 1, 1),
                    new Size(2, 3, 5, 2, 1, 7),
                    new Size(1, 4, 9, 3, 2, 50),
                    new Size(2, 5, 3, 2, 16, 37),
                    new Size(1, 2, 3, 3, 8, 5), // shorter than the reach
                    new Size(1, 3, 2, 2, 512, 20),
                    new Size(0, 3, 2, 2, 4, 20),
                    new Size(2, 3, 2, 3, 4, 0),
                    new Size(1, 0, 2, 2, 4, 9),
                    new Size(2, 17, 19, 2, 4, 211),
                    new Size(1, 9, 8, 2, 300, 40)); // longer than the samples

    /** Without a state, and large enough for tiles. */
    private static final Size REST = new Size(2, 12, 17, 2, 6, 72);

    private static Case forward(String name, Size s, boolean bias, boolean state, Data data) {
        Case c =
                Case.of(name, new CausalConv1d(s.d, state))
                        .reduction(Math.max(1, s.c * s.k))
                        .in(f32(s.n, s.c, s.t), data)
                        .in(f32(s.m, s.c, s.k), data);
        c = bias ? c.in(f32(s.m), data) : c.absent();
        return state ? c.in(f32(s.n, s.c, s.reach()), data) : c.absent();
    }

    static List<Case> convolution() {
        List<Case> all = new ArrayList<>();
        for (Size s : SIZES) {
            all.add(forward(s + " state", s, true, true, Data.normal()));
            all.add(forward(s.toString(), s, false, false, Data.normal()));
        }
        Size s = new Size(2, 6, 9, 3, 5, 77);
        all.add(forward("integers", s, true, true, Data.integers(-4, 4)).exact());
        Size small = new Size(1, 3, 4, 2, 3, 40);
        double[] special = {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY};
        all.add(
                Case.of("specials", new CausalConv1d(3, true))
                        .reduction(6)
                        .in(f32(1, 3, 40), Data.normal().sprinkled(9, special))
                        .in(f32(4, 3, 2))
                        .absent()
                        .in(f32(1, 3, 3), Data.normal().sprinkled(4, special))
                        .noGradient());
        all.add(forward("halves", small, true, true, Data.normal()));
        all.add(forward("halves from rest", REST, true, false, Data.normal()));
        all.add(
                Case.of("carry from rest", new CausalConv1d(REST.d, true))
                        .reduction(REST.c * REST.k)
                        .in(f32(REST.n, REST.c, REST.t))
                        .in(f32(REST.m, REST.c, REST.k))
                        .in(f32(REST.m))
                        .absent());
        Size large = new Size(2, 40, 70, 2, 64, 450);
        all.add(forward("large", large, true, true, Data.normal()).large().noGradient());
        for (int d : DILATIONS) {
            Size real = new Size(1, 64, 64, 2, d, 16_000);
            all.add(forward("64 dilation " + d, real, true, false, Data.normal()).bench(SUITE));
        }
        return Case.withHalves(all, "halves", "halves from rest");
    }

    private static Case data(String name, Size s, boolean state, Data data) {
        Case c =
                Case.of(name, new CausalConv1dDataGradient(s.d, state))
                        .reduction(Math.max(1, s.m * s.k))
                        .in(f32(s.n, s.m, s.t), data)
                        .in(f32(s.m, s.c, s.k), data);
        return state ? c.in(f32(s.n, s.c, s.reach()), data) : c.absent();
    }

    static List<Case> dataGradient() {
        List<Case> all = new ArrayList<>();
        for (Size s : SIZES) {
            all.add(data(s + " state", s, true, Data.normal()));
            all.add(data(s.toString(), s, false, Data.normal()));
        }
        Size s = new Size(2, 6, 9, 3, 5, 77);
        all.add(data("integers", s, true, Data.integers(-4, 4)).exact());
        all.add(data("halves from rest", REST, false, Data.normal()));
        all.add(data("halves", new Size(1, 3, 4, 2, 3, 40), true, Data.normal()));
        for (int d : DILATIONS) {
            Size real = new Size(1, 64, 64, 2, d, 16_000);
            all.add(data("64 dilation " + d, real, false, Data.normal()).bench(SUITE));
        }
        return Case.withHalves(all, "halves", "halves from rest");
    }

    private static Case weight(String name, Size s, boolean state, Data data) {
        Case c =
                Case.of(name, new CausalConv1dWeightGradient(s.d, s.k))
                        .reduction(Math.max(1, s.n * s.t))
                        .in(f32(s.n, s.c, s.t), data)
                        .in(f32(s.n, s.m, s.t), data);
        return state ? c.in(f32(s.n, s.c, s.reach()), data) : c.absent();
    }

    static List<Case> weightGradient() {
        List<Case> all = new ArrayList<>();
        for (Size s : SIZES) {
            all.add(weight(s + " state", s, true, Data.normal()));
            all.add(weight(s.toString(), s, false, Data.normal()));
        }
        Size s = new Size(2, 6, 9, 3, 5, 77);
        all.add(weight("integers", s, true, Data.integers(-4, 4)).exact());
        all.add(weight("halves from rest", REST, false, Data.normal()));
        all.add(weight("halves", new Size(1, 3, 4, 2, 3, 40), true, Data.normal()));
        for (int d : DILATIONS) {
            Size real = new Size(1, 64, 64, 2, d, 16_000);
            all.add(weight("64 dilation " + d, real, false, Data.normal()).bench(SUITE));
        }
        return Case.withHalves(all, "halves", "halves from rest");
    }
}
