package io.tatara.bench.peers;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.management.CompilationMXBean;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** One library in a JVM of its own, asked in lines of JSON on standard input. */
public final class Worker {
    private static final JsonMapper JSON = JsonMapper.builder().build();

    /** Values of a result that are compared. */
    private static final int PROBES = 251;

    /** A run counts as faster from here on. */
    private static final double IMPROVEMENT = 0.95;

    /** Times the warm-up that was asked for. */
    private static final double MOST_WARMING = 5;

    /** Share of the time that the JVM's compiler may take of one core when samples begin. */
    private static final double COMPILING = 0.02;

    private final Map<String, PeerCase> cases = new LinkedHashMap<>();
    private final String name;
    private final int threads;
    private Contestant contestant;
    private Contestant.Work work;

    /** Seconds that a run takes, as last seen. */
    private double estimate;

    private Worker(String name, int threads) {
        this.name = name;
        this.threads = threads;
        PeerCase.all().forEach(c -> cases.put(c.name(), c));
    }

    /** Arguments: the library and its number of threads. */
    public static void main(String[] args) throws IOException {
        PrintStream answers = System.out;
        System.setOut(System.err); // libraries talk
        Worker w = new Worker(args[0], Integer.parseInt(args[1]));
        BufferedReader in =
                new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            Map<String, Object> answer;
            try {
                answer = w.answer(JSON.readTree(line));
            } catch (Exception | LinkageError e) {
                e.printStackTrace();
                answer = Map.of("failure", reason(e));
            }
            answers.println(JSON.writeValueAsString(answer));
            answers.flush();
        }
        System.exit(0); // whatever threads a library left
    }

    /** The line of a message that tells most: libraries put others before it. */
    private static String reason(Throwable e) {
        java.util.List<String> lines =
                e.toString().lines().map(String::strip).filter(l -> !l.isEmpty()).toList();
        return lines.stream()
                .filter(l -> l.contains("Expected") || l.startsWith("RuntimeError"))
                .findFirst()
                .orElse(lines.getFirst());
    }

    private Map<String, Object> answer(JsonNode r) {
        return switch (r.path("cmd").asString("")) {
            case "hello" -> {
                contestant = Contestants.open(name, threads);
                yield Map.of("facts", contestant.facts());
            }
            case "prepare" -> prepare(cases.get(r.path("case").asString("")));
            case "warm" -> warm(r.path("seconds").asDouble());
            case "sample" -> Map.of("seconds", sample(r.path("seconds").asDouble()));
            case "drop" -> drop();
            default -> throw new IllegalArgumentException("unknown request " + r);
        };
    }

    /** Lays out, runs once, and tells some of the numbers that came out. */
    private Map<String, Object> prepare(PeerCase c) {
        drop();
        work = contestant.prepare(c);
        if (work == null) {
            return Map.of("absent", true);
        }
        long begin = System.nanoTime();
        work.run();
        estimate = (System.nanoTime() - begin) * 1e-9;
        return Map.of("how", work.how(), "values", probes(c.comparable(work.result())));
    }

    private static List<Double> probes(float[] v) {
        List<Double> p = new ArrayList<>();
        int n = Math.min(PROBES, v.length);
        for (int i = 0; i < n; i++) {
            p.add((double) v[(int) ((long) i * v.length / n)]);
        }
        return p;
    }

    /**
     * Runs for so long, and on while runs still become faster or the JVM's compiler is at work: on
     * two cores it takes one of those that the run wants.
     */
    private Map<String, Object> warm(double seconds) {
        CompilationMXBean compiler = ManagementFactory.getCompilationMXBean();
        long begin = System.nanoTime();
        double mark = 0;
        long compiled = compiler.getTotalCompilationTime();
        boolean compiling = true;
        int runs = 0;
        double best = Double.POSITIVE_INFINITY;
        double improved = 0;
        double passed;
        boolean more;
        do {
            long now = System.nanoTime();
            work.run();
            estimate = (System.nanoTime() - now) * 1e-9;
            runs++;
            passed = (System.nanoTime() - begin) * 1e-9;
            if (estimate < IMPROVEMENT * best) {
                best = estimate;
                improved = passed;
            }
            if (passed - mark > seconds / 2) {
                long time = compiler.getTotalCompilationTime();
                compiling = (time - compiled) * 1e-3 > COMPILING * (passed - mark);
                compiled = time;
                mark = passed;
            }
            boolean changing = compiling || passed - improved < seconds / 2;
            more = runs < 3 || passed < seconds || changing && passed < MOST_WARMING * seconds;
        } while (more);
        return Map.of("runs", runs);
    }

    /** The mean of as many runs as fit. */
    private double sample(double seconds) {
        int runs = (int) Math.max(1, Math.min(1_000_000, Math.round(seconds / estimate)));
        long begin = System.nanoTime();
        for (int i = 0; i < runs; i++) {
            work.run();
        }
        estimate = (System.nanoTime() - begin) * 1e-9 / runs;
        return estimate;
    }

    private Map<String, Object> drop() {
        if (work != null) {
            work.close();
            work = null;
        }
        return Map.of();
    }
}
