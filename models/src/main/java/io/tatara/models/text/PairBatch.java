package io.tatara.models.text;

import java.util.List;

/**
 * Sentence pairs side by side, shorter ones padded. Inputs are time-major, as recurrent ops want
 * them, and padded with the end mark, a valid id; labels are batch-first and padded with {@link
 * #IGNORE}.
 *
 * @param size number of pairs N
 * @param source [sourceLength, N]
 * @param sourceLengths [N]
 * @param decoderInput [targetLength, N]: the start mark, then the target's words
 * @param labels [N, targetLength]: the target's words, then the end mark
 * @param tokens labels that count
 */
public record PairBatch(
        int size,
        int sourceLength,
        int[] source,
        int[] sourceLengths,
        int targetLength,
        int[] decoderInput,
        int[] labels,
        int tokens) {
    /** The label that the loss leaves out. */
    public static final int IGNORE = -1;

    public static PairBatch of(List<EncodedPair> pairs) {
        int n = pairs.size();
        int ts = 0;
        int tt = 0;
        for (EncodedPair p : pairs) {
            ts = Math.max(ts, p.source().length);
            tt = Math.max(tt, p.target().length + 1);
        }
        int[] lengths = new int[n];
        int[] input = new int[tt * n];
        int[] labels = new int[n * tt];
        int tokens = 0;
        for (int i = 0; i < n; i++) {
            lengths[i] = pairs.get(i).source().length;
            int[] t = pairs.get(i).target();
            tokens += t.length + 1;
            for (int j = 0; j < tt; j++) {
                input[j * n + i] =
                        j == 0 ? Vocabulary.START : j <= t.length ? t[j - 1] : Vocabulary.END;
                labels[i * tt + j] = j < t.length ? t[j] : j == t.length ? Vocabulary.END : IGNORE;
            }
        }
        List<int[]> sources = pairs.stream().map(EncodedPair::source).toList();
        return new PairBatch(n, ts, timeMajor(sources, ts), lengths, tt, input, labels, tokens);
    }

    /** Sequences as columns of [length, N], padded with the end mark. */
    public static int[] timeMajor(List<int[]> sequences, int length) {
        int n = sequences.size();
        int[] out = new int[length * n];
        for (int i = 0; i < n; i++) {
            int[] s = sequences.get(i);
            for (int j = 0; j < length; j++) {
                out[j * n + i] = j < s.length ? s[j] : Vocabulary.END;
            }
        }
        return out;
    }
}
