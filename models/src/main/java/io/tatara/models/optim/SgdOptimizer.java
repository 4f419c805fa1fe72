package io.tatara.models.optim;

import io.tatara.kernels.optimizer.Sgd;
import io.tatara.models.nn.Parameters;
import io.tatara.runtime.Ops;
import io.tatara.runtime.Scope;
import io.tatara.runtime.Tensor;

/** Stochastic gradient descent, with momentum (Polyak's or Nesterov's) where that is not 0. */
public final class SgdOptimizer extends Optimizer {
    private final float momentum;
    private final boolean nesterov;
    private final float weightDecay;
    private final Tensor[] velocity;

    public SgdOptimizer(Parameters parameters, double clip) {
        this(parameters, clip, 0, false, 0);
    }

    /**
     * @param clip largest global norm of the gradients, 0 for none
     */
    public SgdOptimizer(
            Parameters parameters,
            double clip,
            double momentum,
            boolean nesterov,
            double weightDecay) {
        super(parameters, clip);
        this.momentum = (float) momentum;
        this.nesterov = nesterov;
        this.weightDecay = (float) weightDecay;
        this.velocity = momentum > 0 ? slots("momentum") : new Tensor[0];
    }

    @Override
    void update(Scope step, Tensor[] p, Tensor[] g, double learningRate, Tensor scale) {
        Ops ops = step.ops();
        Tensor rate = step.tensor(new float[] {(float) learningRate}, 1);
        Tensor hyper = ops.concat(0, rate, scale);
        for (Group t : groups(p, weightDecay)) {
            Tensor[] v = momentum > 0 ? t.of(velocity) : velocity;
            float decay = t.decayed() ? weightDecay : 0;
            ops.run(new Sgd(t.size(), momentum, nesterov, decay), join(hyper, t.of(p), t.of(g), v));
        }
    }
}
