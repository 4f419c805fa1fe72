package io.tatara.bench.peers;

import io.tatara.bench.measure.BenchResult;
import io.tatara.bench.measure.Roofs;
import java.util.List;
import java.util.Map;

/**
 * A result file of the comparison: every sample of one run.
 *
 * @param format version of this layout
 * @param date ISO 8601, UTC
 * @param commit of the sources, empty where unknown
 * @param settings repetitions, rounds, seconds
 * @param facts of each contestant: versions, threads
 * @param roofs of the JVM by number of threads
 * @param finished whether the run came to its end
 */
record PeerResult(
        int format,
        String date,
        String commit,
        BenchResult.MachineFacts machine,
        Map<String, String> settings,
        Map<String, Map<String, String>> facts,
        Map<String, Roofs> roofs,
        List<Entry> entries,
        List<Start> starts,
        boolean finished) {
    static final int FORMAT = 1;

    PeerResult {
        starts = starts == null ? List.of() : List.copyOf(starts);
        entries = entries == null ? List.of() : List.copyOf(entries);
    }

    /**
     * A case on a number of threads.
     *
     * @param busy threads of other processes that were kept busy meanwhile
     */
    record Entry(
            String name, int threads, int busy, double flops, double bytes, List<Figure> figures) {
        Figure of(String contestant) {
            return figures.stream()
                    .filter(f -> f.contestant().equals(contestant) && f.measured())
                    .findFirst()
                    .orElse(null);
        }
    }

    /**
     * What one contestant took.
     *
     * @param how what was measured
     * @param samples seconds a run, a list for each JVM
     * @param median of all samples
     * @param spread distance of the quartiles divided by the median
     * @param medians of each JVM
     * @param difference from our result, relative, over some of its numbers; negative where there
     *     is nothing to compare
     * @param failure why there is no figure, else empty
     */
    record Figure(
            String contestant,
            String how,
            List<List<Double>> samples,
            double median,
            double spread,
            List<Double> medians,
            double difference,
            String failure) {
        boolean measured() {
            return failure.isEmpty() && median > 0;
        }
    }

    /**
     * A program's way from its start to its first result.
     *
     * @param seconds of each fresh JVM
     */
    record Start(String what, List<Double> seconds) {}
}
