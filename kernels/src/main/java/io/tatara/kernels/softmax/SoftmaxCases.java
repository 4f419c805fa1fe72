package io.tatara.kernels.softmax;

import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.check.Case;
import io.tatara.kernels.check.Data;
import java.util.ArrayList;
import java.util.List;

/** The cases of this room. */
final class SoftmaxCases {
    private static final double INF = Double.POSITIVE_INFINITY;

    private SoftmaxCases() {}

    static List<Case> softmax() {
        List<Case> cases = new ArrayList<>();
        for (boolean log : new boolean[] {false, true}) {
            Softmax op = new Softmax(log);
            String l = log ? "log " : "";
            cases.add(Case.of(l + "one", op).in(TensorSpec.f32(1)).absent());
            cases.add(Case.of(l + "rows", op).in(TensorSpec.f32(5, 13)).absent().reduction(13));
            cases.add(Case.of(l + "deep", op).in(TensorSpec.f32(2, 3, 70)).absent().reduction(70));
            cases.add(Case.of(l + "long", op).in(TensorSpec.f32(3, 2500)).absent().reduction(2500));
            cases.add(Case.of(l + "width 1", op).in(TensorSpec.f32(4, 1)).absent());
            cases.add(Case.of(l + "empty batch", op).in(TensorSpec.f32(0, 4)).absent());
            cases.add(Case.of(l + "empty rows", op).in(TensorSpec.f32(4, 0)).absent());
            cases.add(
                    Case.of(l + "far from 0", op)
                            .in(TensorSpec.f32(4, 40), Data.normal(1000, 3))
                            .absent()
                            .reduction(40));
            cases.add(
                    Case.of(l + "wide range", op)
                            .in(TensorSpec.f32(4, 40), Data.normal(0, 60))
                            .absent()
                            .reduction(40));
            cases.add(
                    Case.of(l + "wild", op)
                            .in(
                                    TensorSpec.f32(60, 20),
                                    Data.normal().sprinkled(40, Double.NaN, INF, -INF))
                            .absent()
                            .reduction(20)
                            .noGradient());
            cases.add(
                    Case.of(l + "masked by -inf", op)
                            .in(TensorSpec.f32(30, 9), Data.normal().sprinkled(2, -INF))
                            .absent()
                            .reduction(9)
                            .noGradient());
            cases.add(
                    Case.of(l + "all -inf", op)
                            .in(TensorSpec.f32(3, 90), Data.constant(-INF))
                            .absent()
                            .noGradient());
            // Finite differences cannot weigh the -inf of masked positions.
            Case ragged =
                    Case.of(l + "ragged", op)
                            .in(TensorSpec.f32(2, 3, 11))
                            .in(TensorSpec.i32(2, 3), Data.of(11, 0, 1, 7, 99, -5))
                            .reduction(11);
            cases.add(log ? ragged.noGradient() : ragged);
            cases.add(
                    Case.of(l + "garbage behind", op)
                            .in(
                                    TensorSpec.f32(2, 4),
                                    Data.of(1, 2, Double.NaN, INF, Double.NaN, 1, 1, 1))
                            .in(TensorSpec.i32(2), Data.of(2, 0))
                            .noGradient());
            cases.add(Case.of(l + "4096x1024", op).in(TensorSpec.f32(4096, 1024)).absent().bench());
        }
        return cases;
    }

    static List<Case> softmaxGradient() {
        List<Case> cases = new ArrayList<>();
        for (boolean log : new boolean[] {false, true}) {
            SoftmaxGradient op = new SoftmaxGradient(log);
            String l = log ? "log " : "";
            Data y = log ? Data.uniform(-9, 0) : Data.uniform(0, 0.1);
            cases.add(Case.of(l + "one", op).in(TensorSpec.f32(1), y).in(TensorSpec.f32(1)));
            cases.add(
                    Case.of(l + "rows", op)
                            .in(TensorSpec.f32(5, 13), y)
                            .in(TensorSpec.f32(5, 13))
                            .reduction(13));
            cases.add(
                    Case.of(l + "long", op)
                            .in(TensorSpec.f32(3, 2500), y)
                            .in(TensorSpec.f32(3, 2500))
                            .reduction(2500));
            cases.add(Case.of(l + "empty", op).in(TensorSpec.f32(0, 5)).in(TensorSpec.f32(0, 5)));
            cases.add(
                    Case.of(l + "masked", op)
                            .in(TensorSpec.f32(6, 30), y.sprinkled(2, log ? -INF : 0))
                            .in(TensorSpec.f32(6, 30))
                            .reduction(30));
            cases.add(
                    Case.of(l + "all masked", op)
                            .in(TensorSpec.f32(2, 5), Data.constant(log ? -INF : 0))
                            .in(TensorSpec.f32(2, 5)));
            cases.add(
                    Case.of(l + "NaN", op)
                            .in(TensorSpec.f32(40, 5), y.sprinkled(25, Double.NaN))
                            .in(TensorSpec.f32(40, 5))
                            .reduction(5));
            cases.add(
                    Case.of(l + "4096x1024", op)
                            .in(TensorSpec.f32(4096, 1024), y)
                            .in(TensorSpec.f32(4096, 1024))
                            .bench());
        }
        return cases;
    }

    private static Case loss(
            String name,
            float smoothing,
            Reduction reduction,
            int n,
            int c,
            Data logits,
            Data labels) {
        return Case.of(name, new CrossEntropy(-100, smoothing, reduction))
                .in(TensorSpec.f32(n, c), logits)
                .in(TensorSpec.i32(n), labels)
                .reduction(c);
    }

