package io.tatara.bench.measure;

import java.lang.management.CompilationMXBean;
import java.lang.management.ManagementFactory;

/**
 * Runs work on the JVM until it is as fast as it gets: for a while nothing was compiled and no
 * window was faster than those before. A fixed time is too short where compiling a large kernel
 * takes a second, and until then it runs many times as slowly.
 */
final class WarmUp {
    private static final long WINDOW = 50_000_000;
    private static final long LEAST = 500_000_000;
    private static final long QUIET = 400_000_000;
    private static final long MOST = 8_000_000_000L;

    /** A part less than this is the machine's noise. */
    private static final double FASTER = 0.95;

    private WarmUp() {}

    static void of(Runnable work) {
        CompilationMXBean compiler = ManagementFactory.getCompilationMXBean();
        boolean told = compiler != null && compiler.isCompilationTimeMonitoringSupported();
        long begin = System.nanoTime();
        long changed = begin;
        long compiled = -1;
        double best = Double.POSITIVE_INFINITY;
        long now = begin;
        while (now - begin < MOST && (now - begin < LEAST || now - changed < QUIET)) {
            double each = window(work);
            now = System.nanoTime();
            long spent = told ? compiler.getTotalCompilationTime() : 0;
            if (spent != compiled || each < FASTER * best) {
                changed = now;
            }
            compiled = spent;
            best = Math.min(best, each);
        }
    }

    /** Nanoseconds of a run, at least one. */
    private static double window(Runnable work) {
        long begin = System.nanoTime();
        long now = begin;
        int runs = 0;
        while (runs == 0 || now - begin < WINDOW) {
            work.run();
            runs++;
            now = System.nanoTime();
        }
        return (now - begin) / (double) runs;
    }
}
