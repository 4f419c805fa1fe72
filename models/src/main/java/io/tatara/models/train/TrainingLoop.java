package io.tatara.models.train;

import io.tatara.kernels.TataraException;
import io.tatara.models.nn.Parameters;
import io.tatara.models.optim.Optimizer;
import io.tatara.runtime.Device;
import io.tatara.runtime.Scope;
import io.tatara.runtime.Tape;
import io.tatara.runtime.Tensor;
import io.tatara.runtime.io.HostTensor;
import io.tatara.runtime.io.Safetensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Runs a task epoch by epoch. Into its folder go {@code last.safetensors}, from which {@code
 * resume} goes on to the same numbers as if it had never stopped, and {@code best.safetensors}, the
 * weights of the epoch with the best metric (their running means, where the optimizer keeps those).
 * Losses are read from the device every few steps only.
 *
 * @param <B> a batch
 */
public final class TrainingLoop<B> {
    private static final String LAST = "last.safetensors";
    private static final String BEST = "best.safetensors";

    /** Steps between two looks at the losses: rarely enough that a GPU is not made to wait. */
    private static final int READ_EVERY = 16;

    /**
     * @param checkpointEvery steps between checkpoints within an epoch; 0 for at the end of each
     *     epoch only
     * @param metric the name of the metric by which the best epoch is chosen
     * @param larger whether larger is better
     */
    public record Options(
            int epochs,
            Schedule schedule,
            int checkpointEvery,
            Path folder,
            String metric,
            boolean larger) {
        public Options {
            if (epochs < 1) {
                throw new TrainingException(
                        "training: epochs: given " + epochs + ", expected >= 1");
            }
        }
    }

    /**
     * @param finished false where it was asked to stop
     */
    public record Outcome(boolean finished, List<EpochRecord> history) {}

    private final Device device;
    private final Parameters parameters;
    private final Optimizer optimizer;
    private final TrainingTask<B> task;
    private final Options options;
    private final TrainingListener listener;
    private final StopRequest stop;
    private final List<EpochRecord> history = new ArrayList<>();
    private final List<Tensor> pending = new ArrayList<>();
    private final List<Double> pendingWeights = new ArrayList<>();
    private int epoch;
    private int batch;
    private double lossSum;
    private double weightSum;
    private double seconds;
    private long clock;
    private Double best;

    public TrainingLoop(
            Device device,
            Parameters parameters,
            Optimizer optimizer,
            TrainingTask<B> task,
            Options options,
            TrainingListener listener,
            StopRequest stop) {
        this.device = device;
        this.parameters = parameters;
        this.optimizer = optimizer;
        this.task = task;
        this.options = options;
        this.listener = listener;
        this.stop = stop;
    }

    /**
     * Trains to the end, or until asked to stop.
     *
     * @param resume whether to go on from the folder's checkpoint
     * @throws TrainingException if there is nothing to resume; if not resuming would overwrite an
     *     unfinished run's checkpoint; or if a loss is no finite number, or a metric NaN
     */
    public Outcome run(boolean resume) {
        Path last = options.folder.resolve(LAST);
        if (resume) {
            restore(Checkpoint.read(last, parameters, optimizer));
        } else {
            begin(last);
        }
        try (Scope losses = device.scope()) {
            while (epoch < options.epochs) {
                if (!epoch(losses)) {
                    save(last);
                    listener.stopped(last);
                    return new Outcome(false, List.copyOf(history));
                }
            }
        }
        return new Outcome(true, List.copyOf(history));
    }

    private void begin(Path last) {
        try {
            Files.createDirectories(options.folder);
        } catch (IOException e) {
            throw new TataraException("folder " + options.folder + " cannot be made: " + e, e);
        }
        if (Files.exists(last)) {
            int done = Checkpoint.progress(last).epoch();
            if (done < options.epochs) {
                throw new TrainingException(
                        last
                                + " is an unfinished run ("
                                + done
                                + " epochs done): resume it, remove it, or name another folder");
            }
            // Else, were this run cut off in its first epoch, resume would take that one for it.
            delete(last);
        }
    }

    private static void delete(Path file) {
        try {
            Files.delete(file);
        } catch (IOException e) {
            throw new TataraException("file " + file + " cannot be removed: " + e, e);
        }
    }

    private void restore(Checkpoint.Progress p) {
        epoch = p.epoch();
        batch = p.batch();
        lossSum = p.lossSum();
        weightSum = p.weightSum();
        seconds = p.seconds();
        best = p.best();
        history.addAll(p.history());
    }

