package io.tatara.models.translator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.tatara.kernels.DType;
import io.tatara.models.OnJvm;
import io.tatara.models.nn.Noise;
import io.tatara.models.nn.Recurrent;
import io.tatara.models.text.Vocabulary;
import io.tatara.runtime.Scope;
import io.tatara.runtime.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DecodingTest extends OnJvm {
    private static Translator untrained(String cell, String attention) {
        return untrained(cell, attention, 1);
    }

    private static Translator untrained(String cell, String attention, int layers) {
        List<String> words = new ArrayList<>(List.of("<unk>", "<s>", "</s>"));
        IntStream.range(0, 9).forEach(i -> words.add("w" + i));
        TranslatorConfig c =
                TranslatorConfig.defaults()
                        .merged(
                                Map.of(
                                        "cell",
                                        cell,
                                        "attention",
                                        attention,
                                        "layers",
                                        layers,
                                        "embedding",
                                        8,
                                        "hidden",
                                        6));
        Translator t = new Translator(device, c, new Vocabulary(words), new Vocabulary(words));
        // Larger weights than training starts from, so that words differ.
        for (Tensor p : t.parameters().tensors()) {
            float[] v = p.toFloats();
            for (int i = 0; i < v.length; i++) {
                v[i] *= 4;
            }
            p.write(v);
        }
        return t;
    }

    private static final List<List<String>> SENTENCES =
            List.of(
                    List.of("w1", "w2", "w3"),
                    List.of("w4"),
                    List.of("w5", "w6", "w7", "w8", "w1"),
                    List.of("w2", "w2"));

    @ParameterizedTest
    @CsvSource({
        "gru,none,1",
        "lstm,additive,1",
        "gru,multiplicative,1",
        "rnn,additive,1",
        "lstm,additive,3"
    })
    void stepByStepTheLogitsAreThoseOfTheWholeSequence(String cell, String attention, int layers) {
        try (Translator t = untrained(cell, attention, layers);
                Scope s = device.scope()) {
            TranslatorModel m = t.model();
            TranslatorModel.Encoded e =
                    m.encode(
                            s.ops(),
                            s.tensor(new int[] {3, 4, 5, 6, 7, 2}, 3, 2),
                            s.tensor(new int[] {3, 2}, 2),
                            Noise.NONE,
                            DType.FLOAT32);
            int[] target = {1, 1, 5, 6, 7, 8};
            float[] whole =
                    m.decode(s.ops(), e, s.tensor(target, 3, 2), e.start(), Noise.NONE)
                            .logits()
                            .toFloats();
            Recurrent.State state = e.start();
            for (int step = 0; step < 3; step++) {
                Tensor ids = s.tensor(Arrays.copyOfRange(target, 2 * step, 2 * step + 2), 1, 2);
                TranslatorModel.Decoded d = m.decode(s.ops(), e, ids, state, Noise.NONE);
                state = d.last();
                float[] logits = d.logits().toFloats();
                for (int i = 0; i < 2; i++) {
                    for (int v = 0; v < 12; v++) {
                        assertThat(logits[i * 12 + v])
                                .isCloseTo(whole[(i * 3 + step) * 12 + v], within(1e-5f));
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"gru,none", "lstm,additive", "lstm,multiplicative"})
    void batchesTranslateAsEachSentenceAlone(String cell, String attention) {
        try (Translator t = untrained(cell, attention)) {
            for (int beam : new int[] {1, 3}) {
                List<Translation> together = t.translate(SENTENCES, beam, true);
                for (int i = 0; i < SENTENCES.size(); i++) {
                    Translation alone =
                            t.translate(List.of(SENTENCES.get(i)), beam, true).getFirst();
                    assertThat(together.get(i).words()).isEqualTo(alone.words());
                    assertThat(together.get(i).source()).isEqualTo(SENTENCES.get(i));
                }
            }
        }
    }

    @Test
    void attentionRowsAddUpToOneOverTheSource() {
        try (Translator t = untrained("lstm", "additive")) {
            for (Translation x : t.translate(SENTENCES, 2, true)) {
                assertThat(x.attention()).hasNumberOfRows(x.words().size());
                for (float[] row : x.attention()) {
                    assertThat(row).hasSize(x.source().size());
                    double sum = 0;
                    for (float w : row) {
                        sum += w;
                    }
                    assertThat(sum).isCloseTo(1, within(1e-5));
                }
            }
        }
    }

    /** With a beam as wide as all continuations of two words, nothing better can be missed. */
    @Test
    void aWideBeamFindsAtLeastWhatGreedyFinds() {
        try (Translator t = untrained("gru", "additive")) {
            List<int[]> sources = SENTENCES.stream().map(t.source()::ids).toList();
            List<Decoding.Hypothesis> greedy =
                    new Decoding(device, t.model(), 1, 0, false).search(sources);
            List<Decoding.Hypothesis> wide =
                    new Decoding(device, t.model(), 9, 0, false).search(sources);
            for (int i = 0; i < sources.size(); i++) {
                assertThat(wide.get(i).score())
                        .isGreaterThanOrEqualTo(greedy.get(i).score() - 1e-5);
            }
        }
    }

    /** The search with the op finds what a plain search over all log probabilities finds. */
    @ParameterizedTest
    @CsvSource({"gru,none,1", "lstm,additive,1", "lstm,none,2"})
    void hypothesesAreThoseOfASearchOnTheHost(String cell, String attention, int layers) {
        try (Translator t = untrained(cell, attention, layers)) {
            List<int[]> sources = SENTENCES.stream().map(t.source()::ids).toList();
            for (int beam : new int[] {1, 2, 4}) {
                List<Decoding.Hypothesis> found =
                        new Decoding(device, t.model(), beam, 0.8, false).search(sources);
                for (int i = 0; i < sources.size(); i++) {
                    HostSearch.Found host =
                            HostSearch.search(device, t.model(), sources.get(i), beam, 0.8);
                    assertThat(found.get(i).words()).isEqualTo(host.words());
                    assertThat(found.get(i).score()).isCloseTo(host.score(), within(1e-5));
                }
            }
        }
    }

    @Test
    void theUnknownWordIsNeverChosenAndLengthIsLimited() {
        try (Translator t = untrained("gru", "none")) {
            // A bias that wants nothing but the unknown word, and never the end.
            float[] bias = new float[12];
            bias[Vocabulary.UNKNOWN] = 50;
            bias[Vocabulary.END] = -50;
            t.parameters().get("output.bias").write(bias);
            for (int beam : new int[] {1, 2}) {
                for (Translation x : t.translate(SENTENCES, beam, false)) {
                    assertThat(x.words()).doesNotContain("<unk>", "<s>", "</s>").isNotEmpty();
                    assertThat(x.words().size()).isLessThanOrEqualTo(2 * 5 + 10);
                    assertThat(x.attention()).isNull();
                }
            }
        }
    }
}
