package io.tatara.models.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tatara.kernels.TataraException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TextTest {
    @TempDir Path dir;

    private void write(String name, String text) throws Exception {
        Files.writeString(dir.resolve(name), text);
    }

    @Test
    void vocabularyKeepsTheMostFrequentWordsAndComesBackFromAFile() {
        Vocabulary v =
                Vocabulary.build(
                        List.of(Words.split("b a a"), Words.split("c a b </s>"), Words.split("d")),
                        5);
        assertThat(v.words()).containsExactly("<unk>", "<s>", "</s>", "a", "b");
        assertThat(v.ids(List.of("a", "c", "b"))).containsExactly(3, Vocabulary.UNKNOWN, 4);
        v.write(dir.resolve("v"));
        assertThat(Vocabulary.read(dir.resolve("v")).words()).isEqualTo(v.words());
    }

    @Test
    void wrongVocabulariesAreNamed() throws Exception {
        write("v", "a\nb\n");
        assertThatThrownBy(() -> Vocabulary.read(dir.resolve("v")))
                .isInstanceOf(TataraException.class)
                .hasMessageContaining(dir.resolve("v").toString())
                .hasMessageContaining("<unk>");
        write("w", "<unk>\n<s>\n</s>\na\na\n");
        assertThatThrownBy(() -> Vocabulary.read(dir.resolve("w")))
                .hasMessageContaining("'a' twice");
        assertThatThrownBy(() -> Vocabulary.read(dir.resolve("x")))
                .hasMessageContaining("cannot be read");
    }

    @Test
    void corpusComesBackAndIsLimited() {
        List<SentencePair> pairs =
                List.of(
                        new SentencePair(List.of("a", "b"), List.of("c")),
                        new SentencePair(List.of("d"), List.of("e")));
        ParallelCorpus.write(dir, "train", "en", "ja", pairs);
        assertThat(ParallelCorpus.read(dir, "train", "en", "ja", 9)).isEqualTo(pairs);
        assertThat(ParallelCorpus.read(dir, "train", "en", "ja", 1)).isEqualTo(pairs.subList(0, 1));
    }

    @Test
    void damagedCorporaAreNamed() throws Exception {
        assertThatThrownBy(() -> ParallelCorpus.read(dir, "dev", "en", "ja", 9))
                .hasMessageContaining("dev.en is missing");
        write("dev.en", "a\nb\n");
        write("dev.ja", "c\n");
        assertThatThrownBy(() -> ParallelCorpus.read(dir, "dev", "en", "ja", 9))
                .hasMessageContaining("has 2 lines")
                .hasMessageContaining("has 1: they must be aligned");
        write("dev.ja", "c\n \n");
        assertThatThrownBy(() -> ParallelCorpus.read(dir, "dev", "en", "ja", 9))
                .hasMessageContaining("dev.ja: line 2 is empty");
        Files.write(dir.resolve("dev.ja"), new byte[] {'a', '\n', (byte) 0xFF, (byte) 0xFE, '\n'});
        assertThatThrownBy(() -> ParallelCorpus.read(dir, "dev", "en", "ja", 9))
                .hasMessageContaining("UTF-8");
    }

    @Test
    void englishIsSplitAsTheCorpusIs() {
        assertThat(Words.english("I don't know, Mr. Smith!"))
                .containsExactly("i", "don", "'t", "know", ",", "mr", ".", "smith", "!");
        String tokenised = "he didn 't care for 3.5 apples .";
        assertThat(String.join(" ", Words.english(tokenised))).isEqualTo(tokenised);
    }

    @Test
    void batchesAreTimeMajorAndPadded() {
        PairBatch b =
                PairBatch.of(
                        List.of(
                                new EncodedPair(new int[] {5, 6}, new int[] {7}),
                                new EncodedPair(new int[] {8}, new int[] {9, 10})));
        int end = Vocabulary.END;
        assertThat(b.source()).containsExactly(5, 8, 6, end);
        assertThat(b.sourceLengths()).containsExactly(2, 1);
        assertThat(b.decoderInput())
                .containsExactly(Vocabulary.START, Vocabulary.START, 7, 9, end, 10);
        assertThat(b.labels()).containsExactly(7, end, PairBatch.IGNORE, 9, 10, end);
        assertThat(b.tokens()).isEqualTo(5);
    }

    @Test
    void anEpochHoldsEveryPairOnceInSizesThatFitAndInAnOrderOfItsOwn() {
        Random random = new Random(3);
        List<EncodedPair> pairs = new ArrayList<>();
        for (int i = 0; i < 103; i++) {
            pairs.add(
                    new EncodedPair(
                            new int[1 + random.nextInt(9)], new int[1 + random.nextInt(9)]));
        }
        List<List<EncodedPair>> first = Batching.shuffled(pairs, 8, 4, 7, 0);
        List<EncodedPair> all = first.stream().flatMap(List::stream).toList();
        assertThat(all).containsExactlyInAnyOrderElementsOf(pairs);
        assertThat(first).hasSize(13).allSatisfy(b -> assertThat(b.size()).isLessThanOrEqualTo(8));
        assertThat(Batching.shuffled(pairs, 8, 4, 7, 0)).isEqualTo(first);
        assertThat(Batching.shuffled(pairs, 8, 4, 7, 1)).isNotEqualTo(first).hasSize(13);
        assertThat(Batching.shuffled(pairs, 100_000_000, 64, 7, 0)).hasSize(1);
    }

    @Test
    void sortedBatchesGrowInLength() {
        List<EncodedPair> pairs = new ArrayList<>();
        for (int n : new int[] {3, 1, 2, 5, 4}) {
            pairs.add(new EncodedPair(new int[1], new int[n]));
        }
        List<Integer> lengths =
                Batching.sorted(pairs, 2).stream()
                        .flatMap(List::stream)
                        .map(p -> p.target().length)
                        .toList();
        assertThat(lengths).isSortedAccordingTo(Comparator.naturalOrder()).hasSize(5);
    }
}
