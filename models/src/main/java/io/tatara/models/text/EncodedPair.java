package io.tatara.models.text;

/** A sentence pair as word numbers, without start and end marks. */
public record EncodedPair(int[] source, int[] target) {
    public static EncodedPair of(SentencePair p, Vocabulary source, Vocabulary target) {
        return new EncodedPair(source.ids(p.source()), target.ids(p.target()));
    }
}
