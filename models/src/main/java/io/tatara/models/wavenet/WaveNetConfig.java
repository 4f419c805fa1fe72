package io.tatara.models.wavenet;

import io.tatara.kernels.TataraException;
import io.tatara.models.train.Json;
import io.tatara.models.train.Ranges;
import io.tatara.models.train.Schedule;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Everything that decides what a training run computes; saved with the model as {@code
 * config.json}. Start from {@link #defaults} and change fields by name with {@link #with}.
 *
 * @param stacks how often the dilations 1, 2, 4 … begin again
 * @param layers of a stack
 * @param kernel taps of the convolutions
 * @param residual channels between layers, and of the gates
 * @param skip channels of the sum over all layers, and of the head
 * @param levels of the µ-law
 * @param rate samples a second, to which recordings of other rates are resampled; 0 for that of the
 *     first recording
 * @param heldOut which recordings are held out: a regular expression that is looked for in their
 *     names, or a number between 0 and 1, their part of all recordings
 * @param condition regular expression that is looked for in the names of the recordings, whose
 *     groups are the factors of their labels; empty for no condition
 * @param positions parts of equal length into which a recording is divided, so that the network is
 *     told, with the label, in which part a sample is (and so, before the end, how long the whole
 *     is); 0 for not
 * @param prediction whether the network is also told what linear predictors, fitted to the samples
 *     before, expect each next one to be, and how far off they were lately
 * @param features whether the network is also told each frame's {@link
 *     io.tatara.models.audio.AcousticFeatures}
 * @param crop samples of a window that training computes at a time; longer recordings are windows
 *     that overlap by the receptive field
 * @param batch windows a step
 * @param pool batches among which windows are sorted by length
 * @param optimizer adam, or muon for the matrices between the first and the last one
 * @param learningRate of the optimizer
 * @param schedule of the learning rate, a text of {@link Schedule#parse}
 * @param clip largest global norm of the gradients, 0 for none
 * @param weightDecay decoupled
 * @param dropout probability with which training drops what the gates and the head see, 0 for none
 * @param labelDropout part of the training windows of which the network is not told the label (nor
 *     features), so that it can be guided towards one (see {@link Sampling}), 0 for none
 * @param gain largest change of a training recording's volume in either direction, in decibels, 0
 *     for none; see {@link Alteration}
 * @param speed largest part by which a training recording is made faster or slower, 0 for none
 * @param dither largest shift of a training recording's sample, in levels, 0 for none
 * @param noise standard deviation of the strongest {@link Disturbance} of the samples that training
 *     shows before each one, in levels, 0 for none
 * @param noisePart part of the training windows that are disturbed so, where there is noise
 * @param average decay of the running mean of the weights by which the model is judged and that it
 *     is made of, 0 for none
 * @param epochs passes over the recordings
 * @param checkpointEvery steps between checkpoints within an epoch, 0 for at its end only
 * @param seed of weights and order
 */
public record WaveNetConfig(
        int stacks,
        int layers,
        int kernel,
        int residual,
        int skip,
        int levels,
        int rate,
        String heldOut,
        String condition,
        int positions,
        boolean prediction,
        boolean features,
        int crop,
        int batch,
        int pool,
        String optimizer,
        double learningRate,
        String schedule,
        double clip,
        double weightDecay,
        double dropout,
        double labelDropout,
        double gain,
        double speed,
        double dither,
        double noise,
        double noisePart,
        double average,
        int epochs,
        int checkpointEvery,
        long seed) {
    static final String ADAM = "adam";
    static final String MUON = "muon";

    private static final Set<String> NETWORK =
            Set.of(
                    "stacks",
                    "layers",
                    "kernel",
                    "residual",
                    "skip",
                    "levels",
                    "positions",
                    "prediction");

    private static final int MOST_LAYERS = 24;
    private static final int MOST_POSITIONS = 1000;
    private static final double MOST_GAIN = 60;
    private static final double MOST_SPEED = 0.5;
    private static final double MOST_DITHER = 16;
    private static final double MOST_NOISE = 16;
    private static final double LEAST_NOISE_PART = 1e-3;

    public WaveNetConfig {
        that(stacks > 0, "stacks", stacks, "> 0");
        that(layers > 0 && layers <= MOST_LAYERS, "layers", layers, "1 … " + MOST_LAYERS);
        that(kernel > 0, "kernel", kernel, "> 0");
        that(residual > 0, "residual", residual, "> 0");
        that(skip > 0, "skip", skip, "> 0");
        that(levels >= 2 && levels <= 1 << 16, "levels", levels, "2 … 65536");
        that(rate >= 0, "rate", rate, ">= 0");
        that(heldOut != null && !heldOut.isEmpty(), "heldOut", heldOut, "a pattern or a part");
        Double part = part(heldOut);
        that(
                part == null || (part > 0 && part < 1),
                "heldOut",
                heldOut,
                "a regular expression, or a number between 0 and 1");
        if (part == null) {
            pattern("heldOut", heldOut);
        }
        that(condition != null, "condition", null, "a regular expression, or nothing");
        that(
                condition.isEmpty() || pattern("condition", condition).matcher("").groupCount() > 0,
                "condition",
                condition,
                "a regular expression with a group");
        that(
                positions >= 0 && positions <= MOST_POSITIONS,
                "positions",
                positions,
                "0 … " + MOST_POSITIONS);
        that(
                positions == 0 || !condition.isEmpty(),
                "positions",
                positions,
                "0 where there is no condition");
        long field = WaveNet.receptiveField(stacks, layers, kernel);
        that(crop > field, "crop", crop, "more than the receptive field of " + field + " samples");
        that(batch > 0, "batch", batch, "> 0");
        that(pool > 0, "pool", pool, "> 0");
        that(List.of(ADAM, MUON).contains(optimizer), "optimizer", optimizer, ADAM + " or " + MUON);
        that(Ranges.positive(learningRate), "learningRate", learningRate, "> 0");
        that(Ranges.notNegative(clip), "clip", clip, ">= 0");
        that(Ranges.notNegative(weightDecay), "weightDecay", weightDecay, ">= 0");
        that(dropout >= 0 && dropout < 1, "dropout", dropout, "0 … 1, 1 excluded");
        that(
                labelDropout >= 0 && labelDropout < 1,
                "labelDropout",
                labelDropout,
                "0 … 1, 1 excluded");
        that(
                labelDropout == 0 || !condition.isEmpty(),
                "labelDropout",
                labelDropout,
                "0 where there is no condition");
        that(gain >= 0 && gain <= MOST_GAIN, "gain", gain, "0 … " + MOST_GAIN + " decibels");
        that(speed >= 0 && speed <= MOST_SPEED, "speed", speed, "0 … " + MOST_SPEED);
        that(dither >= 0 && dither <= MOST_DITHER, "dither", dither, "0 … " + MOST_DITHER);
        that(noise >= 0 && noise <= MOST_NOISE, "noise", noise, "0 … " + MOST_NOISE);
        that(
                noisePart >= LEAST_NOISE_PART && noisePart <= 1,
                "noisePart",
                noisePart,
                LEAST_NOISE_PART + " … 1");
        that(average >= 0 && average < 1, "average", average, "0 … 1, 1 excluded");
        that(epochs > 0, "epochs", epochs, "> 0");
        that(checkpointEvery >= 0, "checkpointEvery", checkpointEvery, ">= 0");
        that(schedule != null, "schedule", null, "the text of a schedule");
        Schedule.parse(schedule, learningRate);
    }

    private static void that(boolean ok, String field, Object given, String expected) {
        if (!ok) {
            throw new TataraException(
                    "wavenet config: " + field + ": given " + given + ", expected " + expected);
        }
    }

    private static Pattern pattern(String field, String text) {
        try {
            return Pattern.compile(text);
        } catch (PatternSyntaxException e) {
            throw new TataraException(
                    "wavenet config: " + field + ": given " + text + ": " + e.getDescription(), e);
        }
    }

    /** The number that a text is; null for one that is none. */
    private static Double part(String text) {
        try {
            return Double.valueOf(text);
        } catch (NumberFormatException e) {
            return null;
        }
    }

    /** Two stacks of ten layers, 64 residual and 128 skip channels, a tenth held out. */
    public static WaveNetConfig defaults() {
        return new WaveNetConfig(
                2,
                10,
                2,
                64,
                128,
                256,
                0,
                "0.1",
                "",
                0,
                false,
                false,
                6000,
                1,
                32,
                ADAM,
                4e-3,
                "cosine,warmup=200",
                1,
                0,
                0,
                0,
                0,
                0,
                0,
                0,
                0.5,
                0.998,
                8,
                0,
                1);
    }

    /** Samples that an output depends on. */
    public int receptiveField() {
        return (int) WaveNet.receptiveField(stacks, layers, kernel);
    }

    /** Whether training alters recordings. */
    boolean alters() {
        return gain > 0 || speed > 0 || dither > 0;
    }

    /** The dilation of each layer. */
    List<Integer> dilations() {
        List<Integer> all = new ArrayList<>();
        for (int i = 0; i < stacks * layers; i++) {
            all.add(1 << i % layers);
        }
        return all;
    }

    /** Whether a recording is held out by its name; null where a part of all is. */
    Boolean holdsOut(String name) {
        return part(heldOut) == null ? pattern("heldOut", heldOut).matcher(name).find() : null;
    }

    /** The part of the recordings that is held out, where it is no pattern. */
    double heldOutPart() {
        return part(heldOut);
    }

    /**
     * The factors of a recording's label, none where there is no condition.
     *
     * @throws TataraException if the pattern is not found in the name
     */
    List<String> label(String name) {
        if (condition.isEmpty()) {
            return List.of();
        }
        Matcher m = pattern("condition", condition).matcher(name);
        List<String> label = new ArrayList<>();
        if (m.find()) {
            for (int i = 1; i <= m.groupCount(); i++) {
                if (m.group(i) != null) {
                    label.add(m.group(i));
                }
            }
        }
        if (label.isEmpty() || label.size() != m.groupCount()) {
            throw new TataraException(
                    "recording " + name + " has no label: " + condition + " is not in its name");
        }
        return label;
    }

    /** The learning rate over the run. */
    Schedule rates() {
        return Schedule.parse(schedule, learningRate);
    }

    /**
     * The same with one field changed.
     *
     * @param field a component of this record
     * @param value of its type, or as text
     * @throws TataraException if there is no such field, or the value does not fit
     */
    public WaveNetConfig with(String field, Object value) {
        return merged(Map.of(field, value));
    }

    /** The same with several fields changed; see {@link #with}. */
    public WaveNetConfig merged(Map<String, ?> changes) {
        ObjectNode tree = (ObjectNode) Json.tree(this);
        changes.forEach((field, value) -> {
            if (!tree.has(field)) {
                throw new TataraException(
                        "wavenet config: no field "
                                + field
                                + "; there are "
                                + tree.propertyNames());
            }
            tree.set(field, value instanceof JsonNode n ? n : Json.tree(value));
        });
        try {
            return Json.value(tree, WaveNetConfig.class);
        } catch (TataraException e) {
            throw new TataraException(
                    "wavenet config: given " + changes + ": " + e.getMessage(), e);
        }
    }

    /**
     * Reads {@code config.json}; fields that it lacks are as in {@link #defaults}.
     *
     * @throws TataraException naming the file, if it cannot be read or has a field that is not
     *     known
     */
    public static WaveNetConfig read(Path file) {
        Map<String, Object> fields = new LinkedHashMap<>();
        Json.read(file, ObjectNode.class)
                .properties()
                .forEach(e -> fields.put(e.getKey(), e.getValue()));
        try {
            return defaults().merged(fields);
        } catch (TataraException e) {
            throw new TataraException("file " + file + ": " + e.getMessage(), e);
        }
    }

    /**
     * As {@link #differences}, of what decides which weights there are, but for those of noise and
     * features.
     */
    List<String> networkDiffers(WaveNetConfig other) {
        return differences(other).stream()
                .filter(d -> NETWORK.contains(d.substring(0, d.indexOf(' '))))
                .toList();
    }

    /** The fields in which two differ, for messages. */
    List<String> differences(WaveNetConfig other) {
        JsonNode theirs = Json.tree(other);
        List<String> list = new ArrayList<>();
        Json.tree(this)
                .properties()
                .forEach(e -> {
                    JsonNode that = theirs.get(e.getKey());
                    if (!e.getValue().equals(that)) {
                        list.add(e.getKey() + " " + e.getValue() + " / " + that);
                    }
                });
        return list;
    }
}
