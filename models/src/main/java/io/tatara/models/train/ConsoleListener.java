package io.tatara.models.train;

import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;

/** Shows a progress bar where there is a terminal, and a line for each epoch. */
public final class ConsoleListener implements TrainingListener {
    private final PrintStream out;
    private final boolean bars;
    private ProgressBar bar;

    /**
     * @param out usually standard error
     * @param bars whether to draw progress bars; for a file or a pipe they are noise
     */
    public ConsoleListener(PrintStream out, boolean bars) {
        this.out = out;
        this.bars = bars;
    }

    /** On standard error: with bars on a terminal, without elsewhere. */
    public static ConsoleListener standard() {
        return new ConsoleListener(
                System.err, System.console() != null && System.console().isTerminal());
    }

    @Override
    public void epochStarted(int epoch, int epochs, int batch, int batches) {
        if (bars) {
            bar =
                    new ProgressBarBuilder()
                            .setTaskName("epoch " + epoch + "/" + epochs)
                            .setInitialMax(batches)
                            .startsFrom(batch, Duration.ZERO)
                            .setUpdateIntervalMillis(500)
                            .setConsumer(new ConsoleProgressBarConsumer(out))
                            .clearDisplayOnFinish()
                            .build();
        }
    }

    @Override
    public void progressed(int batch, int batches, double loss) {
        if (bar != null) {
            bar.setExtraMessage(String.format(Locale.ROOT, " loss %.3f", loss));
            bar.stepTo(batch);
        }
    }

    @Override
    public void epochDone(EpochRecord r, List<String> samples) {
        closeBar();
        StringBuilder s = new StringBuilder();
        s.append(String.format(Locale.ROOT, "epoch %d: train loss %.4f", r.epoch(), r.trainLoss()));
        for (Map.Entry<String, Double> m : r.metrics().entrySet()) {
            s.append(String.format(Locale.ROOT, ", %s %.4f", m.getKey(), m.getValue()));
        }
        out.println(s.append(String.format(Locale.ROOT, " (%.0f s)", r.seconds())));
        samples.forEach(line -> out.println("  " + line));
    }

    @Override
    public void stopped(Path checkpoint) {
        closeBar();
        out.println(
                "stopped; the state is in "
                        + checkpoint
                        + ": the same command with --resume goes on from there");
    }

    @Override
    public void note(String message) {
        closeBar();
        out.println(message);
    }

    private void closeBar() {
        if (bar != null) {
            bar.close();
            bar = null;
        }
    }
}
