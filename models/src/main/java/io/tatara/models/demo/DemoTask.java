package io.tatara.models.demo;

import io.tatara.kernels.TataraException;
import io.tatara.models.text.ParallelCorpus;
import io.tatara.models.text.SentencePair;
import io.tatara.models.train.TrainingListener;
import io.tatara.models.translator.Translation;
import io.tatara.models.translator.Translator;
import io.tatara.models.translator.TranslatorConfig;
import io.tatara.models.translator.TranslatorTraining;
import io.tatara.runtime.Device;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The demonstration: a translator for phrases such as "the twenty third of march nineteen ninety
 * nine" → 一 九 九 九 年 三 月 二十 三 日, trained in about a minute on data that are made here. No phrase is
 * in two of the splits.
 */
public final class DemoTask {
    /** Held-out phrases for the evaluation after each epoch. */
    private static final int DEV = 300;

    private static final int TEST = 1000;
    private static final int TRAIN = 24_000;

    /**
     * @param train phrases to learn from
     * @param dev phrases to choose the best epoch by
     * @param test phrases to judge by
     */
    public record Phrases(
            List<SentencePair> train, List<SentencePair> dev, List<SentencePair> test) {}

    /**
     * @param exactMatch part of the test phrases that are translated without any error, 0 … 1
     * @param examples some of them, wrong ones first
     * @param training what training gave; not finished where it was asked to stop
     */
    public record Result(
            double exactMatch, List<String> examples, TranslatorTraining.Result training) {}

    private DemoTask() {}

    /**
     * Different phrases, drawn from the seed.
     *
     * @throws TataraException if there are not that many phrases
     */
    public static Phrases phrases(long seed, int train, int dev, int test) {
        PhraseGrammar grammar = new PhraseGrammar(seed);
        Set<List<String>> seen = new HashSet<>();
        List<SentencePair> all = new ArrayList<>();
        int wanted = train + dev + test;
        for (long tries = 0; all.size() < wanted; tries++) {
            if (tries > 20L * wanted + 1000) {
                throw new TataraException(
                        "the demo's grammar does not have " + wanted + " phrases");
            }
            SentencePair p = grammar.next();
            if (seen.add(p.source())) {
                all.add(p);
            }
        }
        return new Phrases(
                all.subList(0, train),
                all.subList(train, train + dev),
                all.subList(train + dev, wanted));
    }

    /** Writes the phrases as a corpus that {@link TranslatorTraining} reads. */
    public static void write(Path folder, Phrases p) {
        TranslatorConfig c = config();
        ParallelCorpus.write(folder, "train", c.source(), c.target(), p.train());
        ParallelCorpus.write(folder, "dev", c.source(), c.target(), p.dev());
        ParallelCorpus.write(folder, "test", c.source(), c.target(), p.test());
    }

    /** A small network: GRU with additive attention. */
    public static TranslatorConfig config() {
        return TranslatorConfig.gru()
                .with("attention", "additive")
                .with("embedding", 64)
                .with("hidden", 96)
                .with("dropout", 0.1)
                .with("labelSmoothing", 0.0)
                .with("learningRate", 4e-3)
                .with("warmup", 50)
                .with("decayFrom", 0.3)
                .with("epochs", 6)
                .with("pairs", TRAIN)
                .with("beam", 1);
    }

    /**
     * Makes the data in {@code out/data}, trains, and judges.
     *
     * @param config {@link #config} or a variation of it
     */
    public static Result run(
            Device device,
            TranslatorConfig config,
            Path out,
            boolean resume,
            TrainingListener listener) {
        Phrases phrases = phrases(config.seed(), config.pairs(), DEV, TEST);
        Path data = out.resolve("data");
        write(data, phrases);
        TranslatorTraining.Result training =
                TranslatorTraining.run(device, config, data, out, resume, listener);
        if (!training.finished()) {
            return new Result(Double.NaN, List.of(), training);
        }
        try (Translator t = Translator.load(device, out)) {
            return judge(t, phrases.test(), training);
        }
    }

    private static Result judge(
            Translator t, List<SentencePair> test, TranslatorTraining.Result training) {
        List<Translation> all =
                t.translate(
                        test.stream().map(SentencePair::source).toList(), t.config().beam(), false);
        List<String> wrong = new ArrayList<>();
        List<String> right = new ArrayList<>();
        for (int i = 0; i < test.size(); i++) {
            String english = String.join(" ", test.get(i).source());
            if (all.get(i).words().equals(test.get(i).target())) {
                right.add(english + " → " + all.get(i).text());
            } else {
                wrong.add(
                        english
                                + " → "
                                + all.get(i).text()
                                + "  (not "
                                + String.join(" ", test.get(i).target())
                                + ")");
            }
        }
        double exact = (double) right.size() / test.size();
        List<String> examples = new ArrayList<>(wrong.subList(0, Math.min(5, wrong.size())));
        examples.addAll(right.subList(0, Math.min(5, right.size())));
        return new Result(exact, examples, training);
    }
}
