package io.tatara.kernels.batchnorm;

import io.tatara.kernels.Checks;
import io.tatara.kernels.Cost;
import io.tatara.kernels.DType;
import io.tatara.kernels.Op;
import io.tatara.kernels.OpException;
import io.tatara.kernels.TensorSpec;

/**
 * Gradient of {@link BatchNorm}. Per channel of n elements, with r = 1/σ, x̂ = (x − mean) · r, and
 * (dm, dr) what arrives at the statistics, the running ones' share included:
 *
 * <pre>
 * dx = scale · r · (dy − mean(dy) − x̂ · mean(dy ∘ x̂)) + dm / n − x̂ · dr · r² / n
 * dscale = Σ dy ∘ x̂,  dshift = Σ dy
 * </pre>
 *
 * The statistics' mean serves as a first guess alone: the rest of the channel's mean is taken away
 * too, so that channels far from 0 do not suffer from its rounding.
 *
 * <p>Inputs: x [N, C, …]; scale? [C]; statistics float32 [C, 2]; dy of x's shape and type;
 * dstatistics? float32 [C, 2]; dRunningMean?, dRunningVariance? float32 [C], what arrives at the
 * new running statistics. Outputs: dx; where asked for, dscale [C] and dshift [C], of x's type.
 * Sums have a fixed order.
 *
 * @param momentum of the forward op
 */
public record BatchNormGradient(float momentum, boolean scale, boolean shift) implements Op {
    private static final String NAME = "batch_norm_gradient";
    private static final Checks CHECK = new Checks(NAME);

    /**
     * @throws OpException if momentum is not in [0, 1]
     */
    public BatchNormGradient {
        CHECK.that(momentum >= 0 && momentum <= 1, "momentum", momentum, "a number in [0, 1]");
    }

    @Override
    public String name() {
        return NAME;
    }

    /**
     * @throws OpException if an input is not as above
     */
    @Override
    public TensorSpec[] infer(TensorSpec... in) {
        CHECK.count(in, 4, 7);
        Channels c = Channels.check(CHECK, "x", in[0]);
        c.vector(CHECK, "scale", in[1], in[0].dtype());
        CHECK.shape("statistics", in[2], DType.FLOAT32, c.channels(), 2);
        CHECK.same("dy", in[3], in[0]);
        if (Channels.at(in, 4) != null) {
            CHECK.shape("dstatistics", in[4], DType.FLOAT32, c.channels(), 2);
        }
        c.vector(CHECK, "dRunningMean", Channels.at(in, 5), DType.FLOAT32);
        c.vector(CHECK, "dRunningVariance", Channels.at(in, 6), DType.FLOAT32);
        TensorSpec[] out = new TensorSpec[1 + (scale ? 1 : 0) + (shift ? 1 : 0)];
        java.util.Arrays.fill(out, in[0].withShape(c.channels()));
        out[0] = in[0];
        return out;
    }

    @Override
    public Cost cost(TensorSpec... in) {
        return Cost.of(12.0 * in[0].size(), in, infer(in));
    }

    /** Output of dshift. */
    int shiftAt() {
        return scale ? 2 : 1;
    }
}
