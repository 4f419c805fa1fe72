package io.tatara.bench.measure;

import io.tatara.kernels.Cost;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.check.Case;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;

/**
 * One case as measured.
 *
 * @param shapes the inputs, for people
 * @param sets copies of the inputs that the runs went through in turn
 * @param samples seconds of each sample
 * @param median seconds
 * @param spread distance of the quartiles divided by the median
 * @param roof {@code memory}, {@code arithmetic}, or empty where the case costs neither
 * @param ofRoof least time under the roof divided by the median; 1 is the roof
 * @param failure why there is no number, else empty
 */
public record Measurement(
        String op,
        String name,
        String shapes,
        double flops,
        double bytes,
        int sets,
        List<Double> samples,
        double median,
        double spread,
        String roof,
        double ofRoof,
        String failure) {
    public Measurement {
        samples = List.copyOf(samples);
    }

    static Measurement of(Case c, int sets, double[] seconds, Roofs roofs) {
        Cost cost = c.op().cost(c.specs());
        double[] sorted = seconds.clone();
        Arrays.sort(sorted);
        double median = quantile(sorted, 0.5);
        Roofs.Bound bound = roofs.bound(cost, cost.bytes() * sets);
        return new Measurement(
                c.op().name(),
                c.name(),
                shapes(c),
                cost.flops(),
                cost.bytes(),
                sets,
                Arrays.stream(seconds).boxed().toList(),
                median,
                median > 0 ? (quantile(sorted, 0.75) - quantile(sorted, 0.25)) / median : 0,
                bound.seconds() == 0 ? "" : bound.memory() ? "memory" : "arithmetic",
                median > 0 ? bound.seconds() / median : 0,
                "");
    }

    static Measurement failed(Case c, String why) {
        Cost cost = c.op().cost(c.specs());
        return new Measurement(
                c.op().name(),
                c.name(),
                shapes(c),
                cost.flops(),
                cost.bytes(),
                0,
                List.of(),
                0,
                0,
                "",
                0,
                why);
    }

    private static String shapes(Case c) {
        return Arrays.stream(c.specs())
                .filter(Objects::nonNull)
                .map(TensorSpec::toString)
                .collect(Collectors.joining(" "));
    }

    /** Linear between the neighbours. */
    static double quantile(double[] sorted, double q) {
        double at = q * (sorted.length - 1);
        int i = (int) at;
        double rest = at - i;
        return i + 1 < sorted.length ? sorted[i] * (1 - rest) + sorted[i + 1] * rest : sorted[i];
    }

    public double gigaflops() {
        return median > 0 ? flops / median * 1e-9 : 0;
    }

    public double gigabytes() {
        return median > 0 ? bytes / median * 1e-9 : 0;
    }

    /** The figure that matters under this roof, such as {@code 147.2 GFLOP/s}. */
    public String rate() {
        return roof.equals("arithmetic")
                ? String.format("%.1f GFLOP/s", gigaflops())
                : String.format("%.1f GB/s", gigabytes());
    }

    /** The median for people. */
    public String time() {
        return median >= 1
                ? String.format("%.2f s", median)
                : median >= 1e-3
                        ? String.format("%.2f ms", median * 1e3)
                        : String.format("%.2f µs", median * 1e6);
    }
}
