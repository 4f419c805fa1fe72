package io.tatara.models.wavenet;

import io.tatara.kernels.DType;
import io.tatara.kernels.TataraException;
import io.tatara.models.audio.AcousticFeatures;
import io.tatara.models.audio.MuLaw;
import io.tatara.models.audio.Sound;
import io.tatara.models.nn.Parameters;
import io.tatara.runtime.Device;
import io.tatara.runtime.Scope;
import io.tatara.runtime.io.Safetensors;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntPredicate;

/** A trained model that makes sound. Owns its weights: close it before the device. */
public final class WaveNetGenerator implements AutoCloseable {
    /** Samples of a call: enough that beginning one costs little, few enough to stop soon. */
    private static final int TOGETHER = 256;

    private final Device device;
    private final WaveNetConfig config;
    private final VoiceData data;
    private final LabelFeatures features;
    private final DType weights;
    private final Parameters parameters;
    private final WaveNetModel model;

    private WaveNetGenerator(
            Device device,
            WaveNetConfig config,
            VoiceData data,
            LabelFeatures features,
            DType weights) {
        this.device = device;
        this.config = config.with("rate", data.rate());
        this.data = data;
        this.features = features;
        this.weights = weights;
        this.parameters = new Parameters(device, config.seed());
        this.model = new WaveNetModel(parameters, config, data.values());
    }

    /** As the other, with weights in float32. */
    public static WaveNetGenerator load(Device device, Path folder) {
        return load(device, folder, DType.FLOAT32);
    }

    /**
     * Opens what a training run wrote.
     *
     * @param folder with {@code model.safetensors}, {@code config.json} and {@code data.json}
     * @param weights what they are kept in: float32, or float16 or bfloat16, which take half the
     *     room. All arithmetic is float32's, so what is lost is their own rounding. Reading them is
     *     most of a sample's work; the JVM back end reads bfloat16 ones in half the time where they
     *     then fit into a nearer cache, and gains nothing from float16.
     * @throws TataraException if a file is missing, damaged, or does not fit the others, or the
     *     type is none of these
     */
    public static WaveNetGenerator load(Device device, Path folder, DType weights) {
        if (weights != DType.FLOAT32 && !weights.isHalf()) {
            throw new TataraException(
                    "generate: weights in " + weights + ", expected float32, float16 or bfloat16");
        }
        WaveNetConfig config = WaveNetConfig.read(folder.resolve(WaveNetTraining.CONFIG));
        VoiceData data = VoiceData.read(folder.resolve(WaveNetTraining.DATA));
        Path file = folder.resolve(WaveNetTraining.MODEL);
        Safetensors.Content content = Safetensors.read(file);
        LabelFeatures features =
                config.features() && !data.factors().isEmpty()
                        ? LabelFeatures.read(folder.resolve(WaveNetTraining.FEATURES))
                        : null;
        WaveNetGenerator g = new WaveNetGenerator(device, config, data, features, weights);
        try {
            g.parameters.load(content.tensors());
        } catch (TataraException e) {
            g.close();
            throw new TataraException(file + ": " + e.getMessage(), e);
        }
        return g;
    }

    public WaveNetConfig config() {
        return config;
    }

    public VoiceData data() {
        return data;
    }

    /**
     * Whether these labels can be generated.
     *
     * @throws TataraException naming one that is not known
     */
    public void check(List<List<String>> labels) {
        labels.forEach(data::rows);
    }

    /** One sound of a label; see the last. */
    public Sound generate(List<String> label, double seconds, double temperature, long seed) {
        Sampling sampling = Sampling.of(temperature, seed);
        return generate(List.of(label), seconds, sampling, i -> true)[0];
    }

    /**
     * A sound for each label, made together: each sample is drawn given those before it. The same
     * seed gives the same sounds on the same device, each whatever the others are.
     *
     * @param labels a value for each factor, none where the model has no condition
     * @param more is asked before each sample, given the number of those before it; false ends all
     *     sounds there. Some samples are made in one call, so it is asked for all of them first.
     * @throws TataraException if a label is not known, the time is too short or too long, or the
     *     model cannot be sampled so
     */
    public Sound[] generate(
            List<List<String>> labels, double seconds, Sampling sampling, IntPredicate more) {
        return generate(labels, null, seconds, sampling, more);
    }

