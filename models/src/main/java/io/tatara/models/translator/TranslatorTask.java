package io.tatara.models.translator;

import io.tatara.kernels.softmax.Reduction;
import io.tatara.models.nn.Arithmetic;
import io.tatara.models.nn.Noise;
import io.tatara.models.text.Batching;
import io.tatara.models.text.Bleu;
import io.tatara.models.text.EncodedPair;
import io.tatara.models.text.PairBatch;
import io.tatara.models.text.SentencePair;
import io.tatara.models.train.TrainingTask;
import io.tatara.runtime.Device;
import io.tatara.runtime.Ops;
import io.tatara.runtime.Scope;
import io.tatara.runtime.Tape;
import io.tatara.runtime.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The translator's training: cross-entropy of the next word, judged by loss and BLEU of held-out
 * pairs.
 */
final class TranslatorTask implements TrainingTask<PairBatch> {
    static final String DEV_LOSS = "devLoss";
    static final String DEV_BLEU = "devBleu";

    private final Device device;
    private final Translator translator;
    private final TranslatorConfig config;
    private final List<EncodedPair> train;
    private final List<SentencePair> dev;
    private final List<List<EncodedPair>> devBatches;

    TranslatorTask(
            Device device,
            Translator translator,
            List<SentencePair> train,
            List<SentencePair> dev) {
        this.device = device;
        this.translator = translator;
        this.config = translator.config();
        this.train = encoded(train);
        this.dev = dev;
        this.devBatches = Batching.sorted(encoded(dev), config.batch());
    }

    private List<EncodedPair> encoded(List<SentencePair> pairs) {
        return pairs.stream()
                .map(p -> EncodedPair.of(p, translator.source(), translator.target()))
                .toList();
    }

    @Override
    public List<PairBatch> batches(int epoch) {
        return Batching.shuffled(train, config.batch(), config.pool(), config.seed(), epoch)
                .stream()
                .map(PairBatch::of)
                .toList();
    }

    @Override
    public double weight(PairBatch batch) {
        return batch.tokens();
    }

    @Override
    public Tensor loss(Tape tape, PairBatch batch, long step) {
        Noise noise = Noise.of(tape.scope(), (float) config.dropout(), config.seed(), step);
        return loss(
                tape.scope(),
                tape.ops(),
                config.precision(),
                batch,
                noise,
                (float) config.labelSmoothing(),
                Reduction.MEAN);
    }

    private Tensor loss(
            Scope scope,
            Ops plain,
            Arithmetic precision,
            PairBatch b,
            Noise noise,
            float smoothing,
            Reduction reduction) {
        TranslatorModel model = translator.model();
        Ops ops = precision.on(plain);
        Tensor source = scope.tensor(b.source(), b.sourceLength(), b.size());
        Tensor lengths = scope.tensor(b.sourceLengths(), b.size());
        TranslatorModel.Encoded e = model.encode(ops, source, lengths, noise, precision.storage());
        Tensor input = scope.tensor(b.decoderInput(), b.targetLength(), b.size());
        Tensor labels = scope.tensor(b.labels(), b.labels().length);
        Tensor logits = model.decode(ops, e, input, e.start(), noise).logits();
        return ops.crossEntropy(logits, labels, PairBatch.IGNORE, smoothing, reduction);
    }

    @Override
    public Evaluation evaluate(int epoch) {
        double sum = 0;
        double tokens = 0;
        for (List<EncodedPair> pairs : devBatches) {
            PairBatch b = PairBatch.of(pairs);
            try (Scope scope = device.scope()) {
                Ops ops = scope.ops();
                sum += loss(scope, ops, Arithmetic.FLOAT32, b, Noise.NONE, 0, Reduction.SUM).item();
                tokens += b.tokens();
            }
        }
        Map<String, Double> metrics = new LinkedHashMap<>();
        metrics.put(DEV_LOSS, sum / tokens);
        if (Double.isNaN(sum)) {
            // Of such weights no search finds anything; the loop says what to do.
            metrics.put(DEV_BLEU, 0.0);
            return new Evaluation(metrics, List.of());
        }
        List<Translation> translations =
                translator.translate(dev.stream().map(SentencePair::source).toList(), 1, false);
        Bleu bleu = new Bleu();
        List<String> samples = new ArrayList<>();
        for (int i = 0; i < dev.size(); i++) {
            Translation t = translations.get(i);
            bleu.add(t.words(), dev.get(i).target());
            if (i < config.samples()) {
                samples.add(sample(t, dev.get(i)));
            }
        }
        metrics.put(DEV_BLEU, bleu.score());
        return new Evaluation(metrics, samples);
    }

    static String sample(Translation t, SentencePair p) {
        return String.join(" ", p.source())
                + " → "
                + t.text()
                + "  ("
                + String.join(" ", p.target())
                + ")";
    }
}
