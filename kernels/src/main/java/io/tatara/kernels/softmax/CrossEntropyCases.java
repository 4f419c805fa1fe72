package io.tatara.kernels.softmax;

import io.tatara.kernels.DType;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.check.Case;
import io.tatara.kernels.check.Data;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/** The cases of cross-entropy. */
final class CrossEntropyCases {
    private static final double INF = Double.POSITIVE_INFINITY;

    private CrossEntropyCases() {}

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
            cases.add(
                    loss(
                            r + " far from 0",
                            0,
                            r,
                            4,
                            40,
                            Data.normal(1000, 3),
                            Data.integers(0, 39)));
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
        for (int c : new int[] {32000, 50257}) {
            Data labels = Data.integers(0, c - 1);
            Case wide = loss("2048x" + c, 0, Reduction.MEAN, 2048, c, normal, labels);
            cases.add(half(wide, DType.BFLOAT16).bench().large());
        }
        return halves(
                cases,
                c ->
                        List.of("MEAN far from 0", "late maximum", "MEAN smoothing 0.1 ignored")
                                        .contains(c.name())
                                || c.name().equals("NONE smoothing 0.1 long"));
    }

    /** Cases once more with logits of a 16-bit type; the other inputs stay as they are. */
    private static List<Case> halves(List<Case> cases, Predicate<Case> which) {
        List<Case> all = new ArrayList<>(cases);
        for (Case c : cases) {
            if (which.test(c)) {
                for (DType t : List.of(DType.FLOAT16, DType.BFLOAT16)) {
                    all.add(half(c, t));
                }
            }
        }
        return all;
    }

    private static Case half(Case c, DType type) {
        Case k = Case.of(c.name() + " " + type, c.op());
        for (int i = 0; i < c.inputs().size(); i++) {
            Case.Input in = c.inputs().get(i);
            if (in.spec() == null) {
                k = k.absent();
            } else {
                k = k.in(i == 0 ? in.spec().withDType(type) : in.spec(), in.data());
            }
        }
        k = k.reduction(c.inputs().get(0).spec().shape().dim(1));
        // Far from 0 a 16-bit logit is a whole number, where the floor that logSumExp keeps jumps.
        boolean smooth = c.testsGradient() && !c.name().endsWith("far from 0");
        return smooth ? k : k.noGradient();
    }

    /** Whole blocks of -inf, then ever larger numbers. */
    private static void late(double[] d) {
        for (int i = 0; i < d.length; i++) {
            d[i] = i < 4200 ? -INF : i * 0.01;
        }
    }

    /** Pairs of a small whole number and what makes the sum about this large. */
    private static Data logSumExp(double mean) {
        return (d, r) -> {
            for (int i = 0; i < d.length; i += 2) {
                d[i] = r.nextInt(3);
                d[i + 1] = mean + 0.1 * r.nextGaussian() - d[i];
            }
        };
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
                        .in(TensorSpec.f32(n, 2), logSumExp(Math.log(c + 1.0) + 0.5))
                        .in(reduction == Reduction.NONE ? TensorSpec.f32(n) : TensorSpec.f32());
        return (more ? k.in(TensorSpec.f32(n, 2)) : k.absent()).reduction(c);
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
        for (int c : new int[] {32000, 50257}) {
            Data labels = Data.integers(0, c - 1);
            Case wide = back("2048x" + c, 0, Reduction.MEAN, 2048, c, labels, false);
            cases.add(half(wide, DType.BFLOAT16).bench().large());
        }
        return halves(
                cases,
                c ->
                        c.name().startsWith("NONE smoothing 0.1")
                                && c.inputs().get(0).spec().size() > 0);
    }
}
