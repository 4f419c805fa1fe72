package io.tatara.bench.peers;

import io.tatara.bench.measure.BenchResult;
import io.tatara.bench.measure.PeerProcess;
import io.tatara.bench.measure.Roofs;
import io.tatara.bench.measure.Samples;
import io.tatara.kernels.TataraException;
import java.lang.management.ManagementFactory;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.DoubleStream;
import tools.jackson.databind.JsonNode;

/**
 * The comparison: for each repetition and number of threads a fresh JVM of each contestant; all do
 * the same case at one time, asked in turn and each time in another order, so that slow and fast
 * phases of the machine, and what the last one left running, meet everyone.
 */
final class PeerRun {
    private static final double ANSWER_SECONDS = 300;

    /** Relative, over some numbers of the result; more means that something else was computed. */
    private static final double TOLERANCE = 1e-3;

    /**
     * Threads that spin after their work shall have gone to sleep before the next one's turn: those
     * of OpenBLAS take some 30 ms.
     */
    private static final long PAUSE_MILLIS = 40;

    /** Load average up to which nothing else can be said to run. */
    static final double QUIET = 0.5;

    private final PeerPlan plan;
    private final Consumer<String> say;
    private final Map<String, Collected> collected = new LinkedHashMap<>();
    private final Map<String, Map<String, String>> facts = new LinkedHashMap<>();
    private final Map<String, Roofs> roofs = new LinkedHashMap<>();
    private final List<PeerResult.Start> starts = new ArrayList<>();

    /** Of the machine before anything was started: others' work. */
    private final double load = ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage();

    private final String date = Instant.now().truncatedTo(ChronoUnit.SECONDS).toString();

    /** What came from one case on one number of threads. */
    private static final class Collected {
        final PeerCase c;
        final int threads;
        final int busy;
        final Map<String, String> how = new LinkedHashMap<>();
        final Map<String, String> failures = new LinkedHashMap<>();
        final Map<String, Double> differences = new LinkedHashMap<>();
        final Map<String, List<List<Double>>> samples = new LinkedHashMap<>();

        Collected(PeerCase c, int threads, int busy) {
            this.c = c;
            this.threads = threads;
            this.busy = busy;
        }
    }

    PeerRun(PeerPlan plan, Consumer<String> say) {
        this.plan = plan;
        this.say = say;
    }

    /** Runs everything; {@code keep} gets what there is after each set of JVMs. */
    PeerResult run(Consumer<PeerResult> keep) {
        if (load > QUIET) {
            say.accept(
                    "the machine is busy (load average %.1f): measure again when it is quiet"
                            .formatted(load));
        }
        for (int threads : plan.threads()) {
            if (!plan.cases().isEmpty()) {
                roofs.put(Integer.toString(threads), Roofs.ofJvm(threads, plan.quick()));
            }
        }
        for (int r = 0; r < plan.repetitions(); r++) {
            for (int threads : plan.threads()) {
                if (!plan.cases().isEmpty()) {
                    say.accept(
                            "repetition %d of %d, %d thread%s"
                                    .formatted(
                                            r + 1,
                                            plan.repetitions(),
                                            threads,
                                            threads == 1 ? "" : "s"));
                    repetition(threads);
                    keep.accept(result(false));
                }
            }
            if (plan.busy()) {
                say.accept("repetition %d, busy machine".formatted(r + 1));
                busy();
                keep.accept(result(false));
            }
        }
        if (plan.starts() > 0) {
            say.accept("start-up, %d fresh JVMs".formatted(plan.starts()));
            starts.addAll(StartUp.measure(plan.starts()));
        }
        return result(true);
    }

    private void repetition(int threads) {
        Map<String, PeerProcess> all = new LinkedHashMap<>();
        try {
            for (String name : plan.contestants()) {
                start(all, name, threads);
            }
            for (PeerCase c : plan.cases()) {
                Collected to =
                        collected.computeIfAbsent(
                                c.name() + "/" + threads, k -> new Collected(c, threads, 0));
                measure(all, to);
                say.accept("  " + PeerReport.line(entry(to)));
            }
        } finally {
            all.values().forEach(PeerProcess::close);
        }
    }

