package io.tatara.runtime.tune;

import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * All measurements of a shape class.
 *
 * @param shapeClass {@link ShapeClass#text}
 * @param driver of the device when it was measured
 * @param library version of this library
 * @param usual the variant that is taken where nothing is known
 * @param candidates every variant that was tried, also those that failed
 */
public record TuningEntry(
        String shapeClass,
        String driver,
        String library,
        String usual,
        List<Candidate> candidates) {
    /** What another variant must gain before it replaces the usual one. */
    static final double MARGIN = 0.05;

    public TuningEntry {
        candidates = List.copyOf(candidates);
    }

    /** The fastest; the usual one where it is as fast but for {@link #MARGIN}. */
    public Optional<Candidate> best() {
        Optional<Candidate> fastest =
                candidates.stream()
                        .filter(c -> !c.failed())
                        .min(Comparator.comparingDouble(Candidate::microseconds));
        Optional<Candidate> old = find(usual).filter(c -> !c.failed());
        if (fastest.isPresent()
                && old.isPresent()
                && fastest.get().microseconds() > old.get().microseconds() * (1 - MARGIN)) {
            return old;
        }
        return fastest;
    }

    /** What is known of a variant. */
    public Optional<Candidate> find(String variant) {
        return candidates.stream().filter(c -> c.variant().equals(variant)).findFirst();
    }
}
