package io.tatara.bench.peers;

import io.tatara.bench.measure.Roofs;
import io.tatara.bench.measure.Samples;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/** A result file as Markdown. */
final class PeerReport {
    /** Ours and theirs of one case differ less than this: neither wins. */
    private static final double DRAW = 0.02;

    private final PeerResult r;
    private final StringBuilder out = new StringBuilder();

    private PeerReport(PeerResult r) {
        this.r = r;
    }

    static String of(PeerResult r) {
        PeerReport p = new PeerReport(r);
        p.head();
        p.goals();
        p.sums();
        p.cases();
        p.busy();
        p.starts();
        p.hows();
        return p.out.toString();
    }

    /** A case in one line, for the terminal. */
    static String line(PeerResult.Entry e) {
        String figures =
                e.figures().stream()
                        .map(f ->
                                f.measured()
                                        ? "%s %s"
                                                .formatted(
                                                        Contestants.title(f.contestant()),
                                                        Samples.text(f.median()))
                                        : "%s failed: %s"
                                                .formatted(
                                                        Contestants.title(f.contestant()),
                                                        f.failure()))
                        .collect(Collectors.joining(", "));
        String threads = e.threads() + (e.busy() > 0 ? " busy" : "");
        return "%-34s %s  %s".formatted(e.name(), threads, figures);
    }

    private void line(String format, Object... args) {
        out.append(args.length == 0 ? format : String.format(format, args)).append('\n');
    }

    private void head() {
        line("# Beside other libraries on the JVM");
        line("");
        line(
                "Written by `scripts/bench-peers report`; [benchmarks.md](benchmarks.md) tells how it is measured.");
        line("");
        String commit = r.commit().isEmpty() ? "" : ", commit " + r.commit();
        line(
                "%s%s, %s, %d cores, %s.",
                r.date(), commit, r.machine().cpu(), r.machine().cores(), r.machine().jdk());
        line(
                "%s; medians over %s fresh JVMs of each library, %s samples in each%s.",
                r.machine().os(),
                r.settings().getOrDefault("repetitions", "?"),
                r.settings().getOrDefault("rounds", "?"),
                r.finished() ? "" : "; **the run did not come to its end**");
        String load = r.settings().getOrDefault("load average before", "0");
        if (Double.parseDouble(load) > PeerRun.QUIET) {
            line(
                    "**The machine was not quiet** (load average %s before the run): libraries that wait at barriers suffer most from that.",
                    load);
        }
        if ("true".equals(r.settings().get("quick"))) {
            line("A quick run: a first impression, not figures to quote.");
        }
        line("");
        r.facts()
                .forEach((name, facts) -> {
                    String text =
                            facts.entrySet().stream()
                                    .map(e -> e.getKey() + " " + e.getValue())
                                    .collect(Collectors.joining(", "));
                    line("- %s: %s", Contestants.title(name), text);
                });
        r.roofs()
                .forEach((threads, roof) ->
                        line(
                                "- roofs of the JVM, %s thread(s): %.0f GFLOP/s; copies %s GB/s",
                                threads,
                                roof.flops() * 1e-9,
                                roof.copies().stream()
                                        .map(c ->
                                                "%.1f at %d MiB"
                                                        .formatted(
                                                                c.bytesPerSecond() * 1e-9,
                                                                c.bytes() >> 20))
                                        .collect(Collectors.joining(", "))));
        line("");
    }

    private void goals() {
        line("## Goals");
        line("");
        line(
                "Our speed as a part of the peer's, from 1.00 on a win; the worst and the best case of each row.");
        line("");
        line("| work | threads | held to | goal | worst | best | |");
        line("|---|---|---|---|---|---|---|");
        for (Goals.Goal g : Goals.of(r)) {
            List<Goals.Outcome> all = Goals.outcomes(g, r);
            for (int threads :
                    all.stream().map(o -> o.entry().threads()).distinct().sorted().toList()) {
                List<Goals.Outcome> here =
                        all.stream()
                                .filter(o -> o.entry().threads() == threads)
                                .sorted(java.util.Comparator.comparingDouble(Goals.Outcome::ratio))
                                .toList();
                Goals.Outcome worst = here.getFirst();
                line(
                        "| %s | %d | %s | %.2f | %s | %s | %s |",
                        g.work(),
                        threads,
                        g.peer().equals(Goals.BEST) ? "best peer" : Contestants.title(g.peer()),
                        g.ratio(),
                        outcome(g, worst),
                        here.size() > 1 ? outcome(g, here.getLast()) : "",
                        worst.met() ? "met" : "**missed**");
            }
            if (all.isEmpty()) {
                line(
                        "| %s | | %s | %.2f | | | not measured |",
                        g.work(), Contestants.title(g.peer()), g.ratio());
            }
        }
        bandwidth();
        line("");
        wins();
    }

    private static String outcome(Goals.Goal g, Goals.Outcome o) {
        String peer = g.peer().equals(Goals.BEST) ? ", " + Contestants.title(o.peer()) : "";
        return "%.2f (%s%s)".formatted(o.ratio(), o.entry().name(), peer);
    }