    /**
     * Ours on one and on two threads, while as many threads of others compute as there are cores.
     */
    private void busy() {
        try (BusyThreads others = BusyThreads.start(2)) {
            for (PeerCase c : PeerPlan.busyCases()) {
                Map<Integer, Map<String, PeerProcess>> all = new LinkedHashMap<>();
                Map<Integer, Collected> to = new LinkedHashMap<>();
                try {
                    for (int threads : new int[] {1, 2}) {
                        Map<String, PeerProcess> one = new LinkedHashMap<>();
                        all.put(threads, one);
                        to.put(
                                threads,
                                collected.computeIfAbsent(
                                        c.name() + "/" + threads + "/busy",
                                        k -> new Collected(c, threads, others.count())));
                        start(one, Contestants.JVM, threads);
                        prepare(one, to.get(threads));
                    }
                    for (int round = 0; round < plan.rounds(); round++) {
                        for (int threads : new int[] {1, 2}) {
                            sample(
                                    all.get(threads),
                                    to.get(threads),
                                    5 * plan.sampleSeconds(),
                                    round);
                        }
                    }
                    to.values().forEach(t -> say.accept("  " + PeerReport.line(entry(t))));
                } finally {
                    all.values().forEach(m -> m.values().forEach(PeerProcess::close));
                }
            }
        }
    }

    private void start(Map<String, PeerProcess> all, String name, int threads) {
        PeerProcess p =
                new PeerProcess(
                        Contestants.command(name, threads), Contestants.environment(threads));
        try {
            JsonNode answer = ask(p, Map.of("cmd", "hello"));
            Map<String, String> f = new LinkedHashMap<>();
            answer.path("facts")
                    .properties()
                    .forEach(e -> f.put(e.getKey(), e.getValue().asString()));
            f.remove("threads");
            facts.put(name, f);
            all.put(name, p);
        } catch (TataraException e) {
            p.close();
            all.remove(name);
            facts.putIfAbsent(name, Map.of("absent", String.valueOf(e.getMessage())));
            say.accept("  " + name + " does not take part: " + e.getMessage());
        }
    }

    private static JsonNode ask(PeerProcess p, Map<String, ?> request) {
        JsonNode answer = p.ask(request, ANSWER_SECONDS);
        String failure = answer.path("failure").asString("");
        if (!failure.isEmpty()) {
            throw new TataraException(failure);
        }
        return answer;
    }

    private void measure(Map<String, PeerProcess> all, Collected to) {
        Map<String, PeerProcess> ready = prepare(all, to);
        for (int round = 0; round < plan.rounds(); round++) {
            sample(ready, to, plan.sampleSeconds(), round);
        }
        ready.values().stream().filter(PeerProcess::alive).forEach(PeerRun::drop);
    }

    private static void drop(PeerProcess p) {
        ask(p, Map.of("cmd", "drop"));
    }

    /** Lays the case out everywhere, compares what comes out, warms up; tells who has the case. */
    private Map<String, PeerProcess> prepare(Map<String, PeerProcess> all, Collected to) {
        Map<String, PeerProcess> ready = new LinkedHashMap<>();
        double[] first = null;
        // One that died of a case is started again for the next.
        for (String name : List.copyOf(all.keySet())) {
            if (!all.get(name).alive()) {
                all.get(name).close();
                start(all, name, to.threads);
            }
        }
        for (var e : all.entrySet()) {
            try {
                JsonNode a = ask(e.getValue(), Map.of("cmd", "prepare", "case", to.c.name()));
                if (a.path("absent").asBoolean(false)) {
                    continue;
                }
                to.how.put(e.getKey(), a.path("how").asString(""));
                double[] values =
                        a.path("values").values().stream()
                                .mapToDouble(JsonNode::asDouble)
                                .toArray();
                if (first == null) {
                    first = values;
                } else if (first.length > 0 && values.length > 0) {
                    double d = difference(first, values);
                    to.differences.merge(e.getKey(), d, Math::max);
                    if (!(d <= TOLERANCE)) {
                        throw new TataraException(
                                "its result differs from ours by %.2g".formatted(d));
                    }
                }
                boolean ours = e.getKey().startsWith("tatara");
                double seconds = ours ? plan.ourWarmUp(to.c) : plan.warmUp();
                ask(e.getValue(), Map.of("cmd", "warm", "seconds", seconds));
                to.samples
                        .computeIfAbsent(e.getKey(), k -> new ArrayList<>())
                        .add(new ArrayList<>());
                ready.put(e.getKey(), e.getValue());
            } catch (TataraException x) {
                to.failures.put(e.getKey(), String.valueOf(x.getMessage()));
            }
        }
        return ready;
    }

