package io.tatara.bench.measure;

import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** A result as Markdown: head, the cases with their roofs and peers, steps, dispatch. */
public final class Markdown {
    private Markdown() {}

    public static String of(BenchResult r) {
        StringBuilder s = new StringBuilder();
        head(s, r);
        if (!r.cases().isEmpty()) {
            cases(s, r);
        }
        steps(s, r);
        dispatch(s, r);
        return s.toString();
    }

    private static void head(StringBuilder s, BenchResult r) {
        s.append(r.device().id())
                .append(" (")
                .append(r.device().name())
                .append(", ")
                .append(r.device().driver());
        s.append("), ").append(r.machine().os()).append(", ").append(r.machine().jdk());
        s.append(", ").append(r.machine().cores()).append(" cores, ").append(r.date(), 0, 10);
        s.append(r.commit().isEmpty() ? "" : ", commit " + r.commit()).append(".\n");
        if (!r.cases().isEmpty()) {
            s.append("Roofs: ").append(ResultFiles.describe(r.roofs())).append(".\n");
        }
        if (!r.peers().isEmpty()) {
            s.append("Peers: ").append(peers(r.peers())).append(".\n");
        }
        if (!r.finished()) {
            s.append("The run did not come to its end.\n");
        }
        s.append('\n');
    }

    /** The peers' facts in one line, or why there are none. */
    public static String peers(Map<String, String> facts) {
        String absent = facts.get("absent");
        if (absent != null) {
            return "none: " + absent;
        }
        StringBuilder s = new StringBuilder();
        new TreeMap<>(facts)
                .forEach((k, v) ->
                        s.append(s.isEmpty() ? "" : ", ").append(k).append(' ').append(v));
        return s.toString();
    }

    /** Names of all peers in the order in which they first come. */
    static Set<String> names(List<Measurement> cases) {
        Set<String> names = new LinkedHashSet<>();
        cases.forEach(m -> m.peers().forEach(p -> names.add(p.name())));
        return names;
    }

    private static void cases(StringBuilder s, BenchResult r) {
        boolean peers = r.cases().stream().anyMatch(m -> !m.peers().isEmpty());
        s.append("| op | case | median | spread | GFLOP/s | GB/s | roof | % of roof |");
        s.append(peers ? " ours / peer |" : "").append('\n');
        s.append("|---|---|---:|---:|---:|---:|---|---:|").append(peers ? "---|" : "").append('\n');
        for (Measurement m : r.cases()) {
            if (m.measured()) {
                s.append(
                        String.format(
                                "| %s | %s | %s | %.1f %% | %.1f | %.1f | %s | %.0f |",
                                m.op(),
                                cell(m.name()),
                                m.time(),
                                m.spread() * 100,
                                m.gigaflops(),
                                m.gigabytes(),
                                m.roof(),
                                m.ofRoof() * 100));
                s.append(peers ? " " + cell(ratios(m.peers())) + " |" : "");
            } else {
                String why =
                        m.failure().isEmpty()
                                ? "skipped: " + line(m.skipped())
                                : "failed: " + line(m.failure());
                s.append(String.format("| %s | %s | %s ||||||", m.op(), cell(m.name()), cell(why)));
                s.append(peers ? "|" : "");
            }
            s.append('\n');
        }
        if (peers) {
            s.append('\n').append(score(r.cases()));
        }
    }

    /** {@code cuBLAS 1.04, torch.compile 0.92}. */
    public static String ratios(List<PeerFigure> peers) {
        StringBuilder s = new StringBuilder();
        for (PeerFigure p : peers) {
            s.append(s.isEmpty() ? "" : ", ").append(p.name()).append(' ').append(p.text());
        }
        return s.toString();
    }

    /** Wins, losses and the geometric mean for each peer, and the losses by name. */
    static String score(List<Measurement> cases) {
        StringBuilder s = new StringBuilder();
        s.append("Ours / peer is our speed in terms of the peer's: from 1.00 on a win.\n\n");
        s.append("| peer | cases | won | lost | geometric mean | worst | best |\n");
        s.append("|---|---:|---:|---:|---:|---|---|\n");
        for (String name : names(cases)) {
            score(s, name, cases);
        }
        return s.toString();
    }

    private record Ratio(String of, double value) {}

    private static void score(StringBuilder s, String name, List<Measurement> cases) {
        List<Ratio> ratios =
                cases.stream()
                        .flatMap(m ->
                                m.peers().stream()
                                        .filter(p -> p.name().equals(name) && p.ratio() > 0)
                                        .map(p -> new Ratio(m.op() + "/" + m.name(), p.ratio())))
                        .sorted(Comparator.comparingDouble(Ratio::value))
                        .toList();
        if (ratios.isEmpty()) {
            s.append("| ").append(cell(name)).append(" | 0 ||||||\n");
            return;
        }
        long won = ratios.stream().filter(x -> x.value >= 1).count();
        double log = ratios.stream().mapToDouble(x -> Math.log(x.value)).average().orElse(0);
        s.append(
                String.format(
                        "| %s | %d | %d | %d | %.2f | %.2f %s | %.2f %s |%n",
                        cell(name),
                        ratios.size(),
                        won,
                        ratios.size() - won,
                        Math.exp(log),
                        ratios.getFirst().value,
                        cell(ratios.getFirst().of),
                        ratios.getLast().value,
                        cell(ratios.getLast().of)));
    }

    private static void steps(StringBuilder s, BenchResult r) {
        if (r.steps().isEmpty()) {
            return;
        }
        s.append(r.cases().isEmpty() ? "" : "\n");
        s.append("| training step | median | spread | words/s | ours / peer |\n");
        s.append("|---|---:|---:|---:|---|\n");
        for (StepFigure f : r.steps()) {
            s.append(
                    f.failure().isEmpty()
                            ? String.format(
                                    "| %s | %s | %.1f %% | %.0f | %s |%n",
                                    cell(f.name()),
                                    Samples.text(f.median()),
                                    f.spread() * 100,
                                    f.tokensPerSecond(),
                                    cell(ratios(f.peers())))
                            : String.format(
                                    "| %s | failed: %s ||||%n",
                                    cell(f.name()), cell(line(f.failure()))));
        }
    }

    private static void dispatch(StringBuilder s, BenchResult r) {
        if (r.dispatch().isEmpty()) {
            return;
        }
        s.append(r.cases().isEmpty() && r.steps().isEmpty() ? "" : "\n");
        s.append("| an op's cost | host | spread | with the device's work |\n");
        s.append("|---|---:|---:|---:|\n");
        for (DispatchFigure d : r.dispatch()) {
            s.append(
                    d.failure().isEmpty()
                            ? String.format(
                                    "| %s | %s | %.1f %% | %s |%n",
                                    cell(d.name()),
                                    Samples.text(d.median()),
                                    d.spread() * 100,
                                    Samples.text(d.drained()))
                            : String.format(
                                    "| %s | failed: %s |||%n",
                                    cell(d.name()), cell(line(d.failure()))));
        }
    }

    private static String cell(String s) {
        return s.replace("|", "\\|");
    }

    private static String line(String s) {
        return s.lines().findFirst().orElse("");
    }
}
