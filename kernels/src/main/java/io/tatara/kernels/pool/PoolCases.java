package io.tatara.kernels.pool;

import io.tatara.kernels.Op;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.check.Case;
import io.tatara.kernels.check.Data;
import java.util.ArrayList;
import java.util.List;

/** The cases of this room. */
final class PoolCases {
    private static final double INF = Double.POSITIVE_INFINITY;
    private static final PoolWindow RESNET = PoolWindow.square(3, 2, 1);
    private static final PoolWindow ODD = new PoolWindow(2, 3, 1, 2, 0, 2, 1, 0, 2, 3);
    private static final PoolWindow HOLES = new PoolWindow(2, 2, 1, 1, 2, 1, 1, 2, 3, 3);

    private PoolCases() {}

    private record Shaped(String name, PoolWindow window, TensorSpec x) {}

    private static List<Shaped> shapes() {
        List<Shaped> s = new ArrayList<>();
        s.add(new Shaped("one", PoolWindow.square(1, 1, 0), TensorSpec.f32(1, 1, 1, 1)));
        s.add(new Shaped("halves", PoolWindow.square(2, 2, 0), TensorSpec.f32(2, 3, 8, 10)));
        s.add(new Shaped("3x3/2", RESNET, TensorSpec.f32(1, 2, 7, 33)));
        s.add(new Shaped("stride 1", PoolWindow.square(3, 1, 1), TensorSpec.f32(1, 3, 7, 21)));
        s.add(new Shaped("odd", ODD, TensorSpec.f32(2, 2, 6, 11)));
        s.add(new Shaped("padding alone", HOLES, TensorSpec.f32(1, 2, 2, 3)));
        s.add(new Shaped("far apart", PoolWindow.square(2, 5, 1), TensorSpec.f32(1, 2, 13, 12)));
        s.add(new Shaped("whole plane", PoolWindow.square(7, 1, 0), TensorSpec.f32(2, 5, 7, 7)));
        s.add(new Shaped("empty batch", RESNET, TensorSpec.f32(0, 3, 8, 8)));
        s.add(new Shaped("no channels", RESNET, TensorSpec.f32(2, 0, 8, 8)));
        return s;
    }

    private static List<Shaped> benches() {
        List<Shaped> s = new ArrayList<>();
        for (int n : new int[] {1, 8}) {
            TensorSpec stem = TensorSpec.f32(n, 64, 112, 112);
            s.add(new Shaped("resnet-50 " + n + "x64x112", RESNET, stem));
            TensorSpec last = TensorSpec.f32(n, 1024, 7, 7);
            s.add(new Shaped("mobilenet " + n + "x1024x7", PoolWindow.square(7, 1, 0), last));
            TensorSpec pair = TensorSpec.f32(n, 128, 56, 56);
            s.add(new Shaped("densenet " + n + "x128x56", PoolWindow.square(2, 2, 0), pair));
        }
        return s;
    }

    static List<Case> max() {
        List<Case> cases = new ArrayList<>();
        for (Shaped s : shapes()) {
            // Distinct elements: the maximum must not change hands under finite differences.
            cases.add(Case.of(s.name, new MaxPool(s.window)).in(s.x, distinct()).exact());
        }
        TensorSpec x = TensorSpec.f32(2, 2, 9, 20);
        Op op = new MaxPool(RESNET);
        cases.add(Case.of("ties", op).in(x, Data.integers(0, 2)).exact().noGradient());
        Data wild = Data.normal().sprinkled(9, Double.NaN, INF, -INF);
        cases.add(Case.of("wild", op).in(x, wild).exact().noGradient());
        cases.add(Case.of("all -inf", op).in(x, Data.constant(-INF)).exact().noGradient());
        cases = Case.withHalves(cases, "halves", "odd", "wild");
        for (Shaped s : benches()) {
            cases.add(Case.of(s.name, new MaxPool(s.window)).in(s.x).bench("convolution"));
        }
        return cases;
    }

    /** A permutation of multiples of 1/4; exact in all types up to 512 of them. */
    private static Data distinct() {
        return (d, r) -> {
            for (int i = 0; i < d.length; i++) {
                int j = r.nextInt(i + 1);
                d[i] = d[j];
                d[j] = (i - d.length / 2) * 0.25;
            }
        };
    }

    private static Case maxGradient(Shaped s, Data dy) {
        MaxPool op = new MaxPool(s.window);
        TensorSpec[] y = op.infer(s.x);
        int h = s.x.shape().dim(2);
        int w = s.x.shape().dim(3);
        return Case.of(s.name, new MaxPoolGradient(s.window, h, w))
                .fixed(y[1], places(s.window, y[1], h, w))
                .in(y[0], dy)
                .reduction(s.window.taps());
    }

    /** An index in each window; about one in six is −1. */
    private static Data places(PoolWindow p, TensorSpec index, int h, int w) {
        int oh = index.shape().dim(2);
        int ow = index.shape().dim(3);
        return (d, r) -> {
            for (int o = 0; o < d.length; o++) {
                int y = p.row(o / ow % oh) + r.nextInt(p.kernelH()) * p.dilationH();
                int x = p.column(o % ow) + r.nextInt(p.kernelW()) * p.dilationW();
                boolean inside = y >= 0 && y < h && x >= 0 && x < w && r.nextInt(6) > 0;
                d[o] = inside ? y * w + x : -1;
            }
        };
    }

