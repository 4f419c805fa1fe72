package io.tatara.bench.cli;

import io.tatara.models.network.ModelZoo;
import io.tatara.models.train.ConsoleListener;
import io.tatara.models.train.StopRequest;
import io.tatara.models.vision.ClassifierConfig;
import io.tatara.models.vision.ClassifierTraining;
import io.tatara.models.vision.ImageData;
import io.tatara.runtime.Device;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code tatara train image-classifier}. */
@Command(
        name = "image-classifier",
        description = {
            "Train an image classifier on a folder of pictures and judge it on the test set; the last line is `test accuracy X`.",
            "Ctrl-C stops after the step at hand; --resume goes on to the same numbers."
        })
final class TrainClassifierCommand extends BaseCommand {
    private static final ClassifierConfig DEFAULTS = ClassifierConfig.defaults();

    @Mixin private DeviceOption device;

    @Option(
            names = "--model",
            paramLabel = "NAME",
            description =
                    "a network that `model describe` knows, such as mobilenet-v1, resnet-20 or densenet-bc-40-12 (default: resnet-20)")
    private String model;

    @Option(
            names = "--set",
            paramLabel = "OPTION=VALUE",
            description =
                    "an option of the network, such as width=0.5; channels, resolution and classes are the data's where not said")
    private Map<String, String> options;

    @Option(
            names = "--data",
            paramLabel = "DIR",
            required = true,
            description =
                    "folder with IDX files (MNIST), CIFAR's binary files, or train and test folders (or .tar.gz) of pictures in folders of classes")
    private Path data;

    @Option(
            names = "--out",
            paramLabel = "DIR",
            description = "folder for the model (default: ${DEFAULT-VALUE})",
            defaultValue = "out/image-classifier")
    private Path out;

    @Option(
            names = "--resume",
            description = "go on from the checkpoint in the folder, with its settings")
    private boolean resume;

    @Option(
            names = "--epochs",
            paramLabel = "N",
            description = "passes over the pictures (default: 15)")
    private Integer epochs;

    @Option(names = "--batch", paramLabel = "N", description = "pictures a step (default: 128)")
    private Integer batch;

    @Option(
            names = "--optimizer",
            paramLabel = "NAME",
            description = "sgd (with Nesterov's momentum) or adamw (default: sgd)")
    private String optimizer;

    @Option(names = "--learning-rate", paramLabel = "X", description = "the largest (default: 0.1)")
    private Double learningRate;

    @Option(names = "--momentum", paramLabel = "X", description = "of sgd (default: 0.9)")
    private Double momentum;

    @Option(
            names = "--weight-decay",
            paramLabel = "X",
            description = "not of biases and norms (default: 5e-4)")
    private Double weightDecay;

    @Option(names = "--decay-all", description = "of biases and norms too")
    private boolean decayAll;

    @Option(
            names = "--schedule",
            paramLabel = "TEXT",
            description =
                    "learning rate over the run: cosine, step (a tenth at a half and at three quarters of the run), constant, linear …, with settings, such as cosine,last=0.01 or step,every=1000,factor=0.2 (default: cosine)")
    private String schedule;

    @Option(
            names = "--warm-up",
            paramLabel = "EPOCHS",
            description = "in which the learning rate rises (default: 1)")
    private Double warmupEpochs;

    @Option(names = "--label-smoothing", paramLabel = "P", description = "(default: 0)")
    private Double labelSmoothing;

    @Option(
            names = "--clip",
            paramLabel = "X",
            description = "largest norm of the gradients, 0 for none (default: 0)")
    private Double clip;

    @Option(
            names = "--shift",
            paramLabel = "N",
            description = "shift training pictures by up to N pixels (default: 4)")
    private Integer shift;

    @Option(
            names = "--flip",
            paramLabel = "BOOL",
            arity = "1",
            description = "mirror training pictures at random: true or false (default: true)")
    private Boolean flip;

    @Option(
            names = "--images",
            paramLabel = "N",
            description = "training pictures at most, with those for validation (default: all)")
    private Integer images;

    @Option(
            names = "--validation",
            paramLabel = "N",
            description = "training pictures held back to choose the best epoch (default: 1000)")
    private Integer validation;

    @Option(
            names = "--seed",
            paramLabel = "N",
            description = "of weights, order and augmentation (default: 1)")
    private Long seed;

    @Option(
            names = "--checkpoint-every",
            paramLabel = "N",
            description =
                    "steps between checkpoints within an epoch, 0: at its end only (default: 0)")
    private Integer checkpointEvery;

    @Override
    public Integer call() {
        ClassifierConfig config = config();
        // A wrong name or option is said before anything is read.
        ModelZoo.of(config.model(), config.options());
        StopRequest stop = new StopRequest();
        // Ctrl-C waits for the JSON file too.
        try (StopRequest.Guard _ = stop.onShutdown();
                Device d = device.open()) {
            say("%s", DeviceOption.describe(d.info()));
            ClassifierTraining.Result r =
                    ClassifierTraining.run(
                            d,
                            config,
                            ImageData.read(data),
                            out,
                            resume,
                            ConsoleListener.standard(),
                            stop);
            writeJson(json(config, r));
            if (!r.finished()) {
                return TrainCommand.INTERRUPTED;
            }
            out().print(r.confusion().text());
            say("model     %s", out);
            say("curves    %s", out.resolve("curves.png"));
            say("confusion %s", out.resolve("confusion.png"));
            say("%s", String.format(Locale.ROOT, "test accuracy %.4f", r.testAccuracy()));
            return 0;
        }
    }

    /**
     * What was said on the command line over the saved settings where a run is taken up, else over
     * the defaults.
     */
    private ClassifierConfig config() {
        Path saved = out.resolve("config.json");
        ClassifierConfig base =
                resume && Files.isRegularFile(saved) ? ClassifierConfig.read(saved) : DEFAULTS;
        Map<String, Object> changes = new LinkedHashMap<>();
        put(changes, "model", model);
        put(changes, "options", options == null ? null : new TreeMap<>(options));
        put(changes, "epochs", epochs);
        put(changes, "batch", batch);
        put(changes, "optimizer", optimizer == null ? null : optimizer.toLowerCase(Locale.ROOT));
        put(changes, "learningRate", learningRate);
        put(changes, "momentum", momentum);
        put(changes, "weightDecay", weightDecay);
        put(changes, "decayAll", decayAll ? true : null);
        put(changes, "schedule", schedule);
        put(changes, "warmupEpochs", warmupEpochs);
        put(changes, "labelSmoothing", labelSmoothing);
        put(changes, "clip", clip);
        put(changes, "shift", shift);
        put(changes, "flip", flip);
        put(changes, "images", images);
        put(changes, "validation", validation);
        put(changes, "seed", seed);
        put(changes, "checkpointEvery", checkpointEvery);
        return base.merged(changes);
    }

    private static void put(Map<String, Object> changes, String field, Object value) {
        if (value != null) {
            changes.put(field, value);
        }
    }

    private static Map<String, Object> json(ClassifierConfig config, ClassifierTraining.Result r) {
        Map<String, Object> m = new LinkedHashMap<>();
        m.put("finished", r.finished());
        m.put("testAccuracy", r.finished() ? r.testAccuracy() : null);
        m.put("testLoss", r.finished() ? r.testLoss() : null);
        m.put("confusion", r.finished() ? r.confusion().counts() : null);
        m.put("classes", r.finished() ? r.confusion().classes() : null);
        m.put("parameters", r.parameters());
        m.put("seconds", r.seconds());
        m.put("config", config);
        m.put("epochs", r.history());
        return m;
    }
}
