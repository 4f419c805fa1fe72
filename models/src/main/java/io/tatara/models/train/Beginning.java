package io.tatara.models.train;

import java.nio.file.Path;
import java.util.List;

/** Tells another listener all, and does something before the first epoch. */
final class Beginning implements TrainingListener {
    private final TrainingListener next;
    private Runnable action; // null once it was done

    Beginning(TrainingListener next, Runnable action) {
        this.next = next;
        this.action = action;
    }

    @Override
    public void epochStarted(int epoch, int epochs, int batch, int batches) {
        if (action != null) {
            action.run();
            action = null;
        }
        next.epochStarted(epoch, epochs, batch, batches);
    }

    @Override
    public void progressed(int batch, int batches, double loss) {
        next.progressed(batch, batches, loss);
    }

    @Override
    public void epochDone(EpochRecord record, List<String> samples) {
        next.epochDone(record, samples);
    }

    @Override
    public void stopped(Path checkpoint) {
        next.stopped(checkpoint);
    }

    @Override
    public void note(String message) {
        next.note(message);
    }
}