    static List<Case> maxGradient() {
        List<Case> cases = new ArrayList<>();
        for (Shaped s : shapes()) {
            cases.add(maxGradient(s, Data.integers(-9, 9)).exact());
        }
        Shaped real = new Shaped("real", RESNET, TensorSpec.f32(2, 2, 9, 20));
        cases.add(maxGradient(real, Data.normal()));
        cases = Case.withHalves(cases, "halves", "3x3/2", "real");
        for (Shaped s : benches()) {
            cases.add(maxGradient(s, Data.normal()).bench("convolution"));
        }
        return cases;
    }

    static List<Case> average() {
        List<Case> cases = new ArrayList<>();
        for (boolean pad : new boolean[] {true, false}) {
            String more = pad ? "" : " without padding";
            for (Shaped s : shapes()) {
                cases.add(average(s, more, pad, Data.normal()));
            }
            Shaped whole = new Shaped("integers", RESNET, TensorSpec.f32(2, 3, 11, 18));
            cases.add(average(whole, more, pad, Data.integers(-20, 20)).exact());
            Data wild = Data.normal().sprinkled(30, Double.NaN, INF, -INF);
            Shaped odd = new Shaped("wild", RESNET, TensorSpec.f32(2, 2, 9, 20));
            cases.add(average(odd, more, pad, wild).noGradient());
        }
        cases = Case.withHalves(cases, "halves", "3x3/2", "odd without padding");
        for (Shaped s : benches()) {
            cases.add(average(s, "", true, Data.normal()).bench("convolution"));
        }
        return cases;
    }

    private static Case average(Shaped s, String more, boolean pad, Data x) {
        return Case.of(s.name + more, new AveragePool(s.window, pad))
                .in(s.x, x)
                .reduction(s.window.taps());
    }

    private static Case averageGradient(Shaped s, String more, boolean pad, Data dy) {
        int h = s.x.shape().dim(2);
        int w = s.x.shape().dim(3);
        return Case.of(s.name + more, new AveragePoolGradient(s.window, pad, h, w))
                .in(new AveragePool(s.window, pad).infer(s.x)[0], dy)
                .reduction(s.window.taps());
    }

    static List<Case> averageGradient() {
        List<Case> cases = new ArrayList<>();
        for (boolean pad : new boolean[] {true, false}) {
            String more = pad ? "" : " without padding";
            for (Shaped s : shapes()) {
                cases.add(averageGradient(s, more, pad, Data.normal()));
            }
        }
        Shaped halves =
                new Shaped("integers", PoolWindow.square(4, 2, 1), TensorSpec.f32(2, 3, 8, 18));
        cases.add(averageGradient(halves, "", true, Data.integers(-20, 20)).exact());
        cases = Case.withHalves(cases, "halves", "3x3/2", "odd without padding");
        for (Shaped s : benches()) {
            cases.add(averageGradient(s, "", true, Data.normal()).bench("convolution"));
        }
        return cases;
    }

    /** Extents of an input, then of the output. */
    private static final int[][] SIZES = {
        {1, 1, 1, 1, 1, 1},
        {2, 3, 4, 5, 8, 10},
        {1, 2, 5, 7, 13, 9},
        {2, 1, 9, 20, 4, 11},
        {1, 2, 1, 3, 4, 1},
        {1, 2, 3, 1, 1, 5},
        {1, 1, 37, 3, 64, 6},
        {0, 2, 3, 3, 6, 6}
    };

    static List<Case> upsample() {
        return upsamples(false);
    }

    static List<Case> upsampleGradient() {
        return upsamples(true);
    }

    private static Case upsample(String name, boolean gradient, UpsampleMode m, int[] s) {
        TensorSpec x = TensorSpec.f32(s[0], s[1], s[2], s[3]);
        TensorSpec y = TensorSpec.f32(s[0], s[1], s[4], s[5]);
        int terms = gradient ? (2 * s[4] / s[2] + 2) * (2 * s[5] / s[3] + 2) : 4;
        Op op = gradient ? new UpsampleGradient(m, s[2], s[3]) : new Upsample(m, s[4], s[5]);
        return Case.of(name, op).in(gradient ? y : x).reduction(terms);
    }

    private static List<Case> upsamples(boolean gradient) {
        List<Case> cases = new ArrayList<>();
        for (UpsampleMode m : UpsampleMode.values()) {
            String mode = m.name().toLowerCase(java.util.Locale.ROOT).replace('_', ' ');
            for (int[] s : SIZES) {
                String name = mode + " " + s[2] + "x" + s[3] + " to " + s[4] + "x" + s[5];
                Case c = upsample(name, gradient, m, s);
                cases.add(m == UpsampleMode.NEAREST && !gradient ? c.exact() : c);
            }
            cases = Case.withHalves(cases, mode + " 5x7 to 13x9");
            int[] real = {8, 256, 28, 28, 56, 56};
            cases.add(upsample(mode + " 8x256x28 to 56", gradient, m, real).bench("convolution"));
        }
        return cases;
    }
}