    /** Of copies: what the row-wise work on large inputs is held to. */
    private void bandwidth() {
        List<String> rows =
                List.of("softmax-4096", "layer-norm-4096", "cross-entropy-2048", "embedding-4096");
        for (PeerResult.Entry e : r.entries()) {
            PeerResult.Figure ours = e.of(Contestants.JVM);
            double part = ours == null ? 0 : ofBandwidth(e, ours);
            if (e.busy() > 0 || part == 0 || rows.stream().noneMatch(e.name()::startsWith)) {
                continue;
            }
            String met = part >= 0.8 ? "met" : "**missed**";
            line(
                    "| %s, bandwidth | %d | copies | 0.80 | %.2f | | %s |",
                    e.name(), e.threads(), part, met);
        }
    }

    private double ofBandwidth(PeerResult.Entry e, PeerResult.Figure f) {
        Roofs roofs = r.roofs().get(Integer.toString(e.threads()));
        double bandwidth = roofs == null ? 0 : roofs.bandwidth(e.bytes());
        return bandwidth > 0 && e.bytes() > 0 ? e.bytes() / f.median() / bandwidth : 0;
    }

    private void wins() {
        line("| peer | cases | faster | equal (2 %) | slower | worst case | ratio |");
        line("|---|---|---|---|---|---|---|");
        for (String peer : Contestants.ALL) {
            int won = 0;
            int lost = 0;
            int cases = 0;
            double least = Double.POSITIVE_INFINITY;
            String worst = "";
            for (PeerResult.Entry e : r.entries()) {
                PeerResult.Figure ours = e.of(Contestants.JVM);
                PeerResult.Figure theirs = e.of(peer);
                if (ours == null || theirs == null) {
                    continue;
                }
                double ratio = theirs.median() / ours.median();
                cases++;
                won += ratio > 1 + DRAW ? 1 : 0;
                lost += ratio < 1 - DRAW ? 1 : 0;
                if (ratio < least) {
                    least = ratio;
                    worst = e.name() + ", " + e.threads() + " thread(s)";
                }
            }
            if (cases > 0) {
                line(
                        "| %s | %d | %d | %d | %d | %s | %.2f |",
                        Contestants.title(peer),
                        cases,
                        won,
                        cases - won - lost,
                        lost,
                        worst,
                        least);
            }
        }
        line("");
    }

    /** Layers of a network together, on each number of threads. */
    private void sums() {
        boolean begun = false;
        for (int threads : threads()) {
            for (Convolutions.Sum sum : Convolutions.SUMS) {
                List<PeerResult.Entry> layers =
                        r.entries().stream()
                                .filter(e -> e.threads() == threads && e.name().matches(sum.pattern()))
                                .filter(e -> e.of(Contestants.JVM) != null)
                                .toList();
                if (layers.isEmpty()) {
                    continue;
                }
                if (!begun) {
                    line("## Sums over layers");
                    line("");
                    line("Each distinct layer once; of peers, our speed as a part of theirs.");
                    line("");
                    line(
                            "| layers | threads | number | %s |",
                            names().stream()
                                    .map(Contestants::title)
                                    .collect(Collectors.joining(" | ")));
                    line("|---|---|---|%s", "---|".repeat(names().size()));
                    begun = true;
                }
                line(
                        "| %s | %d | %d | %s |",
                        sum.layers(),
                        threads,
                        layers.size(),
                        names().stream()
                                .map(n -> sum(layers, n))
                                .collect(Collectors.joining(" | ")));
            }
        }
        if (begun) {
            line("");
        }
    }

    private static String sum(List<PeerResult.Entry> layers, String name) {
        double ours = 0;
        double theirs = 0;
        for (PeerResult.Entry e : layers) {
            PeerResult.Figure f = e.of(name);
            if (f == null) {
                return "";
            }
            ours += e.of(Contestants.JVM).median();
            theirs += f.median();
        }
        if (name.equals(Contestants.JVM)) {
            return Samples.text(ours);
        }
        String mark = theirs / ours < 1 - DRAW ? "**%.2f**" : "%.2f";
        return Samples.text(theirs) + ", " + mark.formatted(theirs / ours);
    }

    private List<Integer> threads() {
        return r.entries().stream().map(PeerResult.Entry::threads).distinct().sorted().toList();
    }

    private List<String> names() {
        List<String> order = new ArrayList<>(List.of(Contestants.JVM, Contestants.OPENCL));
        order.addAll(Contestants.ALL);
        order.retainAll(
                r.entries().stream()
                        .flatMap(e -> e.figures().stream())
                        .map(PeerResult.Figure::contestant)
                        .collect(Collectors.toSet()));
        return order;
    }

