package io.tatara.models.text;

import io.tatara.kernels.TataraException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Corpus BLEU with n-grams up to 4 and one reference a sentence; Papineni, Roukos, Ward and Zhu,
 * "BLEU: a Method for Automatic Evaluation of Machine Translation" (ACL 2002). No smoothing:
 * without any matching 4-gram the score is 0. Scores are from 0 to 100.
 */
public final class Bleu {
    private static final int ORDER = 4;

    private final long[] matches = new long[ORDER];
    private final long[] totals = new long[ORDER];
    private long candidateLength;
    private long referenceLength;

    /** Adds a sentence. */
    public void add(List<String> candidate, List<String> reference) {
        candidateLength += candidate.size();
        referenceLength += reference.size();
        for (int n = 1; n <= ORDER; n++) {
            Map<List<String>, Integer> have = counts(reference, n);
            for (Map.Entry<List<String>, Integer> e : counts(candidate, n).entrySet()) {
                matches[n - 1] += Math.min(e.getValue(), have.getOrDefault(e.getKey(), 0));
            }
            totals[n - 1] += Math.max(0, candidate.size() - n + 1);
        }
    }

    private static Map<List<String>, Integer> counts(List<String> words, int n) {
        Map<List<String>, Integer> counts = new HashMap<>();
        for (int i = 0; i + n <= words.size(); i++) {
            counts.merge(words.subList(i, i + n), 1, Integer::sum);
        }
        return counts;
    }

    /** Clipped matches of n-grams divided by their number, n from 1 to 4. */
    public double precision(int n) {
        return totals[n - 1] == 0 ? 0 : (double) matches[n - 1] / totals[n - 1];
    }

    /** min(1, exp(1 − r/c)). */
    public double brevityPenalty() {
        if (candidateLength == 0) {
            return 0;
        }
        return candidateLength >= referenceLength
                ? 1
                : Math.exp(1 - (double) referenceLength / candidateLength);
    }

    /** The score of all sentences added so far. */
    public double score() {
        double log = 0;
        for (int n = 1; n <= ORDER; n++) {
            log += Math.log(precision(n)) / ORDER;
        }
        return 100 * brevityPenalty() * Math.exp(log);
    }

    /**
     * @throws TataraException if there are not as many candidates as references
     */
    public static double of(List<List<String>> candidates, List<List<String>> references) {
        if (candidates.size() != references.size()) {
            throw new TataraException(
                    "bleu: given "
                            + candidates.size()
                            + " candidates for "
                            + references.size()
                            + " references");
        }
        Bleu b = new Bleu();
        for (int i = 0; i < candidates.size(); i++) {
            b.add(candidates.get(i), references.get(i));
        }
        return b.score();
    }
}