    /** Runs what is left of an epoch; false where asked to stop. */
    private boolean epoch(Scope losses) {
        List<B> batches = task.batches(epoch);
        if (batch > batches.size()) {
            throw new TrainingException(
                    "the checkpoint is "
                            + batch
                            + " batches into an epoch of "
                            + batches.size()
                            + ": was it made on other data?");
        }
        listener.epochStarted(epoch + 1, options.epochs, batch, batches.size());
        clock = System.nanoTime();
        long total = (long) options.epochs * batches.size();
        double rate = 0;
        while (batch < batches.size()) {
            if (stop.requested()) {
                drain(batches.size());
                return false;
            }
            rate = options.schedule.at(optimizer.steps(), total);
            step(losses, batches.get(batch), rate);
            batch++;
            if (pending.size() >= READ_EVERY || batch == batches.size()) {
                drain(batches.size());
            }
            if (options.checkpointEvery > 0
                    && batch % options.checkpointEvery == 0
                    && batch < batches.size()) {
                drain(batches.size());
                save(options.folder.resolve(LAST));
            }
        }
        finish(rate);
        return true;
    }

    private void step(Scope losses, B b, double rate) {
        try (Scope scope = device.scope()) {
            Tape tape = scope.tape().watch(parameters.tensors());
            Tensor loss = task.loss(tape, b, optimizer.steps());
            optimizer.step(scope, optimizer.backward(tape, loss), rate);
            pending.add(loss.moveTo(losses));
            pendingWeights.add(task.weight(b));
        }
    }

    private void drain(int batches) {
        for (int i = 0; i < pending.size(); i++) {
            float loss = pending.get(i).item();
            if (!Float.isFinite(loss)) {
                throw new TrainingException(
                        "the loss is "
                                + loss
                                + " in epoch "
                                + (epoch + 1)
                                + ", batch "
                                + (batch - pending.size() + i + 1)
                                + " of "
                                + batches
                                + ": try a lower learning rate or a smaller gradient norm");
            }
            pending.get(i).close();
            lossSum += loss * pendingWeights.get(i);
            weightSum += pendingWeights.get(i);
        }
        pending.clear();
        pendingWeights.clear();
        long now = System.nanoTime();
        seconds += (now - clock) / 1e9;
        clock = now;
        listener.progressed(batch, batches, weightSum == 0 ? 0 : lossSum / weightSum);
    }

    private void finish(double rate) {
        // What is judged, and kept where it is the best, are the means of the weights.
        optimizer.exchange();
        TrainingTask.Evaluation e = task.evaluate(epoch);
        seconds += (System.nanoTime() - clock) / 1e9;
        epoch++;
        EpochRecord record =
                new EpochRecord(
                        epoch, optimizer.steps(), rate, lossSum / weightSum, e.metrics(), seconds);
        history.add(record);
        Double value = e.metrics().get(options.metric);
        if (value == null) {
            throw new TrainingException(
                    "the evaluation has no metric " + options.metric + ": " + e.metrics());
        }
        if (e.metrics().values().stream().anyMatch(v -> v.isNaN())) {
            throw new TrainingException(
                    "the evaluation after epoch "
                            + epoch
                            + " gives "
                            + e.metrics()
                            + ": try a lower learning rate or a smaller gradient norm");
        }
        if (best == null || (options.larger ? value > best : value < best)) {
            best = value;
            Safetensors.write(
                    options.folder.resolve(BEST),
                    parameters.save(),
                    Map.of("epoch", Integer.toString(epoch)));
        }
        optimizer.exchange();
        batch = 0;
        lossSum = 0;
        weightSum = 0;
        seconds = 0;
        save(options.folder.resolve(LAST));
        listener.epochDone(record, e.samples());
    }

    private void save(Path file) {
        Checkpoint.Progress p =
                new Checkpoint.Progress(
                        epoch, batch, lossSum, weightSum, seconds, best, List.copyOf(history));
        Checkpoint.write(file, parameters, optimizer, p);
    }

    /** Takes up the weights of the best epoch. */
    public void loadBest() {
        Path file = options.folder.resolve(BEST);
        Map<String, HostTensor> weights = Safetensors.read(file).tensors();
        Checkpoint.naming(
                file,
                () -> {
                    parameters.load(weights);
                    return null;
                });
    }
}
