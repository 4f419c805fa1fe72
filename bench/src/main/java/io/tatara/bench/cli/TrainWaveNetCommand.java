package io.tatara.bench.cli;

import io.tatara.kernels.TataraException;
import io.tatara.models.train.ConsoleListener;
import io.tatara.models.train.StopRequest;
import io.tatara.models.wavenet.WaveNetConfig;
import io.tatara.models.wavenet.WaveNetTraining;
import io.tatara.runtime.Device;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code tatara train wavenet}. */
@Command(
        name = "wavenet",
        description = {
            "Train a WaveNet on WAV files and judge it on those held out; the last line is `held-out loss X nats a sample`.",
            "Ctrl-C stops after the step at hand; --resume goes on to the same numbers."
        })
final class TrainWaveNetCommand extends BaseCommand {
    @Mixin private DeviceOption device;

    @Option(
            names = "--data",
            paramLabel = "DIR",
            required = true,
            description = "folder with WAV files, also in folders within it")
    private Path data;

    @Option(
            names = "--out",
            paramLabel = "DIR",
            description = "folder for the model (default: ${DEFAULT-VALUE})",
            defaultValue = "out/wavenet")
    private Path out;

    @Option(
            names = "--begin",
            paramLabel = "DIR",
            description =
                    "begin with the weights of a model that this command wrote, of the same network and labels (default: by the seed)")
    private Path begin;

    @Option(
            names = "--resume",
            description = "go on from the checkpoint in the folder, with its settings")
    private boolean resume;

    @Option(
            names = "--held-out",
            paramLabel = "PATTERN|PART",
            description =
                    "recordings to judge by: a regular expression looked for in their names, such as '_[0-4]\\.wav$' for FSDD, or their part of all (default: 0.1)")
    private String heldOut;

    @Option(
            names = "--condition",
            paramLabel = "REGEX",
            description =
                    "looked for in the names of recordings; its groups are the factors of their labels, such as '^(\\d)_([a-z]+)_' for digit and speaker (default: no condition)")
    private String condition;

    @Option(
            names = "--positions",
            paramLabel = "N",
            description =
                    "also tell the network in which of N parts of its recording a sample is, for each value of the condition; for recordings of one word (default: 0, no)")
    private Integer positions;

    @Option(
            names = "--prediction",
            description =
                    "also tell the network what linear predictors, fitted to the samples before, expect of each next one")
    private Boolean prediction;

    @Option(
            names = "--features",
            description =
                    "also tell the network, every 10 ms, the pitch and the power in mel bands of what it makes; `generate wavenet` takes them from the label's recordings, or from one that it is given")
    private Boolean features;

    @Option(names = "--stacks", paramLabel = "N", description = "of layers (default: 2)")
    private Integer stacks;

    @Option(
            names = "--layers",
            paramLabel = "N",
            description = "of a stack, with dilations 1, 2, 4 … (default: 10)")
    private Integer layers;

    @Option(
            names = "--kernel",
            paramLabel = "N",
            description = "taps of the convolutions (default: 2)")
    private Integer kernel;

    @Option(names = "--residual", paramLabel = "N", description = "channels (default: 64)")
    private Integer residual;

    @Option(names = "--skip", paramLabel = "N", description = "channels (default: 128)")
    private Integer skip;

    @Option(
            names = "--rate",
            paramLabel = "HZ",
            description =
                    "samples a second; recordings of other rates are resampled (default: the first recording's)")
    private Integer rate;

    @Option(
            names = "--epochs",
            paramLabel = "N",
            description = "passes over the recordings (default: 8)")
    private Integer epochs;

    @Option(names = "--batch", paramLabel = "N", description = "windows a step (default: 1)")
    private Integer batch;

    @Option(
            names = "--crop",
            paramLabel = "N",
            description =
                    "samples of a window; longer recordings are several, each with the receptive field before it (default: 6000)")
    private Integer crop;

    @Option(
            names = "--optimizer",
            paramLabel = "NAME",
            description =
                    "adam, or muon for the matrices between the first and the last layer (default: adam)")
    private String optimizer;

    @Option(names = "--learning-rate", paramLabel = "X", description = "(default: 0.004)")
    private Double learningRate;

    @Option(
            names = "--schedule",
            paramLabel = "TEXT",
            description =
                    "learning rate over the run: constant, step, exponential, cosine, inverse-sqrt, linear or polynomial, with settings (default: cosine,warmup=200)")
    private String schedule;

    @Option(
            names = "--clip",
            paramLabel = "X",
            description = "largest norm of the gradients, 0 for none (default: 1)")
    private Double clip;

    @Option(
            names = "--dropout",
            paramLabel = "P",
            description =
                    "probability with which training drops what gates and head see (default: 0)")
    private Double dropout;

