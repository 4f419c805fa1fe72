package io.tatara.runtime.tune;

import io.tatara.kernels.Op;
import io.tatara.kernels.OpEntry;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.gpu.GpuKernel;
import io.tatara.kernels.gpu.GpuTraits;
import io.tatara.runtime.spi.BackEndDevice;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Measures the variants of an op for a shape class by the device's own time. The variants take
 * turns, so that a phase in which the machine is slow strikes all of them; medians decide. A
 * variant that is hopelessly slower than the best is measured once.
 */
public final class Tuner {
    /** How much slower than the best so far a variant may be and still be measured again. */
    private static final double HOPELESS = 4;

    private static final int WARM_UPS = 2;
    private static final int LEAST = 5;
    private static final int MOST = 25;

    /** Enqueues the op once by this variant, on tensors of the caller's. */
    public interface Work {
        void run(GpuKernel<?> kernel);

        /**
         * Called before each run that is timed: may enqueue what keeps the device busy until the
         * run is enqueued, so that the host's pace does not count.
         */
        default void before() {}
    }

    /**
     * What came of it.
     *
     * @param entry all measurements, kept ones and new ones
     * @param measured how many variants were measured now
     */
    public record Outcome(TuningEntry entry, int measured) {}

    private final BackEndDevice device;
    private final GpuTraits traits;
    private final double seconds;

    /**
     * @param seconds to spend on a shape class, about, beside compiling
     */
    public Tuner(BackEndDevice device, GpuTraits traits, double seconds) {
        this.device = device;
        this.traits = traits;
        this.seconds = seconds;
    }

    /**
     * Measures what is not known.
     *
     * @param known what is kept of this shape class, null for nothing; measurements of another
     *     driver, of changed sources and of variants that are gone are dropped. Where one variant
     *     is missing all are measured anew, since only times taken in turn compare.
     */
    public <O extends Op> Outcome tune(
            OpEntry<O> entry, O op, TensorSpec[] in, TuningEntry known, Work work) {
        Map<String, GpuKernel<O>> variants = Variants.of(entry, op, in, traits);
        Map<String, String> sources = new LinkedHashMap<>();
        TensorSpec[] out = op.infer(in);
        variants.forEach((name, k) ->
                sources.put(name, Variants.sources(k.plan(op, in, out, traits), traits)));
        String key = ShapeClass.of(op, in).text();
        if (known != null && fits(known, sources)) {
            return new Outcome(known, 0);
        }
        List<Run> runs = new ArrayList<>();
        variants.forEach((name, k) -> runs.add(new Run(name, k)));
        measure(runs, work);
        String date = Instant.now().truncatedTo(ChronoUnit.SECONDS).toString();
        String version = Tuner.class.getPackage().getImplementationVersion();
        List<Candidate> candidates =
                runs.stream().map(r -> r.candidate(sources.get(r.variant), date)).toList();
        return new Outcome(
                new TuningEntry(
                        key,
                        device.info().driver(),
                        version == null ? "development" : version,
                        runs.getFirst().variant,
                        candidates),
                runs.size());
    }

    /** Whether an entry holds each variant as it is now. */
    private boolean fits(TuningEntry known, Map<String, String> sources) {
        return known.driver().equals(device.info().driver())
                && sources.entrySet().stream()
                        .allMatch(s ->
                                known.find(s.getKey())
                                        .filter(c -> c.sources().equals(s.getValue()))
                                        .isPresent());
    }

    private void measure(List<Run> runs, Work work) {
        double best = Double.POSITIVE_INFINITY;
        for (Run r : runs) {
            // Compiles and loads; that time is no measure of the variant.
            r.time(work);
            for (int i = 0; i < WARM_UPS && r.failure.isEmpty(); i++) {
                double t = r.time(work);
                r.first = Math.min(r.first, t);
                if (t > HOPELESS * best) {
                    break;
                }
            }
            best = Math.min(best, r.first);
        }
        long end = System.nanoTime() + (long) (seconds * 1e9);
        for (int round = 0; round < MOST; round++) {
            if (round >= LEAST && System.nanoTime() > end) {
                break;
            }
            for (Run r : runs) {
                if (r.failure.isEmpty() && r.first <= HOPELESS * best) {
                    double t = r.time(work);
                    if (r.failure.isEmpty()) {
                        r.samples.add(t);
                    }
                }
            }
        }
    }

    private final class Run {
        private final String variant;
        private final GpuKernel<?> kernel;
        private final List<Double> samples = new ArrayList<>();
        private double first = Double.POSITIVE_INFINITY;
        private String failure = "";

        Run(String variant, GpuKernel<?> kernel) {
            this.variant = variant;
            this.kernel = kernel;
        }

        /** Seconds; infinite where it failed. */
        double time(Work work) {
            try {
                work.before();
                return Math.max(1, device.time(() -> work.run(kernel))) * 1e-9;
            } catch (RuntimeException e) {
                String message = e.getMessage() == null ? e.toString() : e.getMessage();
                failure = message.lines().findFirst().orElse(e.toString());
                return Double.POSITIVE_INFINITY;
            }
        }

        Candidate candidate(String sources, String date) {
            if (!failure.isEmpty()) {
                return new Candidate(variant, sources, 0, 0, 0, date, failure);
            }
            double[] s =
                    samples.isEmpty()
                            ? new double[] {first}
                            : samples.stream().mapToDouble(Double::doubleValue).toArray();
            Arrays.sort(s);
            double median = quantile(s, 0.5);
            double spread = (quantile(s, 0.75) - quantile(s, 0.25)) / median;
            return new Candidate(
                    variant,
                    sources,
                    Math.round(median * 1e9) / 1e3,
                    Math.round(spread * 1e3) / 1e3,
                    s.length,
                    date,
                    "");
        }
    }

    /** Linear between the neighbours. */
    private static double quantile(double[] sorted, double q) {
        double at = q * (sorted.length - 1);
        int i = (int) at;
        double rest = at - i;
        return i + 1 < sorted.length ? sorted[i] * (1 - rest) + sorted[i + 1] * rest : sorted[i];
    }
}
