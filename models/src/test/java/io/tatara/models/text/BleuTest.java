package io.tatara.models.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.tatara.kernels.TataraException;
import java.util.List;
import org.junit.jupiter.api.Test;

class BleuTest {
    private static List<String> words(String s) {
        return Words.split(s);
    }

    @Test
    void perfectTranslationsScoreHundred() {
        List<List<String>> text = List.of(words("the cat is on the mat"), words("a b c d e"));
        assertThat(Bleu.of(text, text)).isCloseTo(100, within(1e-9));
    }

    @Test
    void countsAreClipped() {
        // Papineni et al. 2002, section 2.1: "the" seven times matches twice.
        Bleu b = new Bleu();
        b.add(words("the the the the the the the"), words("the cat is on the mat"));
        assertThat(b.precision(1)).isCloseTo(2 / 7.0, within(1e-12));
        assertThat(b.precision(2)).isZero();
        assertThat(b.score()).isZero();
    }

    @Test
    void agreesWithAValueComputedByHand() {
        // Candidate of 6, reference of 7 words. Unigrams 5/6, bigrams 3/5, trigrams 2/4, 4-grams
        // 1/3.
        Bleu b = new Bleu();
        b.add(words("the cat sat on a mat"), words("the cat sat on the red mat"));
        assertThat(b.precision(1)).isCloseTo(5 / 6.0, within(1e-12));
        assertThat(b.precision(2)).isCloseTo(3 / 5.0, within(1e-12));
        assertThat(b.precision(3)).isCloseTo(2 / 4.0, within(1e-12));
        assertThat(b.precision(4)).isCloseTo(1 / 3.0, within(1e-12));
        assertThat(b.brevityPenalty()).isCloseTo(Math.exp(1 - 7 / 6.0), within(1e-12));
        // exp(-1/6) · (5/6 · 3/5 · 1/2 · 1/3)^(1/4) = 0.846482 · 0.537285
        assertThat(b.score()).isCloseTo(45.4802, within(1e-3));
    }

    @Test
    void countsAreSummedOverTheCorpusBeforeDividing() {
        // Matches 4+4, 3+2, 2+1, 1+0 of 4+5, 3+4, 2+3, 1+2; lengths 9 and 9.
        List<List<String>> candidates = List.of(words("a b c d"), words("a b c x d"));
        List<List<String>> references = List.of(words("a b c d"), words("a b c d e"));
        double want = 100 * Math.pow(8 / 9.0 * 5 / 7.0 * 3 / 5.0 * 1 / 3.0, 0.25);
        assertThat(Bleu.of(candidates, references)).isCloseTo(want, within(1e-9));
    }

    @Test
    void longCandidatesHaveNoBrevityPenaltyAndEmptyOnesScoreZero() {
        Bleu b = new Bleu();
        b.add(words("a b c d e f"), words("a b c d"));
        assertThat(b.brevityPenalty()).isEqualTo(1);
        assertThat(Bleu.of(List.of(List.of()), List.of(words("a b")))).isZero();
        assertThat(new Bleu().score()).isZero();
    }

    @Test
    void unequalNumbersAreRefused() {
        assertThatThrownBy(() -> Bleu.of(List.of(), List.of(words("a"))))
                .isInstanceOf(TataraException.class)
                .hasMessageContaining("0 candidates for 1 references");
    }
}
