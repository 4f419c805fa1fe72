package io.tatara.bench.peers;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a run of the comparison does.
 *
 * @param contestants ours first
 * @param threads numbers of threads
 * @param repetitions fresh JVMs of each contestant
 * @param rounds samples in each JVM
 * @param busy whether the busy machine is measured
 * @param starts fresh JVMs whose start-up is measured, 0 for none
 */
record PeerPlan(
        List<PeerCase> cases,
        List<String> contestants,
        List<Integer> threads,
        int repetitions,
        int rounds,
        boolean busy,
        int starts,
        boolean quick) {
    /** The JVM's compiler needs a while; the translator has many kernels. */
    double ourWarmUp(PeerCase c) {
        double seconds = c.kind() == Kind.TRANSLATOR ? 6 : 0.9;
        return quick ? seconds / 3 : seconds;
    }

    double warmUp() {
        return quick ? 0.1 : 0.2;
    }

    double sampleSeconds() {
        return quick ? 0.02 : 0.04;
    }

    /** Cases in which many threads could wait for each other. */
    static List<PeerCase> busyCases() {
        List<String> names = List.of("matmul-512", "lstm-h256-b32-t50", "softmax-4096x1024");
        return PeerCase.all().stream().filter(c -> names.contains(c.name())).toList();
    }

    /** About how long the run will take, in seconds. */
    double estimate() {
        double sum = 0;
        for (PeerCase c : cases) {
            // Half of the contestants have a case; long runs take longer than a sample.
            double run = Math.max(1.5 * sampleSeconds(), c.flops() / 80e9) + 0.045;
            double asked = 1 + 0.5 * (contestants.size() - 1);
            sum += ourWarmUp(c) + asked * (warmUp() + 0.1 + rounds * run);
        }
        double jvms = contestants.size() * 1.5;
        double all = repetitions * threads.size() * (sum + jvms);
        return all + (busy ? repetitions * 25 : 0) + starts * 1.5;
    }

    Map<String, String> describe() {
        Map<String, String> m = new LinkedHashMap<>();
        m.put("repetitions", Integer.toString(repetitions));
        m.put("rounds", Integer.toString(rounds));
        m.put("sample seconds", Double.toString(sampleSeconds()));
        m.put("threads", threads.toString());
        m.put("quick", Boolean.toString(quick));
        return m;
    }
}