    @Option(
            names = "--label-dropout",
            paramLabel = "P",
            description =
                    "part of the training in which the network is not told the label, such as 0.1, so that `generate wavenet --guidance` can draw it towards one (default: 0)")
    private Double labelDropout;

    @Option(
            names = "--gain",
            paramLabel = "DB",
            description =
                    "largest change of a training recording's volume, up or down, drawn anew for each use (default: 0)")
    private Double gain;

    @Option(
            names = "--speed",
            paramLabel = "PART",
            description =
                    "largest change of a training recording's speed, such as 0.1 for a tenth faster or slower (default: 0)")
    private Double speed;

    @Option(
            names = "--dither",
            paramLabel = "LEVELS",
            description =
                    "largest shift of a training recording's samples before they are rounded to levels (default: 0)")
    private Double dither;

    @Option(
            names = "--noise",
            paramLabel = "LEVELS",
            description =
                    "strongest noise that training adds to what the network sees before each sample, such as 2, so that `generate wavenet --caution` can make it find back (default: 0)")
    private Double noise;

    @Option(
            names = "--average",
            paramLabel = "D",
            description =
                    "decay of the running mean of the weights that becomes the model, 0 for none (default: 0.998)")
    private Double average;

    @Option(names = "--seed", paramLabel = "N", description = "of weights and order (default: 1)")
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
            description = "any other setting of config.json, such as pool=16 or weightDecay=0.01")
    private Map<String, String> more = new LinkedHashMap<>();

    @Override
    public Integer call() {
        WaveNetConfig config = config();
        if (!Files.isDirectory(data)) {
            throw new TataraException("--data " + data + ": no such folder");
        }
        if (begin != null && !Files.isDirectory(begin)) {
            throw new TataraException("--begin " + begin + ": no such folder");
        }
        StopRequest stop = new StopRequest();
        // Ctrl-C waits for the JSON file too.
        try (StopRequest.Guard _ = stop.onShutdown();
                Device d = device.open()) {
            say("%s", DeviceOption.describe(d.info()));
            WaveNetTraining.Result r =
                    WaveNetTraining.run(
                            d, config, data, begin, out, resume, ConsoleListener.standard(), stop);
            writeJson(json(config, r));
            if (!r.finished()) {
                return TrainCommand.INTERRUPTED;
            }
            say("model    %s (%d weights)", out, r.parameters());
            say("curves   %s", out.resolve("curves.png"));
            say(
                    "%s",
                    String.format(
                            Locale.ROOT, "held-out loss %.4f nats a sample", r.heldOutLoss()));
            return 0;
        }
    }

    /**
     * What was said on the command line over the saved settings where a run is taken up, else over
     * the defaults.
     */
    private WaveNetConfig config() {
        Path saved = out.resolve("config.json");
        WaveNetConfig base =
                resume && Files.isRegularFile(saved)
                        ? WaveNetConfig.read(saved)
                        : WaveNetConfig.defaults();
        Map<String, Object> changes = new LinkedHashMap<>(more);
        put(changes, "heldOut", heldOut);
        put(changes, "condition", condition);
        put(changes, "positions", positions);
        put(changes, "prediction", prediction);
        put(changes, "features", features);
        put(changes, "stacks", stacks);
        put(changes, "layers", layers);
        put(changes, "kernel", kernel);
        put(changes, "residual", residual);
        put(changes, "skip", skip);
        put(changes, "rate", rate);
        put(changes, "epochs", epochs);
        put(changes, "batch", batch);
        put(changes, "crop", crop);
        put(changes, "optimizer", optimizer);
        put(changes, "learningRate", learningRate);
        put(changes, "schedule", schedule);
        put(changes, "clip", clip);
        put(changes, "dropout", dropout);
        put(changes, "labelDropout", labelDropout);
        put(changes, "gain", gain);
        put(changes, "speed", speed);
        put(changes, "dither", dither);
        put(changes, "noise", noise);
        put(changes, "average", average);
        put(changes, "seed", seed);
        put(changes, "checkpointEvery", checkpointEvery);
        return base.merged(changes);
    }

    private static void put(Map<String, Object> changes, String field, Object value) {
        if (value != null) {
            changes.put(field, value);
        }
    }

    private Map<String, Object> json(WaveNetConfig config, WaveNetTraining.Result r) {
        Map<String, Object> m = new LinkedHashMap<>();
        m.put("finished", r.finished());
        m.put("heldOutLoss", r.finished() ? r.heldOutLoss() : null);
        m.put("parameters", r.parameters());
        m.put("begin", r.begin());
        m.put("config", config);
        m.put("epochs", r.history());
        return m;
    }
}
