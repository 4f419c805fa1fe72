package io.tatara.models.vision;

import io.tatara.models.train.TrainingException;
import java.util.Arrays;

/** The training pictures, divided by the seed: those that are trained on and those held back. */
record Split(Images train, Images validation, Normalization normalization) {
    /**
     * @throws TrainingException if nothing is left to train on
     */
    static Split of(Images all, ClassifierConfig c) {
        int used = c.images() == 0 ? all.count() : Math.min(c.images(), all.count());
        if (used <= c.validation()) {
            throw new TrainingException(
                    used
                            + " training pictures, of which "
                            + c.validation()
                            + " are for validation: none is left");
        }
        int[] order = ClassifierTask.shuffled(all.count(), c.seed());
        Images train = all.select(Arrays.copyOfRange(order, c.validation(), used));
        Images validation = all.select(Arrays.copyOf(order, c.validation()));
        return new Split(train, validation, Normalization.of(train));
    }
}
