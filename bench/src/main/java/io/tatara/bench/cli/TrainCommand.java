package io.tatara.bench.cli;

import io.tatara.models.train.ConsoleListener;
import io.tatara.models.train.StopRequest;
import io.tatara.models.translator.TranslatorConfig;
import io.tatara.models.translator.TranslatorStep;
import io.tatara.models.translator.TranslatorTraining;
import io.tatara.runtime.Device;
import io.tatara.runtime.GraphFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code tatara train MODEL}. */
@Command(
        name = "train",
        mixinStandardHelpOptions = true,
        description = "Train a model.",
        synopsisSubcommandLabel = "MODEL",
        subcommands = {
            TrainCommand.TranslatorCommand.class,
            TrainClassifierCommand.class,
            TrainWaveNetCommand.class
        })
final class TrainCommand implements Runnable {
    /** What a shell reports of a program that Ctrl-C ended. */
    static final int INTERRUPTED = 130;

    @Spec private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "which model?");
    }

    enum CellKind {
        RNN,
        GRU,
        LSTM
    }

    enum AttentionKind {
        NONE,
        ADDITIVE,
        MULTIPLICATIVE
    }

    /** {@code tatara train translator}. */
    @Command(
            name = "translator",
            description = {
                "Train a translator on sentence pairs and judge it on the test set; the last line is `test BLEU X`.",
                "Ctrl-C stops after the step at hand; --resume goes on to the same numbers."
            })
    static final class TranslatorCommand extends BaseCommand {
        private static final TranslatorConfig DEFAULTS = TranslatorConfig.defaults();

        @Mixin private DeviceOption device;

        @Option(
                names = "--data",
                paramLabel = "DIR",
                required = true,
                description =
                        "folder with train, dev and test files, one sentence a line, a file for each language")
        private Path data;

        @Option(
                names = "--out",
                paramLabel = "DIR",
                description = "folder for the model (default: ${DEFAULT-VALUE})",
                defaultValue = "out/translator")
        private Path out;

        @Option(
                names = "--resume",
                description = "go on from the checkpoint in the folder, with its settings")
        private boolean resume;

        @Option(
                names = "--cell",
                paramLabel = "KIND",
                description = "${COMPLETION-CANDIDATES} (default: lstm)")
        private CellKind cell;

        @Option(
                names = "--attention",
                paramLabel = "KIND",
                description = "${COMPLETION-CANDIDATES} (default: additive)")
        private AttentionKind attention;

        @Option(
                names = "--pairs",
                paramLabel = "N",
                description = "training pairs at most (default: 40000)")
        private Integer pairs;

        @Option(
                names = "--epochs",
                paramLabel = "N",
                description = "passes over the pairs (default: 10)")
        private Integer epochs;

        @Option(
                names = "--embedding",
                paramLabel = "N",
                description = "width of word vectors (default: 256)")
        private Integer embedding;

        @Option(
                names = "--hidden",
                paramLabel = "N",
                description = "width of states (default: 256)")
        private Integer hidden;

        @Option(
                names = "--layers",
                paramLabel = "N",
                description = "of encoder and of decoder (default: 1)")
        private Integer layers;

        @Option(names = "--batch", paramLabel = "N", description = "pairs a step (default: 64)")
        private Integer batch;

        @Option(
                names = "--learning-rate",
                paramLabel = "X",
                description = "of Adam (default: 0.002)")
        private Double learningRate;

        @Option(
                names = "--schedule",
                paramLabel = "TEXT",
                description =
                        "learning rate over the run: constant, step, exponential, cosine, inverse-sqrt, linear or polynomial, with settings, such as cosine,warmup=400,last=0.01 (default: plateau, of --set warmup, decayFrom, lastRate)")
        private String schedule;

        @Option(
                names = "--precision",
                paramLabel = "TYPE",
                description =
                        "what steps are computed in: float32, tf32, bfloat16 or float16 (default: float32)")
        private String precision;

        @Option(names = "--dropout", paramLabel = "P", description = "(default: 0.3)")
        private Double dropout;

        @Option(names = "--label-smoothing", paramLabel = "P", description = "(default: 0.1)")
        private Double labelSmoothing;

        @Option(
                names = "--clip",
                paramLabel = "X",
                description = "largest norm of the gradients, 0 for none (default: 5)")
        private Double clip;

        @Option(
                names = "--beam",
                paramLabel = "N",
                description = "width of the search on the test set (default: 5)")
        private Integer beam;

        @Option(
                names = "--seed",
                paramLabel = "N",
                description = "of weights, order and dropout (default: 1)")
        private Long seed;

        @Option(
                names = "--checkpoint-every",
                paramLabel = "N",
                description =
                        "steps between checkpoints within an epoch, 0: at its end only (default: 0)")
        private Integer checkpointEvery;

        @Option(
                names = "--set",
                paramLabel = "FIELD=VALUE",
                description =
                        "any other setting of config.json, such as warmup=400 or bidirectional=false")
        private Map<String, String> more = new LinkedHashMap<>();

        @Option(
                names = "--graph",
                paramLabel = "FILE",
                description =
                        "first draw a training step (of 20-word sentences) as recorded graph: .dot or .svg")
        private Path graph;

        @Override
        public Integer call() {
            TranslatorConfig config = config();
            GraphFile picture = graph == null ? null : GraphFile.of(graph);
            StopRequest stop = new StopRequest();
            // Ctrl-C waits for the JSON file too.
            try (StopRequest.Guard _ = stop.onShutdown();
                    Device d = device.open()) {
                say("%s", DeviceOption.describe(d.info()));
                if (picture != null) {
                    TranslatorStep.draw(d, config, picture);
                    say("graph    %s", picture.path());
                }
                TranslatorTraining.Result r =
                        TranslatorTraining.run(
                                d, config, data, out, resume, ConsoleListener.standard(), stop);
                writeJson(json(config, r));
                if (!r.finished()) {
                    return INTERRUPTED;
                }
                say("model    %s", out);
                say("curves   %s", out.resolve("curves.png"));
                Path map = out.resolve("attention.png");
                if (Files.exists(map)) {
                    say("heat map %s", map);
                }
                say("%s", String.format(Locale.ROOT, "test BLEU %.2f", r.testBleu()));
                return 0;
            }
        }

        /**
         * What was said on the command line over the saved settings where a run is taken up, else
         * over the defaults.
         */
        private TranslatorConfig config() {
            Path saved = out.resolve("config.json");
            TranslatorConfig base =
                    resume && Files.isRegularFile(saved) ? TranslatorConfig.read(saved) : DEFAULTS;
            Map<String, Object> changes = new LinkedHashMap<>(more);
            put(changes, "cell", cell);
            put(changes, "attention", attention);
            put(changes, "pairs", pairs);
            put(changes, "epochs", epochs);
            put(changes, "embedding", embedding);
            put(changes, "hidden", hidden);
            put(changes, "layers", layers);
            put(changes, "batch", batch);
            put(changes, "learningRate", learningRate);
            put(changes, "schedule", schedule);
            put(changes, "precision", precision);
            put(changes, "dropout", dropout);
            put(changes, "labelSmoothing", labelSmoothing);
            put(changes, "clip", clip);
            put(changes, "beam", beam);
            put(changes, "seed", seed);
            put(changes, "checkpointEvery", checkpointEvery);
            return base.merged(changes);
        }

        private static void put(Map<String, Object> changes, String field, Object value) {
            if (value != null) {
                changes.put(field, value instanceof Enum<?> e ? e.name() : value);
            }
        }

        private static Map<String, Object> json(
                TranslatorConfig config, TranslatorTraining.Result r) {
            Map<String, Object> m = new LinkedHashMap<>();
            m.put("finished", r.finished());
            m.put("testBleu", r.finished() ? r.testBleu() : null);
            m.put("testBleuGreedy", r.finished() ? r.testBleuGreedy() : null);
            m.put("config", config);
            m.put("epochs", r.history());
            return m;
        }
    }
}
