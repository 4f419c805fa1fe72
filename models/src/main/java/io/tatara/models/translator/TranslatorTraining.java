package io.tatara.models.translator;

import io.tatara.kernels.TataraException;
import io.tatara.models.nn.Score;
import io.tatara.models.optim.AdamOptimizer;
import io.tatara.models.optim.LossScaler;
import io.tatara.models.plot.Plots;
import io.tatara.models.text.Bleu;
import io.tatara.models.text.PairBatch;
import io.tatara.models.text.ParallelCorpus;
import io.tatara.models.text.SentencePair;
import io.tatara.models.text.Vocabulary;
import io.tatara.models.text.Words;
import io.tatara.models.train.EpochRecord;
import io.tatara.models.train.Json;
import io.tatara.models.train.StopRequest;
import io.tatara.models.train.TrainingException;
import io.tatara.models.train.TrainingListener;
import io.tatara.models.train.TrainingLoop;
import io.tatara.runtime.Device;
import io.tatara.runtime.io.Safetensors;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Makes a translator out of a folder with {@code train}, {@code dev} and {@code test} files (see
 * {@link ParallelCorpus}). The output folder gets {@code model.safetensors}, {@code config.json}
 * and the vocabularies, which {@link Translator#load} opens; {@code history.json}; {@code
 * curves.png}; {@code attention.png} where the model attends; {@code samples.txt}; and the
 * checkpoints in {@code checkpoint/}.
 */
public final class TranslatorTraining {
    /** The sentence whose attention is drawn where the model knows its words. */
    private static final String STUDY = "i study at school .";

    private static final int TEST_SAMPLES = 20;

    /**
     * @param finished false where training was asked to stop before its end; the scores are NaN
     *     then
     * @param testBleu of the best epoch's model on the test set, by beam search
     * @param testBleuGreedy the same by greedy search
     * @param history of all epochs
     * @param folder with the model
     */
    public record Result(
            boolean finished,
            double testBleu,
            double testBleuGreedy,
            List<EpochRecord> history,
            Path folder) {}

    private TranslatorTraining() {}

    /**
     * Trains, and stops in good order on Ctrl-C.
     *
     * @param data folder with the corpus
     * @param out folder for the model; made where it is not there
     * @param resume whether to go on from the checkpoint in {@code out}
     * @throws TataraException if the data are missing or damaged, the checkpoint does not fit, or
     *     the loss is no finite number
     */
    public static Result run(
            Device device,
            TranslatorConfig config,
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
            TranslatorConfig config,
            Path data,
            Path out,
            boolean resume,
            TrainingListener listener,
            StopRequest stop) {
        List<SentencePair> train = training(config, data);
        List<SentencePair> dev = split(config, data, "dev", config.devPairs());
        List<SentencePair> test = split(config, data, "test", Integer.MAX_VALUE);
        checkSame(config, out, resume);
        Vocabulary source =
                vocabulary(
                        config,
                        data,
                        config.source(),
                        train.stream().map(SentencePair::source).toList());
        Vocabulary target =
                vocabulary(
                        config,
                        data,
                        config.target(),
                        train.stream().map(SentencePair::target).toList());
        if (resume) {
            checkSame(source, out.resolve(Translator.SOURCE_VOCABULARY));
            checkSame(target, out.resolve(Translator.TARGET_VOCABULARY));
        }
        try (Translator translator = new Translator(device, config, source, target);
                AdamOptimizer optimizer =
                        new AdamOptimizer(
                                translator.parameters(),
                                config.clip(),
                                0.999,
                                config.weightDecay())) {
            if (config.precision().scalesLoss()) {
                optimizer.scaleLoss(LossScaler.dynamic());
            }
            TrainingLoop<PairBatch> loop =
                    new TrainingLoop<>(
                            device,
                            translator.parameters(),
                            optimizer,
                            new TranslatorTask(device, translator, train, dev),
                            new TrainingLoop.Options(
                                    config.epochs(),
                                    config.rates(),
                                    config.checkpointEvery(),
                                    out.resolve("checkpoint"),
                                    TranslatorTask.DEV_BLEU,
                                    true),
                            listener.first(() -> {
                                Json.write(out.resolve(Translator.CONFIG), config);
                                source.write(out.resolve(Translator.SOURCE_VOCABULARY));
                                target.write(out.resolve(Translator.TARGET_VOCABULARY));
                            }),
                            stop);
            TrainingLoop.Outcome outcome = loop.run(resume);
            if (!outcome.finished()) {
                return new Result(false, Double.NaN, Double.NaN, outcome.history(), out);
            }
            loop.loadBest();
            return finish(translator, test, outcome.history(), out, listener);
        }
    }

    private static List<SentencePair> training(TranslatorConfig c, Path data) {
        List<SentencePair> all = split(c, data, "train", c.pairs());
        List<SentencePair> kept =
                all.stream()
                        .filter(p -> Math.max(p.source().size(), p.target().size()) <= c.maxWords())
                        .toList();
        if (kept.isEmpty()) {
            throw new TrainingException(
                    "no training pair of " + data + " has at most " + c.maxWords() + " words");
        }
        return kept;
    }

