package io.tatara.bench.measure;

import io.tatara.kernels.OpEntry;
import io.tatara.kernels.OpTable;
import io.tatara.kernels.TataraException;
import io.tatara.kernels.check.Case;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** The cases that are marked as benchmarks. */
final class BenchCases {
    private BenchCases() {}

    /**
     * In the order of the op table.
     *
     * @param ops only these, empty for all
     * @param quick the first case of each op alone
     * @throws TataraException if there is no such op
     */
    static List<Case> list(Set<String> ops, boolean quick) {
        List<String> names = OpTable.all().stream().map(OpEntry::name).toList();
        for (String op : ops) {
            if (!names.contains(op)) {
                throw new TataraException("no op '" + op + "'; there are " + names);
            }
        }
        List<Case> list = new ArrayList<>();
        for (OpEntry<?> e : OpTable.all()) {
            if (!ops.isEmpty() && !ops.contains(e.name())) {
                continue;
            }
            List<Case> cases = e.cases().get().stream().filter(Case::isBench).toList();
            list.addAll(quick && !cases.isEmpty() ? cases.subList(0, 1) : cases);
        }
        return list;
    }

    static Case byId(String id) {
        return list(Set.of(), false).stream()
                .filter(c -> c.toString().equals(id))
                .findFirst()
                .orElseThrow(() -> new TataraException("no bench case '" + id + "'"));
    }
}
