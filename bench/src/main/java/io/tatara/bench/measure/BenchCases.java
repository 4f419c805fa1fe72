package io.tatara.bench.measure;

import io.tatara.kernels.OpEntry;
import io.tatara.kernels.OpTable;
import io.tatara.kernels.TataraException;
import io.tatara.kernels.check.Case;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/** The cases that are marked as benchmarks. */
public final class BenchCases {
    /** The suite that is measured where none is named. */
    public static final String STANDARD = "standard";

    /** Every suite. */
    public static final String ALL = "all";

    private BenchCases() {}

    /** The suites that there are. */
    public static Set<String> suites() {
        Set<String> names = new TreeSet<>();
        for (OpEntry<?> e : OpTable.all()) {
            e.cases().get().stream().filter(Case::isBench).map(Case::suite).forEach(names::add);
        }
        return names;
    }

    /**
     * In the order of the op table.
     *
     * @param ops only these, empty for all
     * @param suites of these suites, {@link #ALL} for all
     * @param quick the first case of each op alone
     * @throws TataraException if there is no such op or suite
     */
    static List<Case> list(Set<String> ops, Set<String> suites, boolean quick) {
        return list(ops, suites, "", quick);
    }

    /**
     * As {@link #list(Set, Set, boolean)}.
     *
     * @param pattern a regular expression that is found in the names of the cases; of such a choice
     *     all are taken, also where it should be quick. Empty: all
     * @throws TataraException if there is no such op or suite, or no such case of them
     */
    static List<Case> list(Set<String> ops, Set<String> suites, String pattern, boolean quick) {
        Pattern wanted;
        try {
            wanted = Pattern.compile(pattern);
        } catch (PatternSyntaxException e) {
            throw new TataraException(
                    "'%s' is no pattern of cases: %s".formatted(pattern, e.getDescription()), e);
        }
        List<String> names = OpTable.all().stream().map(OpEntry::name).toList();
        for (String op : ops) {
            if (!names.contains(op)) {
                throw new TataraException("no op '" + op + "'; there are " + names);
            }
        }
        Set<String> known = suites();
        for (String suite : suites) {
            if (!suite.equals(ALL) && !known.contains(suite)) {
                throw new TataraException(
                        "no suite '" + suite + "'; there are " + known + " and " + ALL);
            }
        }
        List<Case> list = new ArrayList<>();
        for (OpEntry<?> e : OpTable.all()) {
            if (!ops.isEmpty() && !ops.contains(e.name())) {
                continue;
            }
            List<Case> cases =
                    e.cases().get().stream()
                            .filter(Case::isBench)
                            .filter(c -> suites.contains(ALL) || suites.contains(c.suite()))
                            .filter(c -> wanted.matcher(c.name()).find())
                            .toList();
            boolean first = quick && pattern.isEmpty() && !cases.isEmpty();
            list.addAll(first ? cases.subList(0, 1) : cases);
        }
        if (list.isEmpty() && !pattern.isEmpty()) {
            throw new TataraException("no bench case whose name matches '" + pattern + "'");
        }
        return list;
    }

    static Case byId(String id) {
        return list(Set.of(), Set.of(ALL), false).stream()
                .filter(c -> c.toString().equals(id))
                .findFirst()
                .orElseThrow(() -> new TataraException("no bench case '" + id + "'"));
    }
}
