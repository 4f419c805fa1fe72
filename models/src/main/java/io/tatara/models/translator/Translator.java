package io.tatara.models.translator;

import io.tatara.kernels.TataraException;
import io.tatara.models.nn.Parameters;
import io.tatara.models.text.Bleu;
import io.tatara.models.text.SentencePair;
import io.tatara.models.text.Vocabulary;
import io.tatara.models.text.Words;
import io.tatara.runtime.Device;
import io.tatara.runtime.io.Safetensors;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/** A trained model that translates. Owns its weights: close it before the device. */
public final class Translator implements AutoCloseable {
    static final String MODEL = "model.safetensors";
    static final String CONFIG = "config.json";
    static final String SOURCE_VOCABULARY = "source.vocab";
    static final String TARGET_VOCABULARY = "target.vocab";

    /**
     * Rows that take a decoding step together; enough to fill a machine, few enough to stay in
     * memory.
     */
    private static final int ROWS = 250;

    private final Device device;
    private final TranslatorConfig config;
    private final Vocabulary source;
    private final Vocabulary target;
    private final Parameters parameters;
    private final TranslatorModel model;

    /** A model with fresh weights. */
    Translator(Device device, TranslatorConfig config, Vocabulary source, Vocabulary target) {
        this.device = device;
        this.config = config;
        this.source = source;
        this.target = target;
        this.parameters = new Parameters(device, config.seed());
        try {
            this.model = new TranslatorModel(parameters, config, source.size(), target.size());
        } catch (RuntimeException e) {
            parameters.close();
            throw e;
        }
    }

    /**
     * Opens what a training run wrote.
     *
     * @param folder with {@code model.safetensors}, {@code config.json} and the vocabularies
     * @throws TataraException if a file is missing, damaged, or does not fit the others
     */
    public static Translator load(Device device, Path folder) {
        TranslatorConfig config = TranslatorConfig.read(folder.resolve(CONFIG));
        Vocabulary source = Vocabulary.read(folder.resolve(SOURCE_VOCABULARY));
        Vocabulary target = Vocabulary.read(folder.resolve(TARGET_VOCABULARY));
        Safetensors.Content content = Safetensors.read(folder.resolve(MODEL));
        Translator t = new Translator(device, config, source, target);
        try {
            t.parameters.load(content.tensors());
        } catch (TataraException e) {
            t.close();
            throw new TataraException(folder.resolve(MODEL) + ": " + e.getMessage(), e);
        }
        return t;
    }

    public TranslatorConfig config() {
        return config;
    }

    Vocabulary source() {
        return source;
    }

    Vocabulary target() {
        return target;
    }

    Parameters parameters() {
        return parameters;
    }

    TranslatorModel model() {
        return model;
    }

    /** Whether the model was trained on all of these words. */
    public boolean knows(List<String> words) {
        return words.stream().allMatch(source::contains);
    }

    /**
     * Translates a sentence as people type it, by beam search.
     *
     * @throws TataraException if it has no words
     */
    public Translation translate(String sentence) {
        return translate(List.of(Words.english(sentence)), config.beam(), true).getFirst();
    }

    /**
     * Translates many sentences, those of like length together.
     *
     * @param sentences as words
     * @param beam width of the search, 1 for greedy
     * @param attention whether to give attention weights
     * @throws TataraException if a sentence has no words
     */
    public List<Translation> translate(List<List<String>> sentences, int beam, boolean attention) {
        for (int i = 0; i < sentences.size(); i++) {
            if (sentences.get(i).isEmpty()) {
                throw new TataraException(
                        "translate: sentence "
                                + (i + 1)
                                + " of "
                                + sentences.size()
                                + " has no words");
            }
        }
        int[][] ids = sentences.stream().map(source::ids).toArray(int[][]::new);
        List<Integer> order = new ArrayList<>(IntStream.range(0, ids.length).boxed().toList());
        order.sort(Comparator.comparingInt(i -> ids[i].length));
        Decoding decoding = new Decoding(device, model, beam, config.lengthPenalty(), attention);
        Translation[] out = new Translation[ids.length];
        int group = Math.max(1, ROWS / beam);
        for (int from = 0; from < ids.length; from += group) {
            List<Integer> part = order.subList(from, Math.min(ids.length, from + group));
            List<Decoding.Hypothesis> found =
                    decoding.search(part.stream().map(i -> ids[i]).toList());
            for (int j = 0; j < found.size(); j++) {
                int i = part.get(j);
                out[i] = translation(sentences.get(i), found.get(j));
            }
        }
        return List.of(out);
    }

    private Translation translation(List<String> sentence, Decoding.Hypothesis h) {
        List<String> words = Arrays.stream(h.words()).mapToObj(target::word).toList();
        float[][] weights = h.attention();
        if (weights != null) {
            // Sources of a group are padded to the same length.
            weights =
                    Arrays.stream(weights)
                            .map(w -> Arrays.copyOf(w, sentence.size()))
                            .toArray(float[][]::new);
        }
        return new Translation(sentence, words, weights);
    }

    /** BLEU of the translations of pairs against their references. */
    public double bleu(List<SentencePair> pairs, int beam) {
        Bleu bleu = new Bleu();
        List<Translation> all =
                translate(pairs.stream().map(SentencePair::source).toList(), beam, false);
        for (int i = 0; i < all.size(); i++) {
            bleu.add(all.get(i).words(), pairs.get(i).target());
        }
        return bleu.score();
    }

    @Override
    public void close() {
        parameters.close();
    }
}
