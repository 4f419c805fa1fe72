package io.tatara.models.wavenet;

import io.tatara.kernels.TataraException;
import io.tatara.models.nn.Parameters;
import io.tatara.models.optim.AdamOptimizer;
import io.tatara.models.optim.MuonOptimizer;
import io.tatara.models.optim.Optimizer;
import io.tatara.models.plot.Plots;
import io.tatara.models.train.EpochRecord;
import io.tatara.models.train.Json;
import io.tatara.models.train.StopRequest;
import io.tatara.models.train.TrainingException;
import io.tatara.models.train.TrainingListener;
import io.tatara.models.train.TrainingLoop;
import io.tatara.models.wavenet.Recording.Window;
import io.tatara.runtime.Device;
import io.tatara.runtime.io.HostTensor;
import io.tatara.runtime.io.Safetensors;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Makes a WaveNet out of a folder of WAV files. The output folder gets {@code model.safetensors},
 * {@code config.json} and {@code data.json}, which {@link WaveNetGenerator#load} opens; {@code
 * history.json}; {@code curves.png}; and the checkpoints in {@code checkpoint/}.
 */
public final class WaveNetTraining {
    private static final double BETA2 = 0.999;

    static final String MODEL = "model.safetensors";
    static final String CONFIG = "config.json";
    static final String DATA = "data.json";
    static final String FEATURES = "features.safetensors";
    private static final String BEGIN = "begin.json";

    /**
     * @param finished false where training was asked to stop before its end; the loss is NaN then
     * @param heldOutLoss of the best epoch's model, nats a sample
     * @param parameters weights of the model
     * @param history of all epochs
     * @param folder with the model
     * @param begin name of the folder of the model that the run began with, also where it was taken
     *     up; null for none
     */
    public record Result(
            boolean finished,
            double heldOutLoss,
            long parameters,
            List<EpochRecord> history,
            Path folder,
            String begin) {}

    /** What is kept of the model that a run began with. */
    private record Begin(String model) {}

    private WaveNetTraining() {}

    /**
     * Trains, and stops in good order on Ctrl-C.
     *
     * @param data folder with the recordings
     * @param out folder for the model; made where it is not there
     * @param resume whether to go on from the checkpoint in {@code out}
     * @throws TataraException if the recordings are missing or damaged, the checkpoint does not
     *     fit, or the loss is no finite number
     */
    public static Result run(
            Device device,
            WaveNetConfig config,
            Path data,
            Path out,
            boolean resume,
            TrainingListener listener) {
        StopRequest stop = new StopRequest();
        StopRequest.Guard guard = stop.onShutdown();
        try {
            return run(device, config, data, out, resume, listener, stop);
        } finally {
            guard.close();
        }
    }

    /** As the other, stopping when {@code stop} is raised. */
    public static Result run(
            Device device,
            WaveNetConfig config,
            Path data,
            Path out,
            boolean resume,
            TrainingListener listener,
            StopRequest stop) {
        return run(device, config, data, null, out, resume, listener, stop);
    }

    /**
     * As the other, beginning with another model's weights.
     *
     * @param begin folder of that model, which must be of the same network and the same labels; if
     *     it was not trained with {@code noise} or {@code features}, they are learned from nothing.
     *     Null for weights by the seed
     */
    public static Result run(
            Device device,
            WaveNetConfig config,
            Path data,
            Path begin,
            Path out,
            boolean resume,
            TrainingListener listener,
            StopRequest stop) {
        if (resume) {
            checkSame(out.resolve(CONFIG), config);
        }
        Recordings recordings = Recordings.read(data, config, listener::note);
        if (resume) {
            checkSame(out.resolve(DATA), recordings.data());
        }
        listener.note(summary(recordings));
        String begun =
                resume ? begun(out) : begin == null ? null : String.valueOf(begin.getFileName());
        try (Parameters parameters = new Parameters(device, config.seed())) {
            WaveNetModel model = new WaveNetModel(parameters, config, recordings.data().values());
            if (begin != null) {
                begin(parameters, config, recordings.data(), begin);
            }
            try (Optimizer optimizer = optimizer(config, parameters)) {
                optimizer.average(config.average());
                TrainingLoop<List<Window>> loop =
                        new TrainingLoop<>(
                                device,
                                parameters,
                                optimizer,
                                new WaveNetTask(
                                        device,
                                        config.with("rate", recordings.data().rate()),
                                        model,
                                        recordings),
                                new TrainingLoop.Options(
                                        config.epochs(),
                                        config.rates(),
                                        config.checkpointEvery(),
                                        out.resolve("checkpoint"),
                                        WaveNetTask.HELD_OUT,
                                        false),
                                listener.first(() -> {
                                    Json.write(out.resolve(CONFIG), config);
                                    Json.write(out.resolve(DATA), recordings.data());
                                    Json.write(out.resolve(BEGIN), new Begin(begun));
                                    features(out.resolve(FEATURES), config, recordings);
                                }),
                                stop);
                TrainingLoop.Outcome outcome = loop.run(resume);
                if (!outcome.finished()) {
                    return new Result(
                            false, Double.NaN, parameters.count(), outcome.history(), out, begun);
                }
                loop.loadBest();
                return finish(parameters, outcome.history(), out, begun, listener);
            }
        }
    }

