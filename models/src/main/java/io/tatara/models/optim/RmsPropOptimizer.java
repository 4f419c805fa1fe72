package io.tatara.models.optim;

import io.tatara.kernels.optimizer.RmsProp;
import io.tatara.models.nn.Parameters;
import io.tatara.runtime.Ops;
import io.tatara.runtime.Scope;
import io.tatara.runtime.Tensor;

/** RMSProp (Hinton 2012), centered (Graves 2013) and with momentum where asked for. */
public final class RmsPropOptimizer extends Optimizer {
    private final float alpha;
    private final float epsilon;
    private final boolean centered;
    private final float momentum;
    private final float weightDecay;
    private final Tensor[] squares;
    private final Tensor[] means;
    private final Tensor[] velocity;

    /** With PyTorch's defaults. */
    public RmsPropOptimizer(Parameters parameters, double clip) {
        this(parameters, clip, 0.99, 1e-8, false, 0, 0);
    }

    /**
     * @param clip largest global norm of the gradients, 0 for none
     * @param alpha decay of the mean squares
     * @param weightDecay an L2 penalty's
     */
    public RmsPropOptimizer(
            Parameters parameters,
            double clip,
            double alpha,
            double epsilon,
            boolean centered,
            double momentum,
            double weightDecay) {
        super(parameters, clip);
        this.alpha = (float) alpha;
        this.epsilon = (float) epsilon;
        this.centered = centered;
        this.momentum = (float) momentum;
        this.weightDecay = (float) weightDecay;
        this.squares = slots("square");
        // Not "mean": so the running means of the weights are saved.
        this.means = centered ? slots("gradientMean") : new Tensor[0];
        this.velocity = momentum > 0 ? slots("momentum") : new Tensor[0];
    }

    @Override
    void update(Scope step, Tensor[] p, Tensor[] g, double learningRate, Tensor scale) {
        Ops ops = step.ops();
        Tensor rate = step.tensor(new float[] {(float) learningRate}, 1);
        Tensor hyper = ops.concat(0, rate, scale);
        for (Group t : groups(p, weightDecay)) {
            Tensor[] m = centered ? t.of(means) : means;
            Tensor[] v = momentum > 0 ? t.of(velocity) : velocity;
            float decay = t.decayed() ? weightDecay : 0;
            RmsProp op = new RmsProp(t.size(), alpha, epsilon, centered, momentum, decay);
            ops.run(op, join(hyper, t.of(p), t.of(g), t.of(squares), m, v));
        }
    }
}
