package io.tatara.models.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.tatara.models.SharedData;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/**
 * Needs the corpus: {@code -Dtatara.data=…/enja}, else {@code shared/data/enja} beside the project
 * is tried.
 */
@DisplayName("enja corpus (skipped where the corpus is not there)")
class RealDataTest {
    private Path data;

    @BeforeEach
    void find() {
        String named = System.getProperty("tatara.data");
        data = named != null ? Path.of(named) : SharedData.find("enja");
        assumeTrue(
                data != null && Files.isDirectory(data),
                "no corpus: name one by -Dtatara.data=…/enja");
    }

    @Test
    void isReadWholeAndKnownByItsVocabularies() {
        List<SentencePair> train =
                ParallelCorpus.read(data, "train", "en", "ja", Integer.MAX_VALUE);
        assertThat(train).hasSize(50_000);
        assertThat(ParallelCorpus.read(data, "dev", "en", "ja", Integer.MAX_VALUE)).hasSize(500);
        assertThat(ParallelCorpus.read(data, "test", "en", "ja", Integer.MAX_VALUE)).hasSize(500);
        Vocabulary en = Vocabulary.read(data.resolve("train.en.vocab.4k"));
        Vocabulary ja = Vocabulary.read(data.resolve("train.ja.vocab.4k"));
        assertThat(en.size()).isEqualTo(4096);
        assertThat(ja.size()).isEqualTo(4096);
        assertThat(unknown(train.stream().map(SentencePair::source).toList(), en)).isLessThan(0.03);
        assertThat(unknown(train.stream().map(SentencePair::target).toList(), ja)).isLessThan(0.03);
    }

    private static double unknown(List<List<String>> sentences, Vocabulary v) {
        long all = sentences.stream().mapToLong(List::size).sum();
        long unknown = sentences.stream().flatMap(List::stream).filter(w -> !v.contains(w)).count();
        return (double) unknown / all;
    }

    @Test
    void sortingByLengthLeavesLittlePadding() {
        List<SentencePair> train = ParallelCorpus.read(data, "train", "en", "ja", 40_000);
        Vocabulary en = Vocabulary.read(data.resolve("train.en.vocab.4k"));
        Vocabulary ja = Vocabulary.read(data.resolve("train.ja.vocab.4k"));
        List<EncodedPair> pairs = train.stream().map(p -> EncodedPair.of(p, en, ja)).toList();
        long tokens = 0;
        long places = 0;
        for (List<EncodedPair> b : Batching.shuffled(pairs, 64, 64, 1, 0)) {
            PairBatch batch = PairBatch.of(b);
            tokens += batch.tokens();
            places += batch.labels().length;
        }
        assertThat((double) tokens / places).isGreaterThan(0.97);
    }
}
