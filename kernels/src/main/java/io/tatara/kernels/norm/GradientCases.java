package io.tatara.kernels.norm;

import io.tatara.kernels.DType;
import io.tatara.kernels.Op;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.check.Case;
import io.tatara.kernels.check.Data;
import java.util.ArrayList;
import java.util.List;

/** The cases of the gradients' ops, the same of both norms. */
final class GradientCases {
    private GradientCases() {}

    /** What a case is made with: inputs beside z and dy, and what is asked for. */
    private record With(
            boolean scale, float dropout, boolean more, boolean dScale, boolean dShift) {}

    private static final With NOTHING = new With(false, 0, false, false, false);
    private static final With SCALE = new With(true, 0, false, true, true);
    private static final With ALL = new With(true, 0.25f, true, true, true);

    static List<Case> layerNorm() {
        return cases(true);
    }

    static List<Case> rmsNorm() {
        return cases(false);
    }

    private static Case of(String name, boolean centered, With w, DType type, int rows, int d) {
        Op op =
                centered
                        ? new LayerNormGradient(w.dropout, w.dScale, w.dShift)
                        : new RmsNormGradient(w.dropout, w.dScale);
        TensorSpec z = TensorSpec.of(type, rows, d);
        TensorSpec statistics = centered ? TensorSpec.f32(rows, 2) : TensorSpec.f32(rows);
        Case c = Case.of(name, op).in(z);
        c = w.scale ? c.in(z.withShape(d), Data.normal(1, 0.5)) : c.absent();
        c = w.dropout > 0 ? c.fixed(TensorSpec.i32(2), Data.of(77, 3)) : c.absent();
        c = c.in(statistics, Data.uniform(0.5, 1.5)).in(z);
        c = w.more ? c.in(statistics).in(z) : c.absent().absent();
        return c.reduction(Math.max(1, Math.max(rows, d)));
    }

    private static Case of(String name, boolean centered, With w, int rows, int d) {
        return of(name, centered, w, DType.FLOAT32, rows, d);
    }

    private static List<Case> cases(boolean n) {
        List<Case> cases = new ArrayList<>();
        cases.add(of("one", n, SCALE, 1, 1));
        cases.add(of("rows", n, NOTHING, 5, 13));
        cases.add(of("scale", n, SCALE, 9, 37));
        cases.add(of("scale, nothing asked", n, new With(true, 0, true, false, false), 6, 40));
        cases.add(of("shift alone", n, new With(false, 0, false, false, true), 6, 8));
        cases.add(of("scale alone", n, new With(true, 0, true, true, false), 6, 24));
        cases.add(of("all", n, ALL, 11, 70));
        cases.add(of("whole pieces", n, ALL, 37, 64));
        cases.add(of("many rows", n, ALL, 1500, 12));
        cases.add(of("width 1", n, SCALE, 4, 1));
        cases.add(of("wide", n, ALL, 3, 1311));
        cases.add(of("block a row", n, ALL, 37, 1536));
        cases.add(of("no rows", n, ALL, 0, 5));
        cases.add(of("no columns", n, ALL, 4, 0));
        cases.add(of("long", n, ALL, 2, 9000).large());
        for (DType type : new DType[] {DType.FLOAT16, DType.BFLOAT16}) {
            cases.add(of("odd " + type, n, ALL, type, 11, 37));
            cases.add(of("whole pieces " + type, n, ALL, type, 37, 64));
            cases.add(of("block a row " + type, n, ALL, type, 9, 2048));
        }
        cases.add(of("4096x1024", n, SCALE, 4096, 1024).bench());
        cases.add(of("all 4096x1024", n, ALL, 4096, 1024).bench());
        for (int d : new int[] {1024, 4096}) {
            cases.add(of("bfloat16 8192x" + d, n, SCALE, DType.BFLOAT16, 8192, d).bench().large());
        }
        return cases;
    }
}
