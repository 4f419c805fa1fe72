package io.tatara.models.translator;

import io.tatara.models.optim.AdamOptimizer;
import io.tatara.models.optim.LossScaler;
import io.tatara.models.optim.Optimizer;
import io.tatara.models.text.EncodedPair;
import io.tatara.models.text.PairBatch;
import io.tatara.models.text.Vocabulary;
import io.tatara.runtime.Device;
import io.tatara.runtime.Graph;
import io.tatara.runtime.GraphFile;
import io.tatara.runtime.Scope;
import io.tatara.runtime.Tape;
import io.tatara.runtime.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * One training step of the translator on a batch that is drawn and not read: what a training run
 * repeats, for those who measure it. Loss, gradients, clipping, Adam; all of it on the device, as
 * {@code TrainingLoop} does it.
 */
public final class TranslatorStep implements AutoCloseable {
    private static final List<String> SPECIAL = List.of("<unk>", "<s>", "</s>");

    /** Words of the longest sentence in the batch of a picture. */
    private static final int DRAWN = 20;

    private final Device device;
    private final Translator translator;
    private final TranslatorTask task;
    private final Optimizer optimizer;
    private final PairBatch batch;
    private final double rate;

    /**
     * @param config sizes, dropout, smoothing, clipping; {@code vocabulary} words a language
     * @param sourceLength words of the longest source
     * @param targetLength words of the longest target, its end included
     */
    public TranslatorStep(
            Device device, TranslatorConfig config, int sourceLength, int targetLength) {
        this.device = device;
        List<String> words = new ArrayList<>(SPECIAL);
        for (int i = SPECIAL.size(); i < config.vocabulary(); i++) {
            words.add("w" + i);
        }
        Vocabulary vocabulary = new Vocabulary(words);
        this.translator = new Translator(device, config, vocabulary, vocabulary);
        this.task = new TranslatorTask(device, translator, List.of(), List.of());
        this.optimizer =
                new AdamOptimizer(
                        translator.parameters(), config.clip(), 0.999, config.weightDecay());
        if (config.precision().scalesLoss()) {
            optimizer.scaleLoss(LossScaler.dynamic());
        }
        this.batch = PairBatch.of(pairs(config, sourceLength, targetLength));
        this.rate = config.learningRate();
    }

    /**
     * Sentences of the longest length down to three quarters of it, as sorted batches have them.
     */
    private static List<EncodedPair> pairs(TranslatorConfig c, int source, int target) {
        SplittableRandom random = new SplittableRandom(c.seed());
        List<EncodedPair> pairs = new ArrayList<>();
        for (int i = 0; i < c.batch(); i++) {
            pairs.add(
                    new EncodedPair(
                            words(random, c.vocabulary(), shorter(source, i, c.batch())),
                            words(random, c.vocabulary(), shorter(target, i, c.batch()) - 1)));
        }
        return pairs;
    }

    private static int shorter(int longest, int i, int batch) {
        return Math.max(2, longest - longest * i / (4 * batch));
    }

    private static int[] words(SplittableRandom random, int vocabulary, int length) {
        return random.ints(length, SPECIAL.size(), vocabulary).toArray();
    }

    /** The batch that every step is taken on. */
    public PairBatch batch() {
        return batch;
    }

    /** Numbers in the model. */
    public long parameters() {
        return translator.parameters().count();
    }

    /** Enqueues a step. */
    public void run() {
        try (Scope scope = device.scope()) {
            step(scope);
        }
    }

    /**
     * The step as a graph of the scope; this takes a step. Replays drop the same places and correct
     * Adam's moments as this step did, so they train little, but take as long as any step.
     */
    public Graph record(Scope scope) {
        return Graph.record(scope, s -> new Tensor[] {step(s)});
    }

    /**
     * Draws a training step of such a model: forward, backward, clipping and Adam, as a replay runs
     * them.
     */
    public static void draw(Device device, TranslatorConfig config, GraphFile file) {
        try (TranslatorStep step = new TranslatorStep(device, config, DRAWN, DRAWN);
                Scope scope = device.scope()) {
            file.write(step.record(scope));
        }
    }

    /** Takes a step and waits for its loss. */
    public float loss() {
        try (Scope scope = device.scope()) {
            return step(scope).item();
        }
    }

    private Tensor step(Scope scope) {
        Tape tape = scope.tape().watch(translator.parameters().tensors());
        Tensor loss = task.loss(tape, batch, optimizer.steps());
        optimizer.step(scope, optimizer.backward(tape, loss), rate);
        return loss;
    }

    @Override
    public void close() {
        optimizer.close();
        translator.close();
    }
}
