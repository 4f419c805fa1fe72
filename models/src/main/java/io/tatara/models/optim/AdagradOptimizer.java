package io.tatara.models.optim;

import io.tatara.kernels.optimizer.Adagrad;
import io.tatara.models.nn.Parameters;
import io.tatara.runtime.Ops;
import io.tatara.runtime.Scope;
import io.tatara.runtime.Tensor;
import java.util.Arrays;

/** Adagrad (Duchi, Hazan and Singer 2011); defaults are PyTorch's. */
public final class AdagradOptimizer extends Optimizer {
    private final double rateDecay;
    private final float epsilon;
    private final float weightDecay;
    private final Tensor[] sums;

    public AdagradOptimizer(Parameters parameters, double clip) {
        this(parameters, clip, 0, 0, 1e-10, 0);
    }

    /**
     * @param clip largest global norm of the gradients, 0 for none
     * @param rateDecay in step t = 1, 2, … the learning rate is divided by 1 + (t − 1) rateDecay
     * @param initial value of all sums of squares before the first step
     * @param weightDecay an L2 penalty's
     */
    public AdagradOptimizer(
            Parameters parameters,
            double clip,
            double rateDecay,
            double initial,
            double epsilon,
            double weightDecay) {
        super(parameters, clip);
        this.rateDecay = rateDecay;
        this.epsilon = (float) epsilon;
        this.weightDecay = (float) weightDecay;
        this.sums = slots("sum");
        for (Tensor s : initial == 0 ? new Tensor[0] : sums) {
            float[] v = new float[s.size()];
            Arrays.fill(v, (float) initial);
            s.write(v);
        }
    }

    @Override
    void update(Scope step, Tensor[] p, Tensor[] g, double learningRate, Tensor scale) {
        Ops ops = step.ops();
        double rate = learningRate / (1 + (steps() - 1) * rateDecay);
        Tensor hyper = ops.concat(0, step.tensor(new float[] {(float) rate}, 1), scale);
        for (Group t : groups(p, weightDecay)) {
            float decay = t.decayed() ? weightDecay : 0;
            Adagrad op = new Adagrad(t.size(), epsilon, decay);
            ops.run(op, join(hyper, t.of(p), t.of(g), t.of(sums)));
        }
    }
}
