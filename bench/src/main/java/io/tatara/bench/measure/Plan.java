package io.tatara.bench.measure;

import java.util.LinkedHashSet;
import java.util.Set;

/**
 * What a run measures.
 *
 * @param ops only these, empty for all
 * @param suites of cases; {@link BenchCases#ALL} for all; empty: no cases
 * @param cases regular expression found in the names of the cases; empty for all
 * @param quick the first case of each op, fewer and shorter samples
 * @param steps training steps of models by name
 * @param dispatch whether to measure what an op costs the host
 * @param python interpreter that runs the peers, empty for no peers
 */
public record Plan(
        Set<String> ops,
        Set<String> suites,
        String cases,
        boolean quick,
        Set<String> steps,
        boolean dispatch,
        String python) {
    public Plan {
        ops = Set.copyOf(ops);
        suites = new LinkedHashSet<>(suites);
        steps = new LinkedHashSet<>(steps);
    }

    /** The standard cases of these ops (none: all), without peers. */
    public static Plan ofOps(Set<String> ops, boolean quick) {
        return new Plan(ops, Set.of(BenchCases.STANDARD), "", quick, Set.of(), false, "");
    }

    boolean measuresCases() {
        return !suites.isEmpty();
    }
}
