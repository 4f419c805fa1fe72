package io.tatara.kernels.norm;

import io.tatara.kernels.Checks;
import io.tatara.kernels.TensorSpec;
import java.util.ArrayList;
import java.util.List;

/** What {@link LayerNormGradient} and {@link RmsNormGradient} have in common. */
record GradientCall(boolean centered, float dropout, boolean scale, boolean shift) {
    static final int Z = 0;
    static final int SCALE = 1;
    static final int SEED = 2;
    static final int STATISTICS = 3;
    static final int DY = 4;
    static final int DSTATISTICS = 5;
    static final int DSUM = 6;

    static final int DZ = 0;

    static GradientCall of(LayerNormGradient op) {
        return new GradientCall(true, op.dropout(), op.scale(), op.shift());
    }

    static GradientCall of(RmsNormGradient op) {
        return new GradientCall(false, op.dropout(), op.scale(), false);
    }

    /** Whether sums over rows are asked for. */
    boolean parameters() {
        return scale || shift;
    }

    /** Place of dx among the outputs, -1 where it is dz. */
    int dx() {
        return dropout > 0 ? 1 : -1;
    }

    /** Place of dscale among the outputs, -1 for none. */
    int dScale() {
        return scale ? 1 + (dropout > 0 ? 1 : 0) : -1;
    }

    /** Place of dshift among the outputs, -1 for none. */
    int dShift() {
        return shift ? 1 + (dropout > 0 ? 1 : 0) + (scale ? 1 : 0) : -1;
    }

    TensorSpec[] infer(Checks check, TensorSpec... in) {
        check.count(in, DSUM + 1, DSUM + 1);
        check.floating("z", in[Z]);
        TensorSpec z = check.rankAtLeast("z", in[Z], 1);
        TensorSpec vector = z.withShape(z.shape().dim(-1));
        NormCall.optional(check, "scale", in[SCALE], vector);
        NormCall.seed(check, dropout, in[SEED]);
        TensorSpec statistics = NormCall.statistics(centered, z);
        check.same("statistics", in[STATISTICS], statistics);
        check.same("dy", in[DY], z);
        NormCall.optional(check, "dstatistics", in[DSTATISTICS], statistics);
        NormCall.optional(check, "dsum", in[DSUM], z);
        List<TensorSpec> out = new ArrayList<>(List.of(z));
        if (dropout > 0) {
            out.add(z);
        }
        if (scale) {
            out.add(vector);
        }
        if (shift) {
            out.add(vector);
        }
        return out.toArray(TensorSpec[]::new);
    }
}
