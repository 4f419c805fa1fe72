package io.tatara.models.optim;

import io.tatara.kernels.optimizer.Adam;
import io.tatara.kernels.pointwise.Expr;
import io.tatara.kernels.pointwise.Exprs;
import io.tatara.kernels.pointwise.UnaryOp;
import io.tatara.runtime.Ops;
import io.tatara.runtime.Scope;
import io.tatara.runtime.Tensor;

/** Adam's moments of some of an optimizer's weights, and its step. */
final class AdamStep {
    private static final float BETA1 = 0.9f;
    private static final float EPSILON = 1e-8f;

    private final Optimizer of;
    private final int[] members;
    private final float beta2;
    private final float weightDecay;
    private final boolean decoupled;
    private final Tensor[] m;
    private final Tensor[] v;

    /**
     * @param members the weights' places among all
     */
    AdamStep(Optimizer of, int[] members, double beta2, double weightDecay, boolean decoupled) {
        this.of = of;
        this.members = members;
        this.beta2 = (float) beta2;
        this.weightDecay = (float) weightDecay;
        this.decoupled = decoupled;
        this.m = of.slots("m", members);
        this.v = of.slots("v", members);
    }

    /** As {@link Optimizer#update}, of all weights and gradients. */
    void update(Scope step, Tensor[] weights, Tensor[] gradients, double rate, Tensor scale) {
        if (members.length == 0) {
            return;
        }
        Ops ops = step.ops();
        Tensor[] p = Optimizer.Group.of(weights, members);
        Tensor[] g = Optimizer.Group.of(gradients, members);
        Tensor taken = of.taken(ops);
        Tensor correction =
                taken == null
                        ? step.tensor(new float[] {correction(BETA1), correction(beta2)}, 2)
                        : ops.concat(
                                0,
                                ops.pointwise(correctionAfter(BETA1), taken),
                                ops.pointwise(correctionAfter(beta2), taken));
        Tensor hyper = ops.concat(0, step.tensor(new float[] {(float) rate}, 1), scale, correction);
        for (Optimizer.Group t : of.groups(p, weightDecay)) {
            float decay = t.decayed() ? weightDecay : 0;
            ops.run(
                    new Adam(t.size(), BETA1, beta2, EPSILON, decay, decoupled),
                    Optimizer.join(hyper, t.of(p), t.of(g), t.of(m), t.of(v)));
        }
    }

    private float correction(double beta) {
        return (float) (1 / (1 - Math.pow(beta, of.steps())));
    }

    /** The same of a number of steps on the device: 1 / (1 − βᵗ) = −1 / expm1(t log β). */
    private static Expr correctionAfter(double beta) {
        Expr t = Exprs.scale(Exprs.in(0), Math.log(beta));
        return Exprs.neg(Exprs.reciprocal(Exprs.unary(UnaryOp.EXPM1, t)));
    }
}
