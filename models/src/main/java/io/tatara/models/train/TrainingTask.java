package io.tatara.models.train;

import io.tatara.runtime.Tape;
import io.tatara.runtime.Tensor;
import java.util.List;
import java.util.Map;

/**
 * What differs from model to model. All methods must depend on their arguments (and the weights)
 * alone, so that a run taken up from a checkpoint gives the same numbers.
 *
 * @param <B> a batch, on the host
 */
public interface TrainingTask<B> {
    /**
     * How the model fares on data it was not trained on.
     *
     * @param metrics numbers by name, in order
     * @param samples lines for people
     */
    record Evaluation(Map<String, Double> metrics, List<String> samples) {}

    /** The batches of an epoch (from 0) in order; their number is the same for all epochs. */
    List<B> batches(int epoch);

    /**
     * Mean loss of a batch, one element, computed through the tape.
     *
     * @param step number of steps before this one, for the seed of dropout
     */
    Tensor loss(Tape tape, B batch, long step);

    /** Number of terms that the loss is the mean of. */
    double weight(B batch);

    /** Called after each epoch. */
    Evaluation evaluate(int epoch);
}
