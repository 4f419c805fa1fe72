package io.tatara.models.optim;

import io.tatara.models.nn.Parameters;
import io.tatara.runtime.Scope;
import io.tatara.runtime.Tensor;
import java.util.stream.IntStream;

/**
 * Adam (Kingma and Ba 2015) with decoupled weight decay (AdamW; Loshchilov and Hutter 2019) or an
 * L2 penalty.
 */
public final class AdamOptimizer extends Optimizer {
    private final AdamStep adam;

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
        int[] all = IntStream.range(0, parameters.tensors().length).toArray();
        this.adam = new AdamStep(this, all, beta2, weightDecay, decoupled);
    }

    @Override
    void update(Scope step, Tensor[] p, Tensor[] g, double learningRate, Tensor scale) {
        adam.update(step, p, g, learningRate, scale);
    }
}
