package io.tatara.bench.measure;

import io.tatara.kernels.TataraException;
import io.tatara.kernels.check.Case;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.openjdk.jmh.results.BenchmarkResult;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.format.OutputFormatFactory;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/** Times cases on the JVM back end by JMH, in fresh JVMs with the flags of this one. */
final class JmhTimer implements CaseTimer {
    private static final String VECTOR = "jdk.incubator.vector";

    private final boolean quick;
    private final int forks;
    private final int iterations;
    private final int millis;

    JmhTimer(boolean quick) {
        this.quick = quick;
        this.forks = quick ? 1 : 2;
        this.iterations = quick ? 5 : 8;
        this.millis = quick ? 60 : 150;
        // Several measurements on one machine disturb each other, but to refuse is worse.
        System.setProperty("jmh.ignoreLock", "true");
    }

    @Override
    public double[] time(Case c) {
        // The forks' warnings, one set for each, would bury the table.
        ByteArrayOutputStream kept = new ByteArrayOutputStream();
        PrintStream quiet = new PrintStream(kept, true, StandardCharsets.UTF_8);
        try {
            Collection<RunResult> results =
                    new Runner(
                                    new OptionsBuilder()
                                            .include(
                                                    "^"
                                                            + JvmCaseBenchmark.class.getName()
                                                            + "\\.run$")
                                            .param("id", c.toString())
                                            .forks(forks)
                                            .warmupIterations(3)
                                            .warmupTime(TimeValue.milliseconds(2L * millis))
                                            .measurementIterations(iterations)
                                            .measurementTime(TimeValue.milliseconds(millis))
                                            .jvmArgs(flags().toArray(String[]::new))
                                            .verbosity(VerboseMode.NORMAL)
                                            .shouldFailOnError(true)
                                            .build(),
                                    OutputFormatFactory.createFormatInstance(
                                            quiet, VerboseMode.NORMAL))
                            .run();
            return samples(results);
        } catch (RunnerException e) {
            throw new TataraException(
                    "JMH: " + e.getMessage() + cause(kept.toString(StandardCharsets.UTF_8)), e);
        }
    }

    /** What the fork died of, out of everything JMH printed. */
    private static String cause(String log) {
        return log.lines()
                .filter(l -> l.contains("Exception") || l.contains("Error"))
                .map(String::strip)
                .distinct()
                .limit(3)
                .reduce("", (a, b) -> a + "; " + b);
    }

    private static double[] samples(Collection<RunResult> results) {
        List<Double> seconds = new ArrayList<>();
        for (RunResult r : results) {
            for (BenchmarkResult b : r.getBenchmarkResults()) {
                for (IterationResult i : b.getIterationResults()) {
                    seconds.add(i.getPrimaryResult().getScore() * 1e-9);
                }
            }
        }
        if (seconds.isEmpty()) {
            throw new TataraException("JMH gave no result");
        }
        return seconds.stream().mapToDouble(Double::doubleValue).toArray();
    }

    /** This JVM's flags; the vector module is named even where it came in otherwise. */
    private static List<String> flags() {
        List<String> flags =
                new ArrayList<>(ManagementFactory.getRuntimeMXBean().getInputArguments());
        flags.removeIf(f -> f.startsWith("-agentlib") || f.startsWith("-javaagent"));
        boolean here = ModuleLayer.boot().findModule(VECTOR).isPresent();
        if (here
                && flags.stream()
                        .noneMatch(f -> f.startsWith("--add-modules") && f.contains(VECTOR))) {
            flags.add("--add-modules=" + VECTOR);
        }
        String threads = System.getProperty("tatara.threads");
        if (threads != null) {
            flags.removeIf(f -> f.startsWith("-Dtatara.threads="));
            flags.add("-Dtatara.threads=" + threads);
        }
        return flags;
    }

    @Override
    public int sets(Case c) {
        return CaseRun.sets(c, Cpu.cache());
    }

    @Override
    public String describe() {
        return "JMH, " + forks + " forks of " + iterations + " iterations of " + millis + " ms";
    }
}
