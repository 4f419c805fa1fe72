package io.tatara.models.vision;

import io.tatara.kernels.TataraException;
import io.tatara.models.network.ModelZoo;
import io.tatara.models.network.Network;
import io.tatara.models.network.TrainableNetwork;
import io.tatara.models.optim.AdamOptimizer;
import io.tatara.models.optim.Optimizer;
import io.tatara.models.optim.SgdOptimizer;
import io.tatara.models.plot.Plots;
import io.tatara.models.train.EpochRecord;
import io.tatara.models.train.Json;
import io.tatara.models.train.StopRequest;
import io.tatara.models.train.TrainingException;
import io.tatara.models.train.TrainingListener;
import io.tatara.models.train.TrainingLoop;
import io.tatara.runtime.Device;
import io.tatara.runtime.io.Safetensors;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Makes an image classifier out of a folder of pictures (see {@link ImageData}). The output folder
 * gets {@code model.safetensors} (PyTorch's names and layouts), {@code config.json} and {@code
 * classes.json}, which {@link Classifier#load} opens; {@code history.json}; {@code curves.png};
 * {@code confusion.png} and {@code confusion.txt}, of the test; and the checkpoints in {@code
 * checkpoint/}.
 */
public final class ClassifierTraining {
    static final String MODEL = "model.safetensors";
    static final String CONFIG = "config.json";

    /**
     * @param finished false where training was asked to stop before its end; the test's figures are
     *     NaN and null then
     * @param testAccuracy of the best epoch's model
     * @param seconds of training and validation, all epochs
     * @param folder with the model
     */
    public record Result(
            boolean finished,
            double testAccuracy,
            double testLoss,
            ConfusionMatrix confusion,
            long parameters,
            double seconds,
            List<EpochRecord> history,
            Path folder) {}

    private ClassifierTraining() {}

    /**
     * The network of a configuration, for pictures of this size.
     *
     * @throws TataraException if there is none, or pictures are not square
     */
    static Network network(ClassifierConfig config, Images pictures, int classes) {
        if (pictures.height() != pictures.width()) {
            throw new TataraException(
                    "pictures of " + pictures.size() + ": squares are taken only");
        }
        Network n =
                ModelZoo.of(
                        config.model(),
                        config.options(pictures.channels(), pictures.width(), classes));
        List<Integer> in = List.of(pictures.channels(), pictures.height(), pictures.width());
        if (!n.input().shape().equals(in) || !n.output().shape().equals(List.of(classes))) {
            throw new TataraException(
                    "%s takes %s and tells %s classes apart; the pictures are %s, of %d classes"
                            .formatted(
                                    n.name(),
                                    n.input().shape(),
                                    n.output().shape(),
                                    pictures.size(),
                                    classes));
        }
        return n;
    }

    /**
     * Trains, and stops in good order on Ctrl-C.
     *
     * @param data folder with the pictures
     * @param out folder for the model; made where it is not there
     * @param resume whether to go on from the checkpoint in {@code out}
     * @throws TataraException if the data are missing or damaged, the network does not fit them,
     *     the checkpoint does not fit, or the loss is no finite number
     */
    public static Result run(
            Device device,
            ClassifierConfig config,
            Path data,
            Path out,
            boolean resume,
            TrainingListener listener) {
        StopRequest stop = new StopRequest();
        StopRequest.Guard guard = stop.onShutdown();
        try {
            return run(device, config, ImageData.read(data), out, resume, listener, stop);
        } finally {
            guard.close();
        }
    }

    /** As the other, on data that were read, stopping when {@code stop} is raised. */
    public static Result run(
            Device device,
            ClassifierConfig config,
            ImageData data,
            Path out,
            boolean resume,
            TrainingListener listener,
            StopRequest stop) {
        Split split = Split.of(data.train(), config);
        Network description = network(config, data.train(), data.classes().size());
        Classifier.Meaning meaning = Classifier.Meaning.of(data.classes(), split);
        if (resume) {
            checkSame(config, meaning, out);
        }
        try (TrainableNetwork network = new TrainableNetwork(device, description, config.seed());
                Optimizer optimizer = optimizer(config, network)) {
            ClassifierTask task = new ClassifierTask(device, network, config, split);
            listener.note(introduction(description, split, data.test()));
            TrainingLoop<ImageBatch> loop =
                    new TrainingLoop<>(
                            device,
                            network.parameters(),
                            optimizer,
                            task,
                            options(config, split.train().count(), out),
                            listener.first(() -> {
                                Json.write(out.resolve(CONFIG), config);
                                meaning.write(out);
                            }),
                            stop);
            TrainingLoop.Outcome outcome = loop.run(resume);
            double seconds = outcome.history().stream().mapToDouble(EpochRecord::seconds).sum();
            long parameters = description.parameters();
            if (!outcome.finished()) {
                double none = Double.NaN;
                return new Result(
                        false, none, none, null, parameters, seconds, outcome.history(), out);
            }
            loop.loadBest();
            Safetensors.write(
                    out.resolve(MODEL), network.parameters().save(), Map.of("format", "pt"));
            int[] labels = data.test().labels();
            Scoring s = task.score(data.test());
            Result r =
                    new Result(
                            true,
                            s.accuracy(labels),
                            s.loss(),
                            ConfusionMatrix.of(data.classes(), labels, s.answers()),
                            parameters,
                            seconds,
                            outcome.history(),
                            out);
            write(r, device, listener);
            return r;
        }
    }

    private static String introduction(Network n, Split split, Images test) {
        return String.format(
                Locale.ROOT,
                "%s, %,d weights; %,d pictures of %s for training, %,d for validation, %,d for the test",
                n.name(),
                n.parameters(),
                split.train().count(),
                test.size(),
                split.validation().count(),
                test.count());
    }

    private static TrainingLoop.Options options(ClassifierConfig c, int pictures, Path out) {
        return new TrainingLoop.Options(
                c.epochs(),
                c.rates(ClassifierTask.steps(pictures, c.batch())),
                c.checkpointEvery(),
                out.resolve("checkpoint"),
                ClassifierTask.ACCURACY,
                true);
    }

    private static Optimizer optimizer(ClassifierConfig c, TrainableNetwork n) {
        Optimizer o =
                c.optimizer().equals("adamw")
                        ? new AdamOptimizer(n.parameters(), c.clip(), 0.999, c.weightDecay())
                        : new SgdOptimizer(
                                n.parameters(),
                                c.clip(),
                                c.momentum(),
                                c.momentum() > 0,
                                c.weightDecay());
        return c.decayAll() ? o : o.decayOnly(t -> t.shape().rank() > 1);
    }

    /**
     * A run is taken up with the settings and pictures it began with, or the numbers would mean
     * nothing.
     */
    private static void checkSame(ClassifierConfig config, Classifier.Meaning meaning, Path out) {
        Path file = out.resolve(CONFIG);
        if (!Files.isRegularFile(file)) {
            return;
        }
        List<String> differences = ClassifierConfig.read(file).differences(config);
        if (!differences.isEmpty()) {
            throw new TrainingException(
                    "resume: the run in "
                            + out
                            + " has other settings (there / here): "
                            + differences);
        }
        Classifier.Meaning there = Classifier.Meaning.read(out);
        if (!there.equals(meaning)) {
            throw new TrainingException(
                    "resume: the run in "
                            + out
                            + " is on other pictures (there / here): "
                            + there
                            + " / "
                            + meaning);
        }
    }

    private static void write(Result r, Device device, TrainingListener listener) {
        Map<String, Object> summary = new LinkedHashMap<>();
        summary.put("testAccuracy", r.testAccuracy());
        summary.put("testLoss", r.testLoss());
        summary.put("parameters", r.parameters());
        summary.put("seconds", r.seconds());
        summary.put("device", device.info().id());
        summary.put("confusion", r.confusion().counts());
        summary.put("epochs", r.history());
        Json.write(r.folder().resolve("history.json"), summary);
        curves(r.folder().resolve("curves.png"), r.history());
        Json.write(r.folder().resolve("confusion.txt"), r.confusion().text());
        Plots.counts(
                r.folder().resolve("confusion.png"),
                String.format(Locale.ROOT, "test accuracy %.2f %%", 100 * r.confusion().accuracy()),
                r.confusion().classes(),
                r.confusion().counts());
        listener.note(
                String.format(
                        Locale.ROOT,
                        "test loss %.4f, %d of %d right; %.0f s of training; the model is in %s",
                        r.testLoss(),
                        r.confusion().right(),
                        r.confusion().total(),
                        r.seconds(),
                        r.folder()));
    }

    /** Loss and accuracy over the epochs, as a PNG file. */
    public static void curves(Path file, List<EpochRecord> history) {
        Map<String, List<Double>> losses = new LinkedHashMap<>();
        losses.put("training", history.stream().map(EpochRecord::trainLoss).toList());
        losses.put("validation", metric(history, ClassifierTask.LOSS));
        Map<String, List<Double>> accuracy =
                Map.of("validation", metric(history, ClassifierTask.ACCURACY));
        Plots.curves(
                file,
                List.of(
                        new Plots.Curves("loss of a picture", "nats", losses),
                        new Plots.Curves("accuracy", "part that is right", accuracy)));
    }

    private static List<Double> metric(List<EpochRecord> history, String name) {
        return history.stream().map(r -> r.metrics().getOrDefault(name, Double.NaN)).toList();
    }
}