    /**
     * As the other, for a model that is told of features (see {@link WaveNetConfig}).
     *
     * @param like a sound whose features all sounds follow, made as long as they are; null for
     *     those of each label's recordings
     */
    public Sound[] generate(
            List<List<String>> labels,
            Sound like,
            double seconds,
            Sampling sampling,
            IntPredicate more) {
        int samples = samples(seconds);
        if (labels.isEmpty()) {
            throw new TataraException("generate: no label is given, not even an empty one");
        }
        check(sampling);
        List<Told> told = told(labels, like, samples);
        int n = told.size();
        float[][] made = new float[n][samples];
        MuLaw law = new MuLaw(config.levels());
        int t = 0;
        try (Scope scope = device.scope()) {
            Maker maker = maker(scope, told, samples, sampling);
            for (int count = wanted(t, samples, more);
                    count > 0;
                    count = wanted(t, samples, more)) {
                int[] levels = maker.make(count);
                for (int i = 0; i < levels.length; i++) {
                    made[i / count][t + i % count] = law.decode(levels[i]);
                }
                t += count;
            }
        }
        Sound[] sounds = new Sound[n];
        for (int i = 0; i < n; i++) {
            sounds[i] = new Sound(Arrays.copyOf(made[i], t), data.rate());
        }
        return sounds;
    }

    /**
     * Whether the model can be sampled so.
     *
     * @throws TataraException if it was not trained to
     */
    public void check(Sampling sampling) {
        sampling.check(config);
    }

    private List<Told> told(List<List<String>> labels, Sound like, int samples) {
        check(like);
        float[][] followed = like == null ? null : AcousticFeatures.of(like.at(data.rate()));
        List<Told> told = new ArrayList<>();
        for (List<String> label : labels) {
            int[] factors = data.rows(label);
            if (!config.features()) {
                told.add(Told.of(factors));
            } else {
                float[][] frames = followed == null ? features.of(label) : followed;
                told.add(Told.of(config, factors, frames, samples));
            }
        }
        return told;
    }

    /**
     * Whether the model can follow a sound, or none.
     *
     * @throws TataraException if it was trained without features, or needs a sound with samples
     */
    public void check(Sound like) {
        if (like == null ? config.features() && features == null : !config.features()) {
            throw new TataraException(
                    like == null
                            ? "generate: the model has features and no labels: it needs a recording to follow"
                            : "generate: a recording to follow is given, the model was trained without features");
        }
        // A sample or two of a high rate are none of a low one.
        if (like != null && like.at(data.rate()).samples().length == 0) {
            throw new TataraException(
                    "generate: the recording to follow has no samples at " + data.rate() + " Hz");
        }
    }

    /** Makes the next levels [sequences, count]. */
    private interface Maker {
        int[] make(int count);
    }

    private Maker maker(Scope scope, List<Told> told, int samples, Sampling sampling) {
        if (sampling.plain() && !config.prediction()) {
            Steps steps = new Steps(config, model, weights, scope, told, samples, sampling);
            return count -> steps.make(count, sampling.temperature());
        }
        return new Draws(config, model, weights, scope, told, samples, sampling)::make;
    }

    /**
     * The samples of a time.
     *
     * @throws TataraException if there are none, or too many for an array
     */
    public int samples(double seconds) {
        double samples = Math.rint(seconds * data.rate());
        if (!(samples >= 1 && samples <= Integer.MAX_VALUE - 8)) {
            throw new TataraException(
                    "generate: seconds: given "
                            + seconds
                            + " at "
                            + data.rate()
                            + " Hz, expected at least one sample, and fewer than 2³¹");
        }
        return (int) samples;
    }

    /** Samples of the next call. */
    private static int wanted(int from, int samples, IntPredicate more) {
        int t = from;
        while (t < samples && t < from + TOGETHER && more.test(t)) {
            t++;
        }
        return t - from;
    }

    @Override
    public void close() {
        parameters.close();
    }
}
