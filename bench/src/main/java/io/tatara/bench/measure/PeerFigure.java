package io.tatara.bench.measure;

import java.util.List;

/**
 * How long somebody else's implementation took for the same work in the same run.
 *
 * @param name such as {@code cuBLAS} or {@code torch.compile}
 * @param samples seconds of each sample
 * @param median seconds
 * @param spread distance of the quartiles divided by the median
 * @param ratio the peer's median divided by ours: our speed in terms of the peer's; from 1 on we
 *     are as fast
 * @param failure why there is no number, else empty
 */
public record PeerFigure(
        String name,
        List<Double> samples,
        double median,
        double spread,
        double ratio,
        String failure) {
    public PeerFigure {
        samples = samples == null ? List.of() : List.copyOf(samples);
        failure = failure == null ? "" : failure;
    }

    static PeerFigure of(String name, Samples s, double ours) {
        return new PeerFigure(
                name, s.seconds(), s.median(), s.spread(), ours > 0 ? s.median() / ours : 0, "");
    }

    static PeerFigure failed(String name, String why) {
        return new PeerFigure(name, List.of(), 0, 0, 0, why);
    }

    /** The ratio with its verdict: {@code 1.08 ×}, or why there is none. */
    public String text() {
        return failure.isEmpty()
                ? String.format("%.2f", ratio)
                : "none: " + failure.lines().findFirst().orElse("");
    }
}