    private static double difference(double[] want, double[] got) {
        if (want.length != got.length) {
            return Double.POSITIVE_INFINITY;
        }
        double diff = 0;
        double norm = 0;
        for (int i = 0; i < want.length; i++) {
            diff += (want[i] - got[i]) * (want[i] - got[i]);
            norm += want[i] * want[i];
        }
        return Math.sqrt(diff / norm);
    }

    /** One sample of each, in turn. */
    private void sample(Map<String, PeerProcess> ready, Collected to, double seconds, int round) {
        // Another order each time, so that nobody always has the same one before.
        List<Map.Entry<String, PeerProcess>> order = new ArrayList<>(ready.entrySet());
        Collections.shuffle(order, new Random(31L * to.c.name().hashCode() + round));
        for (var e : order) {
            try {
                Thread.sleep(PAUSE_MILLIS);
                JsonNode a = ask(e.getValue(), Map.of("cmd", "sample", "seconds", seconds));
                to.samples.get(e.getKey()).getLast().add(a.path("seconds").asDouble());
            } catch (TataraException x) {
                to.failures.put(e.getKey(), String.valueOf(x.getMessage()));
                ready.remove(e.getKey());
            } catch (InterruptedException x) {
                Thread.currentThread().interrupt();
                throw new TataraException("interrupted while measuring", x);
            }
        }
    }

    private PeerResult result(boolean finished) {
        Map<String, String> settings = plan.describe();
        settings.put("load average before", String.format(Locale.ROOT, "%.2f", load));
        return new PeerResult(
                PeerResult.FORMAT,
                date,
                System.getProperty("tatara.commit", ""),
                BenchResult.MachineFacts.here(),
                settings,
                facts,
                roofs,
                collected.values().stream().map(PeerRun::entry).toList(),
                starts,
                finished);
    }

    private static PeerResult.Entry entry(Collected c) {
        List<PeerResult.Figure> figures = new ArrayList<>();
        List<String> names = new ArrayList<>(c.how.keySet());
        c.failures.keySet().stream().filter(f -> !names.contains(f)).forEach(names::add);
        for (String name : names) {
            List<List<Double>> samples = c.samples.getOrDefault(name, List.of());
            DoubleStream.Builder all = DoubleStream.builder();
            List<Double> medians = new ArrayList<>();
            for (List<Double> jvm : samples) {
                jvm.forEach(all::add);
                medians.add(median(jvm.stream().mapToDouble(d -> d).toArray()));
            }
            Samples s = Samples.of(all.build().toArray());
            figures.add(
                    new PeerResult.Figure(
                            name,
                            c.how.getOrDefault(name, ""),
                            samples.stream().map(List::copyOf).toList(),
                            s.median(),
                            s.spread(),
                            medians,
                            c.differences.getOrDefault(name, -1.0),
                            c.failures.getOrDefault(name, "")));
        }
        return new PeerResult.Entry(
                c.c.name(), c.threads, c.busy, c.c.flops(), c.c.bytes(), figures);
    }

    private static double median(double[] v) {
        if (v.length == 0) {
            return 0;
        }
        Arrays.sort(v);
        return (v[(v.length - 1) / 2] + v[v.length / 2]) / 2;
    }
}
