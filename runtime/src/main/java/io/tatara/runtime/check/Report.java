package io.tatara.runtime.check;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Everything that a run of the suite found on a device. */
public record Report(String device, List<Result> results) {
    public Report {
        results = List.copyOf(results);
    }

    /**
     * One op's results together.
     *
     * @param worst the compared result that came nearest to its tolerance or beyond, null where
     *     none was
     */
    public record OpSummary(
            String op,
            int cases,
            int passed,
            int failed,
            int skipped,
            Result worst,
            double seconds) {}

    public int passed() {
        return count(Result.Status.PASSED);
    }

    public int failed() {
        return count(Result.Status.FAILED);
    }

    public int skipped() {
        return count(Result.Status.SKIPPED);
    }

    private int count(Result.Status s) {
        return (int) results.stream().filter(r -> r.status() == s).count();
    }

    public List<Result> failures() {
        return results.stream().filter(r -> r.status() == Result.Status.FAILED).toList();
    }

    /** By op, in the order of the run. */
    public List<OpSummary> byOp() {
        Map<String, List<Result>> groups = new LinkedHashMap<>();
        for (Result r : results) {
            groups.computeIfAbsent(r.op(), k -> new ArrayList<>()).add(r);
        }
        List<OpSummary> list = new ArrayList<>();
        groups.forEach((op, rs) -> list.add(summary(op, rs)));
        return list;
    }

    private static OpSummary summary(String op, List<Result> results) {
        int[] counts = new int[Result.Status.values().length];
        Result worst = null;
        double seconds = 0;
        for (Result r : results) {
            counts[r.status().ordinal()]++;
            seconds += r.seconds();
            if (r.strain() >= 0 && (worst == null || r.strain() > worst.strain())) {
                worst = r;
            }
        }
        int cases = (int) results.stream().map(Result::name).distinct().count();
        return new OpSummary(
                op,
                cases,
                counts[Result.Status.PASSED.ordinal()],
                counts[Result.Status.FAILED.ordinal()],
                counts[Result.Status.SKIPPED.ordinal()],
                worst,
                seconds);
    }

    /** {@code N passed, N failed, N skipped}. */
    public String summary() {
        return passed() + " passed, " + failed() + " failed, " + skipped() + " skipped";
    }
}
