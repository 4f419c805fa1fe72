package io.tatara.models.text;

import java.util.List;

/** A sentence and its translation, as words. */
public record SentencePair(List<String> source, List<String> target) {
    public SentencePair {
        source = List.copyOf(source);
        target = List.copyOf(target);
    }
}
