package io.tatara.models.optim;

import io.tatara.kernels.optimizer.Adam;
import io.tatara.kernels.pointwise.Expr;
import io.tatara.kernels.pointwise.Exprs;
import io.tatara.kernels.pointwise.UnaryOp;
import io.tatara.models.nn.Parameters;
import io.tatara.runtime.Ops;
import io.tatara.runtime.Scope;
import io.tatara.runtime.Tensor;

/**
 * Adam (Kingma and Ba 2015) with decoupled weight decay (AdamW; Loshchilov and Hutter 2019) or an
 * L2 penalty.
 */
public final class AdamOptimizer extends Optimizer {
    private static final float BETA1 = 0.9f;
    private static final float EPSILON = 1e-8f;

    private final float beta2;
    private final float weightDecay;
    private final boolean decoupled;
    private final Tensor[] m;
    private final Tensor[] v;

    public AdamOptimizer(Parameters parameters, double clip) {
        this(parameters, clip, 0.999, 0);
    }

    /**
     * @param clip largest global norm of the gradients, 0 for none
     * @param beta2 decay of the second moment; the first one's is 0.9
     */
    public AdamOptimizer(Parameters parameters, double clip, double beta2, double weightDecay) {
        this(parameters, clip, beta2, weightDecay, true);
    }

    /**
     * @param decoupled whether the decay is AdamW's; false for an L2 penalty
     */
    public AdamOptimizer(
            Parameters parameters,
            double clip,
            double beta2,
            double weightDecay,
            boolean decoupled) {
        super(parameters, clip);
        this.decoupled = decoupled;
        this.beta2 = (float) beta2;
        this.weightDecay = (float) weightDecay;
        this.m = slots("m");
        this.v = slots("v");
    }

    @Override
    void update(Scope step, Tensor[] p, Tensor[] g, double learningRate, Tensor scale) {
        Ops ops = step.ops();
        Tensor rate = step.tensor(new float[] {(float) learningRate}, 1);
        Tensor taken = taken(ops);
        Tensor correction =
                taken == null
                        ? step.tensor(new float[] {correction(BETA1), correction(beta2)}, 2)
                        : ops.concat(
                                0,
                                ops.pointwise(correctionAfter(BETA1), taken),
                                ops.pointwise(correctionAfter(beta2), taken));
        Tensor hyper = ops.concat(0, rate, scale, correction);
        for (Group t : groups(p, weightDecay)) {
            float decay = t.decayed() ? weightDecay : 0;
            ops.run(
                    new Adam(t.size(), BETA1, beta2, EPSILON, decay, decoupled),
                    join(hyper, t.of(p), t.of(g), t.of(m), t.of(v)));
        }
    }

    private float correction(double beta) {
        return (float) (1 / (1 - Math.pow(beta, steps())));
    }

    /** The same of a number of steps on the device: 1 / (1 − βᵗ) = −1 / expm1(t log β). */
    private static Expr correctionAfter(double beta) {
        Expr t = Exprs.scale(Exprs.in(0), Math.log(beta));
        return Exprs.neg(Exprs.reciprocal(Exprs.unary(UnaryOp.EXPM1, t)));
    }
}
