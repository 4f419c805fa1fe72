package io.tatara.models.text;

import io.tatara.kernels.TataraException;
import io.tatara.models.train.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Words by number. The first three are {@code <unk>}, {@code <s>} and {@code </s>}. */
public final class Vocabulary {
    /** Stands for all words that are not in the list. */
    public static final int UNKNOWN = 0;

    /** What a decoder sees before the first word. */
    public static final int START = 1;

    /** What follows the last word. */
    public static final int END = 2;

    private static final List<String> SPECIAL = List.of("<unk>", "<s>", "</s>");

    private final List<String> words;
    private final Map<String, Integer> ids = new HashMap<>();

    /**
     * @param words all words in order, beginning with the three special ones
     * @throws TataraException if they do not begin so, or a word stands twice
     */
    public Vocabulary(List<String> words) {
        this.words = List.copyOf(words);
        if (words.size() < SPECIAL.size() || !words.subList(0, SPECIAL.size()).equals(SPECIAL)) {
            throw new TataraException(
                    "vocabulary begins with "
                            + words.subList(0, Math.min(3, words.size()))
                            + ", expected "
                            + SPECIAL);
        }
        for (String w : words) {
            if (ids.put(w, ids.size()) != null) {
                throw new TataraException("vocabulary has '" + w + "' twice");
            }
        }
    }

    /**
     * Reads one word a line.
     *
     * @throws TataraException if the file cannot be read or is no vocabulary, naming the file
     */
    public static Vocabulary read(Path file) {
        try {
            return new Vocabulary(Files.readAllLines(file, StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new TataraException("vocabulary " + file + " cannot be read: " + e, e);
        } catch (TataraException e) {
            throw new TataraException(file + ": " + e.getMessage(), e);
        }
    }

    /**
     * The most frequent words of a text, ties in order of first appearance.
     *
     * @param size largest number of entries, the special ones counted
     */
    public static Vocabulary build(Iterable<List<String>> sentences, int size) {
        Map<String, Integer> counts = new LinkedHashMap<>();
        for (List<String> s : sentences) {
            for (String w : s) {
                counts.merge(w, 1, Integer::sum);
            }
        }
        SPECIAL.forEach(counts::remove);
        List<String> words = new ArrayList<>(SPECIAL);
        counts.entrySet().stream()
                .sorted(Map.Entry.comparingByValue(Comparator.reverseOrder()))
                .limit(Math.max(0, size - SPECIAL.size()))
                .forEach(e -> words.add(e.getKey()));
        return new Vocabulary(words);
    }

    /** Writes one word a line, whole or not at all. */
    public void write(Path file) {
        Json.write(file, String.join("\n", words) + "\n");
    }

    public int size() {
        return words.size();
    }

    public List<String> words() {
        return words;
    }

    public boolean contains(String word) {
        return ids.containsKey(word);
    }

    public int id(String word) {
        return ids.getOrDefault(word, UNKNOWN);
    }

    public String word(int id) {
        return words.get(id);
    }

    public int[] ids(List<String> sentence) {
        return sentence.stream().mapToInt(this::id).toArray();
    }
}
