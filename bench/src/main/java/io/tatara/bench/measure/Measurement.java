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
 * @param suite of the benchmarks, such as {@code standard}
 * @param arithmetic what it is computed in: {@code float32}, {@code tf32}, {@code float16}, {@code
 *     bfloat16}
 * @param shapes the inputs, for people
 * @param sets copies of the inputs that the runs went through in turn
 * @param samples seconds of each sample
 * @param median seconds
 * @param spread distance of the quartiles divided by the median
 * @param roof {@code memory}, {@code arithmetic}, or empty where the case costs neither
 * @param ofRoof least time under the roof divided by the median; 1 is the roof
 * @param failure why there is no number, else empty
 * @param skipped why it was not tried on this device, else empty
 * @param peers others' times for the same
 */
public record Measurement(
        String op,
        String name,
        String suite,
        String arithmetic,
        String shapes,
        double flops,
        double bytes,
        int sets,
        List<Double> samples,
        double median,
        double spread,
        String roof,
        double ofRoof,
        String failure,
        String skipped,
        List<PeerFigure> peers) {
    /** What files of format 1 lack is filled in. */
    public Measurement {
        samples = List.copyOf(samples);
        suite = suite == null ? BenchCases.STANDARD : suite;
        arithmetic = arithmetic == null ? "float32" : arithmetic;
        skipped = skipped == null ? "" : skipped;
        peers = peers == null ? List.of() : List.copyOf(peers);
    }

    static Measurement of(Case c, int sets, double[] seconds, Roofs roofs) {
        Cost cost = c.op().cost(c.specs());
        Samples s = Samples.of(seconds);
        String arithmetic = OpFacts.arithmetic(c);
        Roofs.Bound bound = roofs.bound(cost, cost.bytes() * sets, arithmetic);
        return new Measurement(
                c.op().name(),
                c.name(),
                c.suite(),
                arithmetic,
                shapes(c),
                cost.flops(),
                cost.bytes(),
                sets,
                s.seconds(),
                s.median(),
                s.spread(),
                bound.seconds() == 0 ? "" : bound.memory() ? "memory" : "arithmetic",
                s.median() > 0 ? bound.seconds() / s.median() : 0,
                "",
                "",
                List.of());
    }

    static Measurement failed(Case c, String why) {
        return none(c, why, "");
    }

    static Measurement skipped(Case c, String why) {
        return none(c, "", why);
    }

    private static Measurement none(Case c, String failure, String skipped) {
        Cost cost = c.op().cost(c.specs());
        return new Measurement(
                c.op().name(),
                c.name(),
                c.suite(),
                OpFacts.arithmetic(c),
                shapes(c),
                cost.flops(),
                cost.bytes(),
                0,
                List.of(),
                0,
                0,
                "",
                0,
                failure,
                skipped,
                List.of());
    }

    Measurement withPeers(List<PeerFigure> figures) {
        return new Measurement(
                op,
                name,
                suite,
                arithmetic,
                shapes,
                flops,
                bytes,
                sets,
                samples,
                median,
                spread,
                roof,
                ofRoof,
                failure,
                skipped,
                figures);
    }

    private static String shapes(Case c) {
        return Arrays.stream(c.specs())
                .filter(Objects::nonNull)
                .map(TensorSpec::toString)
                .collect(Collectors.joining(" "));
    }

    /** Whether there is a number. */
    public boolean measured() {
        return failure.isEmpty() && skipped.isEmpty();
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
        return Samples.text(median);
    }
}
