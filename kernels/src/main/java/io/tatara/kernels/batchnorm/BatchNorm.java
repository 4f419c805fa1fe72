package io.tatara.kernels.batchnorm;

import io.tatara.kernels.Backprop;
import io.tatara.kernels.Checks;
import io.tatara.kernels.Cost;
import io.tatara.kernels.DType;
import io.tatara.kernels.Op;
import io.tatara.kernels.OpException;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.Value;
import io.tatara.kernels.pointwise.Expr;
import io.tatara.kernels.pointwise.Exprs;
import io.tatara.kernels.pointwise.Pointwise;

/**
 * Batch norm as training does it, per channel over batch and space: y = (x − mean) / √(var + ε) ·
 * scale + shift, with the variance of the population. Ioffe, Szegedy, "Batch Normalization", 2015,
 * algorithm 1.
 *
 * <p>Inputs: x [N, C, …], rank at least 2, float32, float16 or bfloat16; scale? and shift? [C] of
 * x's type; runningMean? and runningVariance? float32 [C], both or neither. Outputs: y of x's shape
 * and type; statistics float32 [C, 2], mean and 1/σ; where there are running statistics, the new
 * ones: (1 − momentum) · running + momentum · batch, with the unbiased variance (divided by n − 1;
 * 0 for one element). A NaN or an infinity makes its channel NaN. Channels of no elements have
 * statistics NaN and leave the running ones as they were. Channels far from 0 keep their digits.
 *
 * @param epsilon is added to the variance; finite and at least 0
 * @param momentum share of this batch in the running statistics, in [0, 1]
 */
public record BatchNorm(float epsilon, float momentum) implements Op {
    private static final String NAME = "batch_norm";
    private static final Checks CHECK = new Checks(NAME);

    /**
     * @throws OpException if an attribute is not one of the above
     */
    public BatchNorm {
        CHECK.that(
                epsilon >= 0 && epsilon < Float.POSITIVE_INFINITY,
                "epsilon",
                epsilon,
                "a finite number >= 0");
        CHECK.that(momentum >= 0 && momentum <= 1, "momentum", momentum, "a number in [0, 1]");
    }

    /**
     * Batch norm of inference as an expression over x, mean, variance and, where they are there,
     * scale and shift, all broadcast to x ([C, 1, 1] for [N, C, H, W]): with running statistics
     * nothing is summed, so it is pointwise, and a graph fuses it with what stands around it.
     */
    public static Expr inference(float epsilon, boolean scale, boolean shift) {
        Expr y =
                Exprs.mul(
                        Exprs.sub(Exprs.in(0), Exprs.in(1)),
                        Exprs.rsqrt(Exprs.offset(Exprs.in(2), epsilon)));
        y = scale ? Exprs.mul(y, Exprs.in(3)) : y;
        return shift ? Exprs.add(y, Exprs.in(scale ? 4 : 3)) : y;
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
        CHECK.count(in, 1, 5);
        Channels c = Channels.check(CHECK, "x", in[0]);
        c.vector(CHECK, "scale", Channels.at(in, 1), in[0].dtype());
        c.vector(CHECK, "shift", Channels.at(in, 2), in[0].dtype());
        TensorSpec mean = Channels.at(in, 3);
        TensorSpec variance = Channels.at(in, 4);
        c.vector(CHECK, "runningMean", mean, DType.FLOAT32);
        c.vector(CHECK, "runningVariance", variance, DType.FLOAT32);
        CHECK.that(
                (mean == null) == (variance == null),
                "runningVariance",
                variance == null ? "nothing" : variance,
                "both running statistics or neither");
        TensorSpec statistics = TensorSpec.f32(c.channels(), 2);
        return mean == null
                ? new TensorSpec[] {in[0], statistics}
                : new TensorSpec[] {in[0], statistics, mean, variance};
    }

    @Override
    public Cost cost(TensorSpec... in) {
        return Cost.of(8.0 * in[0].size(), in, infer(in));
    }

    @Override
    public boolean differentiable() {
        return true;
    }

    @Override
    public Value[] gradient(Backprop b) {
        Value[] g = new Value[b.inputs()];
        boolean running = b.inputs() > 3 && b.input(3) != null;
        Value dMean = running ? b.grad(2) : null;
        Value dVariance = running ? b.grad(3) : null;
        boolean scale = b.inputs() > 1 && b.needs(1);
        boolean shift = b.inputs() > 2 && b.needs(2);
        if (b.needs(0) || scale || shift) {
            Value[] d =
                    b.emit(
                            new BatchNormGradient(momentum, scale, shift),
                            b.input(0),
                            b.inputs() > 1 ? b.input(1) : null,
                            b.output(1),
                            b.gradOrZeros(0),
                            b.grad(1),
                            dMean,
                            dVariance);
            g[0] = d[0];
            if (scale) {
                g[1] = d[1];
            }
            if (shift) {
                g[2] = d[d.length - 1];
            }
        }
        if (dMean != null && b.needs(3)) {
            g[3] = kept(b, dMean);
        }
        if (dVariance != null && b.needs(4)) {
            g[4] = kept(b, dVariance);
        }
        return g;
    }

    /** The running statistics' own share. */
    private Value kept(Backprop b, Value d) {
        return b.one(new Pointwise(Exprs.scale(Exprs.in(0), 1 - (double) momentum), 1), d);
    }
}
