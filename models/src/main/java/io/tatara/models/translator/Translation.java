package io.tatara.models.translator;

import java.util.List;

/**
 * A translated sentence.
 *
 * @param source its words as the model saw them
 * @param words of the translation
 * @param attention for each word of the translation, how much of it came from each word of the
 *     source; null where the model has no attention
 */
public record Translation(List<String> source, List<String> words, float[][] attention) {
    /** The words with blanks between. */
    public String text() {
        return String.join(" ", words);
    }

    /**
     * The word of the source that a word of the translation looks at most.
     *
     * @param word index into {@link #words}
     */
    public String lookedAt(int word) {
        int best = 0;
        for (int j = 1; j < source.size(); j++) {
            if (attention[word][j] > attention[word][best]) {
                best = j;
            }
        }
        return source.get(best);
    }
}
