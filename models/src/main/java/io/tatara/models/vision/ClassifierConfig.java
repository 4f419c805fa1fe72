package io.tatara.models.vision;

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
import java.util.TreeMap;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Everything that decides what a training run of an image classifier computes; saved with it as
 * {@code config.json}. Start from {@link #defaults} and change fields by name with {@link #with}.
 *
 * @param model name of a network in {@link io.tatara.models.network.ModelZoo}
 * @param options of that network; channels, resolution and classes are the data's where not said
 * @param epochs passes over the training pictures
 * @param batch pictures a step; what is left over at an epoch's end waits for the next
 * @param optimizer {@code sgd} (with Nesterov's momentum) or {@code adamw}
 * @param learningRate largest
 * @param momentum of sgd
 * @param weightDecay sgd: an L2 penalty's; adamw: decoupled
 * @param decayAll whether biases and norms are decayed too
 * @param schedule of the learning rate, a text of {@link Schedule#parse}; in {@code step}, without
 *     {@code every}, the rate falls at a half and at three quarters of the run
 * @param warmupEpochs in which the learning rate rises linearly
 * @param labelSmoothing part of a label's probability that is spread over all classes
 * @param clip largest global norm of the gradients, 0 for none
 * @param shift pixels by which training pictures are shifted at most
 * @param flip whether training pictures are mirrored at random
 * @param images training pictures at most, those for validation with them; 0 for all
 * @param validation of those, pictures that are held back to choose the best epoch
 * @param checkpointEvery steps between checkpoints within an epoch, 0 for at its end only
 * @param seed of weights, order, augmentation and dropout
 */
public record ClassifierConfig(
        String model,
        Map<String, String> options,
        int epochs,
        int batch,
        String optimizer,
        double learningRate,
        double momentum,
        double weightDecay,
        boolean decayAll,
        String schedule,
        double warmupEpochs,
        double labelSmoothing,
        double clip,
        int shift,
        boolean flip,
        int images,
        int validation,
        int checkpointEvery,
        long seed) {

    private static final String SGD = "sgd";
    private static final Set<String> OPTIMIZERS = Set.of(SGD, "adamw");

    /** The step schedule that goes by the run's length. */
    private static final String MILESTONES = "step";

    public ClassifierConfig {
        that(model != null && !model.isBlank(), "model", model, "the name of a network");
        options = options == null ? Map.of() : new TreeMap<>(options);
        that(epochs > 0, "epochs", epochs, "> 0");
        that(batch > 1, "batch", batch, "> 1");
        that(
                optimizer != null && OPTIMIZERS.contains(optimizer),
                "optimizer",
                optimizer,
                "sgd or adamw");
        that(Ranges.positive(learningRate), "learningRate", learningRate, "> 0");
        that(momentum >= 0 && momentum < 1, "momentum", momentum, "0 … 1, 1 excluded");
        that(Ranges.notNegative(weightDecay), "weightDecay", weightDecay, ">= 0");
        that(schedule != null, "schedule", null, "the text of a schedule");
        that(
                warmupEpochs >= 0 && warmupEpochs < epochs,
                "warmupEpochs",
                warmupEpochs,
                "0 or more, less than the " + epochs + " epochs");
        that(
                labelSmoothing >= 0 && labelSmoothing < 1,
                "labelSmoothing",
                labelSmoothing,
                "0 … 1, 1 excluded");
        that(Ranges.notNegative(clip), "clip", clip, ">= 0");
        that(
                shift >= 0 && shift <= Images.LARGEST_SIDE,
                "shift",
                shift,
                "0 … " + Images.LARGEST_SIDE);
        that(images >= 0, "images", images, ">= 0");
        that(validation > 0, "validation", validation, "> 0");
        that(
                images == 0 || images > validation,
                "images",
                images,
                "more than the " + validation + " for validation");
        that(checkpointEvery >= 0, "checkpointEvery", checkpointEvery, ">= 0");
        rates(schedule, learningRate);
    }

    private static void that(boolean ok, String field, Object given, String expected) {
        if (!ok) {
            throw new TataraException(
                    "classifier config: " + field + ": given " + given + ", expected " + expected);
        }
    }

    /** ResNet-20 for 15 epochs, as its authors have it but for a shorter run along a cosine. */
    public static ClassifierConfig defaults() {
        return new ClassifierConfig(
                "resnet-20",
                Map.of(),
                15,
                128,
                SGD,
                0.1,
                0.9,
                5e-4,
                false,
                "cosine",
                1,
                0,
                0,
                4,
                true,
                0,
                1000,
                0,
                1);
    }

    /** The learning rate over a run whose epochs have so many steps. */
    Schedule rates(int stepsOfAnEpoch) {
        return rates(schedule, learningRate).warmUp(Math.round(warmupEpochs * stepsOfAnEpoch));
    }

    private static Schedule rates(String text, double rate) {
        if (text.strip().equals(MILESTONES)) {
            return (step, total) ->
                    step < total / 2 ? rate : step < total * 3 / 4 ? rate / 10 : rate / 100;
        }
        return Schedule.parse(text, rate);
    }

    /** The same with one field changed; see {@link #merged}. */
    public ClassifierConfig with(String field, Object value) {
        return merged(Map.of(field, value));
    }

    /**
     * The same with several fields changed.
     *
     * @param changes values of their types, or as text ({@code "0.5"}, {@code "true"}), by name
     * @throws TataraException if there is no such field, or a value does not fit
     */
    public ClassifierConfig merged(Map<String, ?> changes) {
        ObjectNode tree = (ObjectNode) Json.tree(this);
        changes.forEach((field, value) -> {
            that(tree.has(field), "field", field, "one of " + tree.propertyNames());
            tree.set(field, value instanceof JsonNode n ? n : Json.tree(value));
        });
        try {
            return Json.value(tree, ClassifierConfig.class);
        } catch (TataraException e) {
            throw new TataraException(
                    "classifier config: given " + changes + ": " + e.getMessage(), e);
        }
    }

    /**
     * Reads {@code config.json}; fields that it lacks are as in {@link #defaults}.
     *
     * @throws TataraException naming the file, if it cannot be read or has a field that is not
     *     known
     */
    public static ClassifierConfig read(Path file) {
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

    /** The fields in which two differ, for messages. */
    List<String> differences(ClassifierConfig other) {
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

    /** The options with those of the data where they are not said. */
    Map<String, String> options(int channels, int side, int classes) {
        Map<String, String> all = new TreeMap<>(options);
        all.putIfAbsent("channels", Integer.toString(channels));
        all.putIfAbsent("resolution", Integer.toString(side));
        all.putIfAbsent("classes", Integer.toString(classes));
        return all;
    }
}
