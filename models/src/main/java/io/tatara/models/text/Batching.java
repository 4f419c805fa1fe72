package io.tatara.models.text;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Random;

/** Cuts pairs into batches of sentences of like length, so that little is spent on padding. */
public final class Batching {
    private static final Comparator<EncodedPair> BY_LENGTH =
            Comparator.<EncodedPair>comparingInt(p -> p.target().length)
                    .thenComparingInt(p -> p.source().length);

    private Batching() {}

    /**
     * The batches of an epoch: pairs are shuffled, sorted by length within pools of {@code pool}
     * batches, cut, and the batches shuffled. The same seed and epoch give the same batches.
     */
    public static List<List<EncodedPair>> shuffled(
            List<EncodedPair> pairs, int size, int pool, long seed, int epoch) {
        Random random = new Random(seed * 0x9E3779B97F4A7C15L + epoch);
        List<EncodedPair> all = new ArrayList<>(pairs);
        Collections.shuffle(all, random);
        List<List<EncodedPair>> batches = new ArrayList<>();
        // No more than there are: of large batches and pools the product is no int.
        int chunk = Math.clamp((long) size * pool, 1, Math.max(1, all.size()));
        for (int i = 0; i < all.size(); i += chunk) {
            batches.addAll(sorted(all.subList(i, Math.min(all.size(), i + chunk)), size));
        }
        Collections.shuffle(batches, random);
        return batches;
    }

    /** All pairs in order of length, cut. */
    public static List<List<EncodedPair>> sorted(List<EncodedPair> pairs, int size) {
        List<EncodedPair> all = new ArrayList<>(pairs);
        all.sort(BY_LENGTH);
        List<List<EncodedPair>> batches = new ArrayList<>();
        for (int i = 0; i < all.size(); i += size) {
            batches.add(List.copyOf(all.subList(i, Math.min(all.size(), i + size))));
        }
        return batches;
    }
}