    private void cases() {
        List<String> names = names();
        line("## Every case");
        line("");
        line(
                "Median of all samples; in brackets, of peers, our speed as a part of theirs by the medians of single sets of JVMs, least to most; of ours, the spread (distance of the quartiles divided by the median).");
        for (int threads : threads()) {
            line("");
            line("### %d thread%s", threads, threads == 1 ? "" : "s");
            line("");
            line(
                    "| case | rate | %s |",
                    names.stream().map(Contestants::title).collect(Collectors.joining(" | ")));
            line("|---|---|%s", "---|".repeat(names.size()));
            for (PeerResult.Entry e : r.entries()) {
                if (e.threads() == threads && e.busy() == 0) {
                    String cells =
                            names.stream().map(n -> cell(e, n)).collect(Collectors.joining(" | "));
                    line("| %s | %s | %s |", e.name(), rate(e), cells);
                }
            }
        }
        line("");
    }

    private String rate(PeerResult.Entry e) {
        PeerResult.Figure ours = e.of(Contestants.JVM);
        if (ours == null) {
            return "";
        }
        if (e.bytes() > 0) {
            return "%.1f GB/s".formatted(e.bytes() / ours.median() * 1e-9);
        }
        return e.flops() > 0 ? "%.1f GFLOP/s".formatted(e.flops() / ours.median() * 1e-9) : "";
    }

    private static String cell(PeerResult.Entry e, String name) {
        PeerResult.Figure f =
                e.figures().stream()
                        .filter(x -> x.contestant().equals(name))
                        .findFirst()
                        .orElse(null);
        if (f == null) {
            return "";
        }
        if (!f.measured()) {
            return "failed: " + f.failure().replace('|', '/');
        }
        PeerResult.Figure ours = e.of(Contestants.JVM);
        if (name.equals(Contestants.JVM) || ours == null) {
            return "%s (± %.0f %%)".formatted(Samples.text(f.median()), 100 * f.spread());
        }
        double ratio = f.median() / ours.median();
        int sets = Math.min(f.medians().size(), ours.medians().size());
        double[] each = new double[sets];
        for (int i = 0; i < sets; i++) {
            each[i] = f.medians().get(i) / ours.medians().get(i);
        }
        double least = Arrays.stream(each).min().orElse(ratio);
        double most = Arrays.stream(each).max().orElse(ratio);
        String mark = ratio < 1 - DRAW ? "**%.2f**" : "%.2f";
        return (Samples.text(f.median()) + ", " + mark + " (%.2f … %.2f)")
                .formatted(ratio, least, most);
    }

    private void busy() {
        List<PeerResult.Entry> busy = r.entries().stream().filter(e -> e.busy() > 0).toList();
        if (busy.isEmpty()) {
            return;
        }
        line("## Busy machine");
        line("");
        line(
                "While %d threads of another program compute; goal: on two threads no more than 1.2 times the time on one.",
                busy.getFirst().busy());
        line("");
        line("| case | 1 thread | 2 threads | 2 / 1 | |");
        line("|---|---|---|---|---|");
        for (PeerResult.Entry one : busy) {
            PeerResult.Figure a = one.of(Contestants.JVM);
            PeerResult.Figure b =
                    busy.stream()
                            .filter(e -> e.threads() == 2 && e.name().equals(one.name()))
                            .map(e -> e.of(Contestants.JVM))
                            .findFirst()
                            .orElse(null);
            if (one.threads() == 1 && a != null && b != null) {
                double ratio = b.median() / a.median();
                line(
                        "| %s | %s (± %.0f %%) | %s (± %.0f %%) | %.2f | %s |",
                        one.name(),
                        Samples.text(a.median()),
                        100 * a.spread(),
                        Samples.text(b.median()),
                        100 * b.spread(),
                        ratio,
                        ratio <= 1.2 ? "met" : "**missed**");
            }
        }
        line("");
    }

    private void starts() {
        if (r.starts().isEmpty()) {
            return;
        }
        line("## Start-up");
        line("");
        line("From the start of a JVM to the first result; goal: less than a second.");
        line("");
        line("| what | JVMs | median | least | most | |");
        line("|---|---|---|---|---|---|");
        for (PeerResult.Start s : r.starts()) {
            double[] v = s.seconds().stream().mapToDouble(d -> d).sorted().toArray();
            double median = Samples.of(v).median();
            line(
                    "| %s | %d | %s | %s | %s | %s |",
                    s.what(),
                    v.length,
                    Samples.text(median),
                    Samples.text(v[0]),
                    Samples.text(v[v.length - 1]),
                    v[v.length - 1] < 1 ? "met" : median < 1 ? "met by the median" : "**missed**");
        }
        line("");
    }

    /** What was measured exactly. */
    private void hows() {
        line("## What each one does");
        line("");
        line("| case | contestant | what is measured | differs from ours by |");
        line("|---|---|---|---|");
        List<String> seen = new ArrayList<>();
        for (PeerResult.Entry e : r.entries()) {
            for (PeerResult.Figure f : e.figures()) {
                String key = e.name() + f.contestant();
                if (!f.how().isEmpty() && !seen.contains(key)) {
                    seen.add(key);
                    String difference = f.difference() < 0 ? "" : "%.1e".formatted(f.difference());
                    line(
                            "| %s | %s | %s | %s |",
                            e.name(), Contestants.title(f.contestant()), f.how(), difference);
                }
            }
        }
    }
}
