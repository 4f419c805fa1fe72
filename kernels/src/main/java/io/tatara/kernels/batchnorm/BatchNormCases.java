package io.tatara.kernels.batchnorm;

import io.tatara.kernels.DType;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.check.Case;
import io.tatara.kernels.check.Data;
import java.util.ArrayList;
import java.util.List;

/** The cases of this room. */
final class BatchNormCases {
    private static final double INF = Double.POSITIVE_INFINITY;
    private static final float EPSILON = 1e-5f;
    private static final float MOMENTUM = 0.1f;

    /** Real layers: ResNet-50's and MobileNet's, N, C, H and W. */
    private static final int[][] REAL = {
        {1, 64, 112, 112}, {8, 64, 112, 112}, {8, 256, 56, 56}, {8, 512, 14, 14}, {8, 1024, 7, 7}
    };

    private BatchNormCases() {}

    private static Case forward(
            String name, boolean parameters, boolean running, Data data, int... dims) {
        TensorSpec x = TensorSpec.f32(dims);
        TensorSpec c = TensorSpec.f32(dims[1]);
        Case k = Case.of(name, new BatchNorm(EPSILON, MOMENTUM)).in(x, data);
        k = parameters ? k.in(c, Data.normal(1, 0.5)).in(c) : k.absent().absent();
        if (running) {
            TensorSpec f = c.withDType(DType.FLOAT32);
            k = k.in(f).in(f, Data.uniform(0.5, 2));
        }
        return k.reduction(Math.max(1, x.size() / Math.max(1, dims[1])));
    }

    static List<Case> forward() {
        Data normal = Data.normal(0.5, 2);
        List<Case> cases = new ArrayList<>();
        cases.add(forward("two", true, true, normal, 2, 1));
        cases.add(forward("planes", true, true, normal, 2, 3, 5, 7));
        cases.add(forward("plain", false, false, normal, 3, 2, 13));
        cases.add(forward("running alone", false, true, normal, 3, 4, 2, 2));
        cases.add(forward("scale alone", true, false, normal, 2, 5, 6, 6));
        cases.add(forward("rows", true, true, normal, 37, 5));
        cases.add(forward("volume", true, true, normal, 2, 3, 2, 3, 5));
        cases.add(forward("chunks", true, true, normal, 3, 2, 61, 53).noGradient());
        cases.add(forward("one element", true, true, normal, 1, 3, 1, 1).noGradient());
        cases.add(forward("empty batch", true, true, normal, 0, 3, 4, 4).noGradient());
        cases.add(forward("no channels", true, true, normal, 2, 0, 4, 4).noGradient());
        cases.add(forward("empty planes", true, true, normal, 2, 3, 0, 4).noGradient());
        cases.add(forward("chunks, words", true, false, normal, 3, 2, 76, 81).noGradient());
        cases.add(forward("words", true, false, normal, 3, 3, 6, 10).noGradient());
        cases.add(forward("pieces", true, false, normal, 2, 3, 8, 9).noGradient());
        Data far = Data.normal(1e4, 1);
        cases.add(forward("far from 0", true, false, far, 2, 3, 40, 41).noGradient());
        cases.add(forward("far from 0, chunks", true, true, far, 3, 2, 61, 53).noGradient());
        Data same = Data.constant(0.7);
        cases.add(forward("constant", true, true, same, 2, 2, 8, 8).noGradient());
        Data wild = Data.normal().sprinkled(90, Double.NaN, INF, -INF);
        cases.add(forward("wild", true, true, wild, 2, 12, 4, 6).noGradient());
        // Without running statistics, which stay float32 whatever x is.
        String[] halves = {"plain", "scale alone", "words", "pieces", "chunks, words"};
        cases = Case.withHalves(cases, halves);
        for (int[] s : REAL) {
            String name = s[0] + "x" + s[1] + "x" + s[2];
            cases.add(forward(name, true, true, normal, s).bench("convolution"));
        }
        return cases;
    }

    private static Case gradient(String name, boolean parameters, boolean more, int... dims) {
        return gradient(DType.FLOAT32, name, parameters, more, dims);
    }

    private static Case gradient(
            DType type, String name, boolean parameters, boolean more, int... dims) {
        TensorSpec x = TensorSpec.f32(dims).withDType(type);
        TensorSpec c = TensorSpec.f32(dims[1]).withDType(type);
        Case k = Case.of(name, new BatchNormGradient(MOMENTUM, parameters, parameters));
        k = k.in(x, Data.normal(0.5, 1));
        k = parameters ? k.in(c, Data.normal(1, 0.5)) : k.absent();
        k = k.in(TensorSpec.f32(dims[1], 2), statistics()).in(x);
        if (more) {
            TensorSpec f = c.withDType(DType.FLOAT32);
            k = k.in(TensorSpec.f32(dims[1], 2)).in(f).in(f);
        }
        return k.reduction(Math.max(1, x.size() / Math.max(1, dims[1])));
    }

    /** Means near the data's and inverse deviations near 1. */
    private static Data statistics() {
        return (d, r) -> {
            for (int i = 0; i < d.length; i++) {
                d[i] = i % 2 == 0 ? 0.5 + 0.1 * r.nextGaussian() : 0.8 + 0.4 * r.nextDouble();
            }
        };
    }

    static List<Case> gradient() {
        List<Case> cases = new ArrayList<>();
        cases.add(gradient("two", true, true, 2, 1));
        cases.add(gradient("planes", true, true, 2, 3, 5, 7));
        cases.add(gradient("plain", false, false, 3, 2, 13));
        cases.add(gradient("statistics alone", false, true, 3, 4, 2, 2));
        cases.add(gradient("scale", true, false, 2, 5, 6, 6));
        cases.add(gradient("rows", true, false, 37, 5));
        cases.add(gradient("chunks", true, true, 3, 2, 61, 53));
        for (DType t : List.of(DType.FLOAT32, DType.FLOAT16, DType.BFLOAT16)) {
            String of = t == DType.FLOAT32 ? "" : " " + t;
            cases.add(gradient(t, "chunks, words" + of, true, false, 3, 2, 76, 81).noGradient());
            cases.add(gradient(t, "words" + of, true, true, 3, 3, 6, 10));
            cases.add(gradient(t, "pieces" + of, true, false, 2, 3, 8, 9));
            cases.add(gradient(t, "rows of one" + of, true, false, 37, 5));
        }
        cases.add(gradient("one element", true, true, 1, 3, 1, 1));
        cases.add(gradient("empty batch", true, true, 0, 3, 4, 4));
        cases.add(gradient("no channels", true, false, 2, 0, 4, 4));
        for (int[] s : REAL) {
            String name = s[0] + "x" + s[1] + "x" + s[2];
            cases.add(gradient(name, true, false, s).bench("convolution"));
        }
        return cases;
    }
}