    private static List<SentencePair> split(
            TranslatorConfig c, Path data, String split, int limit) {
        return ParallelCorpus.read(data, split, c.source(), c.target(), limit);
    }

    private static Vocabulary vocabulary(
            TranslatorConfig c, Path data, String language, List<List<String>> sentences) {
        Path file = data.resolve("train." + language + "." + c.vocabularyFile());
        return Files.isRegularFile(file)
                ? Vocabulary.read(file)
                : Vocabulary.build(sentences, c.vocabulary());
    }

    /** A run is taken up with the settings it began with, or the numbers would mean nothing. */
    private static void checkSame(TranslatorConfig config, Path out, boolean resume) {
        Path file = out.resolve(Translator.CONFIG);
        if (resume && Files.isRegularFile(file)) {
            List<String> differences = TranslatorConfig.read(file).differences(config);
            if (!differences.isEmpty()) {
                throw new TrainingException(
                        "resume: the run in "
                                + out
                                + " has other settings (there / here): "
                                + differences);
            }
        }
    }

    /** With other words the weights would stand for others, and what is saved be overwritten. */
    private static void checkSame(Vocabulary here, Path file) {
        if (Files.isRegularFile(file) && !Vocabulary.read(file).words().equals(here.words())) {
            throw new TrainingException(
                    "resume: the run is on other data: their vocabulary is not that of " + file);
        }
    }

    private static Result finish(
            Translator t,
            List<SentencePair> test,
            List<EpochRecord> history,
            Path out,
            TrainingListener listener) {
        Safetensors.write(
                out.resolve(Translator.MODEL), t.parameters().save(), Map.of("format", "pt"));
        List<Translation> translations =
                t.translate(
                        test.stream().map(SentencePair::source).toList(), t.config().beam(), false);
        double greedy = t.bleu(test, 1);
        double bleu = bleu(translations, test);
        Map<String, Object> summary = new LinkedHashMap<>();
        summary.put("testBleu", bleu);
        summary.put("testBleuGreedy", greedy);
        summary.put("parameters", t.parameters().count());
        summary.put("device", t.parameters().scope().device().info().id());
        summary.put("epochs", history);
        Json.write(out.resolve("history.json"), summary);
        curves(out.resolve("curves.png"), history);
        List<String> lines = new ArrayList<>();
        for (int i = 0; i < Math.min(TEST_SAMPLES, test.size()); i++) {
            lines.add(TranslatorTask.sample(translations.get(i), test.get(i)));
        }
        if (t.config().attention() != Score.NONE) {
            lines.addAll(attention(t, test, out.resolve("attention.png")));
        }
        Json.write(out.resolve("samples.txt"), String.join("\n", lines) + "\n");
        listener.note(
                String.format(
                        Locale.ROOT,
                        "test BLEU %.2f with a beam of %d, %.2f greedy; the model is in %s",
                        bleu,
                        t.config().beam(),
                        greedy,
                        out));
        return new Result(true, bleu, greedy, history, out);
    }

    private static double bleu(List<Translation> translations, List<SentencePair> pairs) {
        return Bleu.of(
                translations.stream().map(Translation::words).toList(),
                pairs.stream().map(SentencePair::target).toList());
    }

    /** Loss and BLEU over the epochs, as a PNG file. */
    public static void curves(Path file, List<EpochRecord> history) {
        Map<String, List<Double>> losses = new LinkedHashMap<>();
        losses.put("train", history.stream().map(EpochRecord::trainLoss).toList());
        losses.put("dev", metric(history, TranslatorTask.DEV_LOSS));
        Map<String, List<Double>> bleu =
                Map.of("dev, greedy", metric(history, TranslatorTask.DEV_BLEU));
        Plots.curves(
                file,
                List.of(
                        new Plots.Curves("loss of a word", "nats", losses),
                        new Plots.Curves("BLEU", "BLEU", bleu)));
    }

    private static List<Double> metric(List<EpochRecord> history, String name) {
        return history.stream().map(r -> r.metrics().getOrDefault(name, Double.NaN)).toList();
    }

    /** Draws the attention of one sentence; returns the same as text. */
    private static List<String> attention(Translator t, List<SentencePair> test, Path file) {
        List<String> study = Words.split(STUDY);
        List<String> sentence = t.knows(study) ? study : test.getFirst().source();
        Translation x = t.translate(List.of(sentence), t.config().beam(), true).getFirst();
        List<String> lines = new ArrayList<>();
        if (x.words().isEmpty()) {
            return lines;
        }
        lines.add("");
        lines.add("attention of: " + String.join(" ", sentence) + " → " + x.text());
        for (int i = 0; i < x.words().size(); i++) {
            StringBuilder line =
                    new StringBuilder(x.words().get(i))
                            .append(" looks at ")
                            .append(x.lookedAt(i))
                            .append(" (");
            for (int j = 0; j < sentence.size(); j++) {
                line.append(
                        String.format(
                                Locale.ROOT,
                                "%s%s %.2f",
                                j == 0 ? "" : ", ",
                                sentence.get(j),
                                x.attention()[i][j]));
            }
            lines.add(line.append(')').toString());
        }
        if (!Plots.attention(file, x.words(), sentence, x.attention())) {
            lines.add("(no font of this machine has all letters of attention.png)");
        }
        return lines;
    }
}
