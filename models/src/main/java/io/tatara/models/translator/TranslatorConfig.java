package io.tatara.models.translator;

import io.tatara.kernels.TataraException;
import io.tatara.models.nn.Arithmetic;
import io.tatara.models.nn.Cell;
import io.tatara.models.nn.Score;
import io.tatara.models.train.Json;
import io.tatara.models.train.Ranges;
import io.tatara.models.train.Schedule;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Everything that decides what a training run computes; saved with the model as {@code
 * config.json}. Start from {@link #gru}, {@link #lstmAttention} or {@link #defaults} and change
 * fields by name with {@link #with}.
 *
 * @param source extension of the source language's files, such as {@code en}
 * @param target extension of the target language's files
 * @param vocabularyFile where the data has {@code train.<language>.<this>}, those are the
 *     vocabularies
 * @param vocabulary number of words of vocabularies that are built from the training pairs
 *     otherwise
 * @param cell of encoder and decoder
 * @param attention of the decoder over the encoder's states; without it, the encoder's last state
 *     is given to the decoder at every step
 * @param bidirectional whether the encoder reads both ways
 * @param embedding width of word vectors
 * @param hidden width of states, of each direction
 * @param tied whether the output layer shares the target's word vectors (Press and Wolf 2017)
 * @param batch sentence pairs a step
 * @param pool batches among which pairs are sorted by length
 * @param learningRate Adam's
 * @param warmup steps in which the learning rate rises
 * @param decayFrom part of the run, 0 … 1, from which the learning rate falls along half a cosine
 * @param lastRate the learning rate at the end as a part of the full one
 * @param dropout of word vectors and of what the output layer sees
 * @param labelSmoothing part of a label's probability that is spread over all words
 * @param clip largest global norm of the gradients, 0 for none
 * @param weightDecay decoupled
 * @param epochs passes over the pairs
 * @param pairs largest number of training pairs, from the top of the files
 * @param maxWords training pairs with a longer sentence are left out
 * @param devPairs largest number of pairs for the evaluation after each epoch
 * @param beam width of the search on the test set
 * @param lengthPenalty exponent of the length that a hypothesis' score is divided by
 * @param samples translations shown after each epoch
 * @param checkpointEvery steps between checkpoints within an epoch, 0 for at its end only
 * @param seed of weights, order and dropout
 * @param precision what training steps are computed in; evaluation and translation are float32's;
 *     float16 scales the loss
 * @param schedule of the learning rate: {@code plateau} (what warmup, decayFrom and lastRate say)
 *     or a text of {@link Schedule#parse}
 */
public record TranslatorConfig(
        String source,
        String target,
        String vocabularyFile,
        int vocabulary,
        Cell cell,
        Score attention,
        boolean bidirectional,
        int embedding,
        int hidden,
        boolean tied,
        int batch,
        int pool,
        double learningRate,
        int warmup,
        double decayFrom,
        double lastRate,
        double dropout,
        double labelSmoothing,
        double clip,
        double weightDecay,
        int epochs,
        int pairs,
        int maxWords,
        int devPairs,
        int beam,
        double lengthPenalty,
        int samples,
        int checkpointEvery,
        long seed,
        Arithmetic precision,
        String schedule,
        int layers) {

    private static final String PLATEAU = "plateau";

    /** Fields whose values are names, written in any case. */
    private static final Set<String> NAMES = Set.of("cell", "attention", "precision");

    public TranslatorConfig {
        that(source != null && !source.isBlank(), "source", source, "a file extension");
        that(target != null && !target.isBlank(), "target", target, "a file extension");
        that(vocabularyFile != null, "vocabularyFile", null, "the end of a file name");
        that(vocabulary > 3, "vocabulary", vocabulary, "> 3");
        that(cell != null, "cell", null, "a cell");
        that(attention != null, "attention", null, "a score, or NONE");
        that(embedding > 0, "embedding", embedding, "> 0");
        that(hidden > 0, "hidden", hidden, "> 0");
        that(batch > 0, "batch", batch, "> 0");
        that(pool > 0, "pool", pool, "> 0");
        that(Ranges.positive(learningRate), "learningRate", learningRate, "> 0");
        that(warmup >= 0, "warmup", warmup, ">= 0");
        that(decayFrom >= 0 && decayFrom <= 1, "decayFrom", decayFrom, "0 … 1");
        that(lastRate >= 0 && lastRate <= 1, "lastRate", lastRate, "0 … 1");
        that(dropout >= 0 && dropout < 1, "dropout", dropout, "0 … 1, 1 excluded");
        that(
                labelSmoothing >= 0 && labelSmoothing < 1,
                "labelSmoothing",
                labelSmoothing,
                "0 … 1, 1 excluded");
        that(Ranges.notNegative(clip), "clip", clip, ">= 0");
        that(Ranges.notNegative(weightDecay), "weightDecay", weightDecay, ">= 0");
        that(epochs > 0, "epochs", epochs, "> 0");
        that(pairs > 0, "pairs", pairs, "> 0");
        that(maxWords > 0, "maxWords", maxWords, "> 0");
        that(devPairs > 0, "devPairs", devPairs, "> 0");
        that(beam > 0, "beam", beam, "> 0");
        that(
                lengthPenalty >= 0 && Double.isFinite(lengthPenalty),
                "lengthPenalty",
                lengthPenalty,
                ">= 0");
        that(samples >= 0, "samples", samples, ">= 0");
        that(checkpointEvery >= 0, "checkpointEvery", checkpointEvery, ">= 0");
        that(precision != null, "precision", null, "float32, tf32, bfloat16 or float16");
        that(layers > 0, "layers", layers, "> 0");
        that(schedule != null, "schedule", null, "the text of a schedule");
        rates(schedule, learningRate, warmup, decayFrom, lastRate);
    }

    private static void that(boolean ok, String field, Object given, String expected) {
        if (!ok) {
            throw new TataraException(
                    "translator config: " + field + ": given " + given + ", expected " + expected);
        }
    }

    /** English to Japanese, LSTM, additive attention, 40 000 pairs, ten epochs. */
    public static TranslatorConfig defaults() {
        return new TranslatorConfig(
                "en",
                "ja",
                "vocab.4k",
                4096,
                Cell.LSTM,
                Score.ADDITIVE,
                true,
                256,
                256,
                true,
                64,
                64,
                2e-3,
                200,
                0.4,
                0.02,
                0.3,
                0.1,
                5,
                0,
                10,
                40_000,
                50,
                500,
                5,
                1,
                4,
                0,
                1,
                Arithmetic.FLOAT32,
                PLATEAU,
                1);
    }

    /** The learning rate over the run. */
    Schedule rates() {
        return rates(schedule, learningRate, warmup, decayFrom, lastRate);
    }

    private static Schedule rates(
            String text, double rate, int warmup, double decayFrom, double lastRate) {
        return text.equals(PLATEAU)
                ? Schedule.plateau(rate, warmup, decayFrom, lastRate)
                : Schedule.parse(text, rate);
    }

    /** GRU without attention. */
    public static TranslatorConfig gru() {
        return defaults().with("cell", Cell.GRU).with("attention", Score.NONE);
    }

    /** LSTM with additive attention. */
    public static TranslatorConfig lstmAttention() {
        return defaults();
    }

    /**
     * The same with one field changed.
     *
     * @param field a component of this record
     * @param value of its type, or as text ({@code "lstm"}, {@code "0.5"}, {@code "true"})
     * @throws TataraException if there is no such field, or the value does not fit
     */
    public TranslatorConfig with(String field, Object value) {
        return merged(Map.of(field, value));
    }

    /** The same with several fields changed; see {@link #with}. */
    public TranslatorConfig merged(Map<String, ?> changes) {
        ObjectNode tree = (ObjectNode) Json.tree(this);
        changes.forEach((field, value) -> {
            if (!tree.has(field)) {
                throw new TataraException(
                        "translator config: no field "
                                + field
                                + "; there are "
                                + tree.propertyNames());
            }
            boolean name = NAMES.contains(field);
            Object v = name ? value.toString().toUpperCase(Locale.ROOT) : value;
            tree.set(field, v instanceof JsonNode n ? n : Json.tree(v));
        });
        try {
            return Json.value(tree, TranslatorConfig.class);
        } catch (TataraException e) {
            throw new TataraException(
                    "translator config: given " + changes + ": " + e.getMessage(), e);
        }
    }

    /**
     * Reads {@code config.json}; fields that it lacks are as in {@link #defaults}.
     *
     * @throws TataraException naming the file, if it cannot be read or has a field that is not
     *     known
     */
    public static TranslatorConfig read(Path file) {
        Map<String, Object> fields = new LinkedHashMap<>();
        ObjectNode tree = Json.read(file, ObjectNode.class);
        tree.properties()
                .forEach(e ->
                        fields.put(
                                e.getKey(),
                                e.getValue().isString()
                                        ? e.getValue().stringValue()
                                        : e.getValue()));
        try {
            return defaults().merged(fields);
        } catch (TataraException e) {
            throw new TataraException("file " + file + ": " + e.getMessage(), e);
        }
    }

    /** The fields in which two differ, for messages. */
    List<String> differences(TranslatorConfig other) {
        ObjectNode mine = (ObjectNode) Json.tree(this);
        JsonNode theirs = Json.tree(other);
        List<String> list = new ArrayList<>();
        mine.properties()
                .forEach(e -> {
                    JsonNode that = theirs.get(e.getKey());
                    if (!e.getValue().equals(that)) {
                        list.add(e.getKey() + " " + e.getValue() + " / " + that);
                    }
                });
        return list;
    }
}
