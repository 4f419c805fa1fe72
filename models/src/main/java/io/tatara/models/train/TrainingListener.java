package io.tatara.models.train;

import java.nio.file.Path;
import java.util.List;

/** Is told how training goes, on the training thread. */
public interface TrainingListener {
    /** Hears nothing. */
    TrainingListener NONE = new TrainingListener() {};

    /**
     * @param epoch from 1
     * @param batch batches of it that are done already
     */
    default void epochStarted(int epoch, int epochs, int batch, int batches) {}

    /**
     * Told every few steps.
     *
     * @param batch batches of the epoch that are done
     * @param loss mean of the epoch so far
     */
    default void progressed(int batch, int batches, double loss) {}

    default void epochDone(EpochRecord record, List<String> samples) {}

    /** Training was asked to stop, and can be taken up from this checkpoint. */
    default void stopped(Path checkpoint) {}

    /** Something worth saying. */
    default void note(String message) {}

    /** This one, with something done once training has truly begun: before the first epoch. */
    default TrainingListener first(Runnable action) {
        return new Beginning(this, action);
    }
}