    static List<Case> crossEntropy() {
        List<Case> cases = new ArrayList<>();
        Data normal = Data.normal();
        for (Reduction r : Reduction.values()) {
            for (float s : new float[] {0, 0.1f, 1}) {
                String name = r + " smoothing " + s;
                cases.add(loss(name, s, r, 5, 7, normal, Data.integers(0, 6)));
                cases.add(
                        loss(
                                name + " ignored",
                                s,
                                r,
                                9,
                                33,
                                normal,
                                Data.integers(0, 32).sprinkled(3, -100)));
                cases.add(
                        loss(name + " long", s, r, 3, 5001, normal, Data.integers(0, 5000))
                                .noGradient());
                cases.add(loss(name + " all ignored", s, r, 4, 5, normal, Data.constant(-100)));
                cases.add(loss(name + " empty", s, r, 0, 5, normal, Data.constant(0)));
            }
            Data wrong =
                    Data.integers(0, 6).sprinkled(4, -1, 7, Integer.MIN_VALUE, Integer.MAX_VALUE);
            cases.add(loss(r + " out of range", 0.1f, r, 40, 7, normal, wrong).noGradient());
            cases.add(loss(r + " no classes", 0, r, 2, 0, normal, Data.constant(0)).noGradient());
            // logSumExp is near 1000 here and kept as a float32: its rounding, 2^-15, is a relative
            // error of the probabilities in the gradient.
            cases.add(
                    loss(r + " far from 0", 0, r, 4, 40, Data.normal(1000, 3), Data.integers(0, 39))
                            .tolerance(8e-6));
        }
        Data wild = Data.normal().sprinkled(40, Double.NaN, INF, -INF);
        cases.add(loss("wild", 0, Reduction.NONE, 60, 20, wild, Data.integers(0, 19)).noGradient());
        cases.add(
                loss("wild smoothed", 0.2f, Reduction.NONE, 60, 20, wild, Data.integers(0, 19))
                        .noGradient());
        cases.add(
                loss("late maximum", 0, Reduction.NONE, 1, 5000, (d, r) -> late(d), Data.of(4321))
                        .noGradient());
        cases.add(
                loss("all -inf", 0, Reduction.NONE, 2, 9, Data.constant(-INF), Data.of(3, -100))
                        .noGradient());
        cases.add(
                Case.of("ignore inside the range", new CrossEntropy(0, 0, Reduction.MEAN))
                        .in(TensorSpec.f32(9, 6))
                        .in(TensorSpec.i32(9), Data.integers(0, 5))
                        .reduction(6));
        cases.add(
                loss(
                                "4096x32000",
                                0.1f,
                                Reduction.MEAN,
                                4096,
                                32000,
                                normal,
                                Data.integers(0, 31999))
                        .bench()
                        .large());
        cases.add(
                loss("2048x4096", 0, Reduction.MEAN, 2048, 4096, normal, Data.integers(0, 4095))
                        .bench());
        return cases;
    }

    /** Whole blocks of -inf, then ever larger numbers. */
    private static void late(double[] d) {
        for (int i = 0; i < d.length; i++) {
            d[i] = i < 4200 ? -INF : i * 0.01;
        }
    }

    private static Case back(
            String name,
            float smoothing,
            Reduction reduction,
            int n,
            int c,
            Data labels,
            boolean more) {
        Case k =
                Case.of(name, new CrossEntropyGradient(-100, smoothing, reduction))
                        .in(TensorSpec.f32(n, c))
                        .in(TensorSpec.i32(n), labels)
                        .in(TensorSpec.f32(n), Data.normal(Math.log(c + 1.0) + 0.5, 0.1))
                        .in(reduction == Reduction.NONE ? TensorSpec.f32(n) : TensorSpec.f32());
        return (more ? k.in(TensorSpec.f32(n)) : k.absent()).reduction(c);
    }

    static List<Case> crossEntropyGradient() {
        List<Case> cases = new ArrayList<>();
        for (Reduction r : Reduction.values()) {
            for (float s : new float[] {0, 0.1f}) {
                String name = r + " smoothing " + s;
                cases.add(back(name, s, r, 5, 7, Data.integers(0, 6), true));
                cases.add(
                        back(
                                name + " ignored",
                                s,
                                r,
                                9,
                                33,
                                Data.integers(0, 32).sprinkled(3, -100),
                                false));
                cases.add(back(name + " long", s, r, 3, 5001, Data.integers(0, 5000), false));
                cases.add(back(name + " all ignored", s, r, 4, 5, Data.constant(-100), true));
                cases.add(back(name + " empty", s, r, 0, 5, Data.constant(0), false));
                cases.add(back(name + " no classes", s, r, 3, 0, Data.constant(0), false));
            }
            Data wrong =
                    Data.integers(0, 6).sprinkled(4, -1, 7, Integer.MIN_VALUE, Integer.MAX_VALUE);
            cases.add(back(r + " out of range", 0.1f, r, 40, 7, wrong, false));
        }
        cases.add(
                back(
                                "4096x32000",
                                0.1f,
                                Reduction.MEAN,
                                4096,
                                32000,
                                Data.integers(0, 31999),
                                false)
                        .bench()
                        .large());
        cases.add(
                back("2048x4096", 0, Reduction.MEAN, 2048, 4096, Data.integers(0, 4095), false)
                        .bench());
        return cases;
    }
}