    private static void features(Path file, WaveNetConfig c, Recordings r) {
        if (c.features() && !r.data().factors().isEmpty()) {
            LabelFeatures.of(c, r.data(), r.train()).write(file);
        }
    }

    /** The model that the run in this folder began with; null for none. */
    private static String begun(Path out) {
        Path file = out.resolve(BEGIN);
        return Files.isRegularFile(file) ? Json.read(file, Begin.class).model() : null;
    }

    private static void begin(Parameters p, WaveNetConfig c, VoiceData here, Path folder) {
        List<String> differences = WaveNetConfig.read(folder.resolve(CONFIG)).networkDiffers(c);
        if (!differences.isEmpty()) {
            throw new TataraException(
                    "begin: the model in "
                            + folder
                            + " is another network (there / here): "
                            + differences);
        }
        VoiceData there = VoiceData.read(folder.resolve(DATA));
        if (!there.equals(here)) {
            throw new TataraException(
                    "begin: the model in "
                            + folder
                            + " is of "
                            + there
                            + ", the recordings "
                            + here);
        }
        Path file = folder.resolve(MODEL);
        Map<String, HostTensor> weights = new LinkedHashMap<>(Safetensors.read(file).tensors());
        if (c.noise() > 0) {
            weights.putIfAbsent(WaveNetModel.NOISE, zeros(Disturbance.STRENGTHS + 1, c));
        }
        if (c.features()) {
            weights.putIfAbsent(WaveNetModel.FEATURES, zeros(LocalCondition.ROWS, c));
        }
        try {
            p.load(weights);
        } catch (TataraException e) {
            throw new TataraException("begin: " + file + ": " + e.getMessage(), e);
        }
    }

    private static HostTensor zeros(int rows, WaveNetConfig c) {
        return HostTensor.of(new float[rows * c.residual()], rows, c.residual());
    }

    /** Muon's matrices are those that map channels to channels. */
    private static Optimizer optimizer(WaveNetConfig c, Parameters p) {
        return c.optimizer().equals(WaveNetConfig.MUON)
                ? new MuonOptimizer(p, c.clip(), BETA2, c.weightDecay(), WaveNetModel::matrices)
                : new AdamOptimizer(p, c.clip(), BETA2, c.weightDecay());
    }

    private static String summary(Recordings r) {
        VoiceData data = r.data();
        String factors = data.factors().isEmpty() ? "" : ", labels " + data.factors();
        return String.format(
                Locale.ROOT,
                "%d recordings (%.0f s) to train on, %d (%.0f s) held out, %d Hz%s",
                r.train().size(),
                seconds(r.train(), data.rate()),
                r.heldOut().size(),
                seconds(r.heldOut(), data.rate()),
                data.rate(),
                factors);
    }

    private static double seconds(List<Recording> recordings, int rate) {
        return recordings.stream().mapToLong(r -> r.levels().length).sum() / (double) rate;
    }

    /** A run is taken up with the settings it began with. */
    private static void checkSame(Path file, WaveNetConfig here) {
        if (Files.isRegularFile(file)) {
            List<String> differences = WaveNetConfig.read(file).differences(here);
            checkNone(file, "settings", differences);
        }
    }

    /** A run is taken up with the rate and labels it began with. */
    private static void checkSame(Path file, VoiceData here) {
        if (Files.isRegularFile(file)) {
            VoiceData there = VoiceData.read(file);
            checkNone(
                    file,
                    "recordings",
                    there.equals(here) ? List.of() : List.of(there + " / " + here));
        }
    }

    private static void checkNone(Path file, String what, List<String> differences) {
        if (!differences.isEmpty()) {
            throw new TrainingException(
                    "resume: "
                            + file
                            + " is of a run with other "
                            + what
                            + " (there / here): "
                            + differences);
        }
    }

    private static Result finish(
            Parameters parameters,
            List<EpochRecord> history,
            Path out,
            String begun,
            TrainingListener listener) {
        Safetensors.write(out.resolve(MODEL), parameters.save(), Map.of("format", "pt"));
        double best =
                history.stream()
                        .mapToDouble(r -> r.metrics().get(WaveNetTask.HELD_OUT))
                        .min()
                        .orElseThrow();
        Map<String, Object> summary = new LinkedHashMap<>();
        summary.put(WaveNetTask.HELD_OUT, best);
        summary.put("parameters", parameters.count());
        summary.put("device", parameters.scope().device().info().id());
        summary.put("epochs", history);
        Json.write(out.resolve("history.json"), summary);
        curves(out.resolve("curves.png"), history);
        listener.note(
                String.format(
                        Locale.ROOT,
                        "held-out loss %.4f nats a sample; the model is in %s",
                        best,
                        out));
        return new Result(true, best, parameters.count(), history, out, begun);
    }

    /** Losses over the epochs, as a PNG file. */
    public static void curves(Path file, List<EpochRecord> history) {
        Map<String, List<Double>> losses = new LinkedHashMap<>();
        losses.put("train", history.stream().map(EpochRecord::trainLoss).toList());
        losses.put(
                "held out",
                history.stream()
                        .map(r -> r.metrics().getOrDefault(WaveNetTask.HELD_OUT, Double.NaN))
                        .toList());
        Plots.curves(file, List.of(new Plots.Curves("loss of a sample", "nats", losses)));
    }
}
