package io.tatara.kernels.softmax;

import io.tatara.kernels.DType;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.check.Case;
import io.tatara.kernels.check.Data;
import java.util.ArrayList;
import java.util.Arrays;
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
            cases.add(
                    Case.of(l + "whole pieces", op)
                            .in(TensorSpec.f32(37, 64))
                            .absent()
                            .reduction(64));
            cases.add(
                    Case.of(l + "ragged long", op)
                            .in(TensorSpec.f32(4, 1311))
                            .in(TensorSpec.i32(4), Data.of(1311, 1, 1000, 0))
                            .reduction(1311)
                            .noGradient());
            cases.add(
                    Case.of(l + "longer than registers", op)
                            .in(TensorSpec.f32(2, 66_001))
                            .absent()
                            .reduction(66_001)
                            .noGradient()
                            .large());
            cases.add(Case.of(l + "4096x1024", op).in(TensorSpec.f32(4096, 1024)).absent().bench());
            cases = halves(cases, l, "rows", "whole pieces", "long", "far from 0", "ragged long");
        }
        for (int n : new int[] {1024, 4096, 8192}) {
            cases.add(
                    Case.of("bfloat16 16384x" + n, new Softmax(false))
                            .in(TensorSpec.of(DType.BFLOAT16, 16384, n))
                            .absent()
                            .bench()
                            .large());
        }
        return cases;
    }

    private static List<Case> halves(List<Case> cases, String prefix, String... names) {
        return Case.withHalves(
                cases, Arrays.stream(names).map(n -> prefix + n).toArray(String[]::new));
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
                    Case.of(l + "whole pieces", op)
                            .in(TensorSpec.f32(37, 64), y)
                            .in(TensorSpec.f32(37, 64))
                            .reduction(64));
            cases.add(
                    Case.of(l + "longer than registers", op)
                            .in(TensorSpec.f32(2, 40_001), y)
                            .in(TensorSpec.f32(2, 40_001))
                            .reduction(40_001)
                            .large());
            cases.add(
                    Case.of(l + "4096x1024", op)
                            .in(TensorSpec.f32(4096, 1024), y)
                            .in(TensorSpec.f32(4096, 1024))
                            .bench());
            cases = halves(cases, l, "rows", "whole pieces", "long", "masked");
        }
        for (int n : new int[] {1024, 4096}) {
            TensorSpec spec = TensorSpec.of(DType.BFLOAT16, 16384, n);
            cases.add(
                    Case.of("bfloat16 16384x" + n, new SoftmaxGradient(false))
                            .in(spec, Data.uniform(0, 0.1))
                            .in(spec)
                            .bench()
                            .large());
        }
        return cases;
    }
}
