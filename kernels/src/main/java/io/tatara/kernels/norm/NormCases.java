package io.tatara.kernels.norm;

import io.tatara.kernels.DType;
import io.tatara.kernels.Op;
import io.tatara.kernels.Shape;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.check.Case;
import io.tatara.kernels.check.Data;
import java.util.ArrayList;
import java.util.List;

/** The cases of the forward ops, the same of both norms. */
final class NormCases {
    private static final double INF = Double.POSITIVE_INFINITY;
    private static final float EPSILON = 1e-5f;
    private static final Data SEED = Data.of(20160721, -5);

    private NormCases() {}

    /** What a case is made with beside x. */
    private record With(boolean residual, boolean scale, float dropout, boolean sum) {}

    private static final With NOTHING = new With(false, false, 0, false);
    private static final With SCALE = new With(false, true, 0, false);
    private static final With RESIDUAL = new With(true, true, 0, true);
    private static final With ALL = new With(true, true, 0.25f, true);

    static List<Case> layerNorm() {
        return cases(true);
    }

    static List<Case> rmsNorm() {
        return cases(false);
    }

    private static Op op(boolean centered, With w, float epsilon) {
        return centered
                ? new LayerNorm(epsilon, w.dropout, w.sum)
                : new RmsNorm(epsilon, w.dropout, w.sum);
    }

    private static Case of(String name, boolean centered, With w, TensorSpec x, Data data) {
        TensorSpec vector = x.withShape(x.shape().dim(-1));
        Case c = Case.of(name, op(centered, w, EPSILON)).in(x, data);
        c = w.residual ? c.in(x) : c.absent();
        c = w.scale ? c.in(vector, Data.normal(1, 0.5)) : c.absent();
        if (centered) {
            c = w.scale ? c.in(vector) : c.absent();
        }
        c = w.dropout > 0 ? c.fixed(TensorSpec.i32(2), SEED) : c.absent();
        return c.reduction(Math.max(1, x.shape().dim(-1)));
    }

    private static Case of(String name, boolean centered, With w, int... dims) {
        return of(name, centered, w, TensorSpec.f32(dims), Data.normal(0.5, 2));
    }

    private static List<Case> cases(boolean n) {
        List<Case> cases = new ArrayList<>();
        cases.add(of("one", n, SCALE, 1));
        cases.add(of("rows", n, NOTHING, 5, 13));
        cases.add(of("scale", n, SCALE, 2, 3, 37));
        cases.add(of("residual", n, RESIDUAL, 5, 24));
        cases.add(of("residual not kept", n, new With(true, true, 0, false), 4, 21));
        cases.add(of("dropout", n, new With(false, true, 0.5f, true), 7, 19));
        cases.add(of("dropout not kept", n, new With(false, false, 0.3f, false), 3, 33));
        cases.add(of("dropout of all", n, new With(true, true, 1, true), 3, 16));
        cases.add(of("dropout of all not kept", n, new With(false, true, 1, false), 3, 16));
        cases.add(of("dropout of all and residual", n, new With(true, true, 1, false), 3, 16));
        cases.add(of("dropout and residual not kept", n, new With(true, true, 0.1f, false), 3, 20));
        cases.add(of("all", n, ALL, 3, 2, 70));
        cases.add(of("whole pieces", n, ALL, 37, 64));
        cases.add(of("width 1", n, SCALE, 4, 1));
        cases.add(of("width 2", n, RESIDUAL, 70, 2));
        cases.add(of("wide", n, ALL, 3, 1311));
        cases.add(of("block a row", n, ALL, 5, 2560).noGradient());
        cases.add(of("empty batch", n, ALL, 0, 4));
        cases.add(of("empty rows", n, SCALE, 4, 0).noGradient());
        Data far = Data.normal(1e4, 1);
        cases.add(of("far from 0", n, SCALE, TensorSpec.f32(6, 50), far).noGradient());
        cases.add(of("far from 0, wide", n, SCALE, TensorSpec.f32(2, 3000), far).noGradient());
        cases.add(of("small", n, SCALE, TensorSpec.f32(4, 40), Data.normal(0, 1e-3)).noGradient());
        cases.add(of("constant", n, SCALE, TensorSpec.f32(3, 32), Data.constant(0.7)).noGradient());
        Data wild = Data.normal().sprinkled(60, Double.NaN, INF, -INF);
        cases.add(of("wild", n, SCALE, TensorSpec.f32(40, 20), wild).noGradient());
        cases.add(of("long", n, ALL, 2, 40_003).noGradient().large());
        cases =
                Case.withHalves(
                        cases, "rows", "scale", "residual", "all", "whole pieces", "wide", "wild");
        cases.add(of("4096x1024", n, SCALE, 4096, 1024).bench());
        cases.add(of("residual 4096x1024", n, RESIDUAL, 4096, 1024).bench());
        cases.add(of("all 4096x1024", n, ALL, 4096, 1024).bench());
        for (int d : new int[] {1024, 4096, 8192}) {
            TensorSpec x = new TensorSpec(DType.BFLOAT16, Shape.of(8192, d));
            cases.add(of("bfloat16 8192x" + d, n, SCALE, x, Data.normal()).bench().large());
            cases.add(
                    of("bfloat16 residual 8192x" + d, n, RESIDUAL, x, Data.normal())
                            .bench()
                            .large());
        }
        return cases;
    }
}
