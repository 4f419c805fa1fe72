package io.tatara.bench.measure;

import java.util.List;

/**
 * What one op costs the host.
 *
 * @param name the way it was issued
 * @param ops issued between one drained device and the next
 * @param samples seconds of the host's thread for an op, the device not waited for, one a round
 * @param drained median seconds for an op until the device was done with all
 * @param failure why there is no number, else empty
 */
public record DispatchFigure(
        String name,
        int ops,
        List<Double> samples,
        double median,
        double spread,
        double drained,
        String failure) {
    public DispatchFigure {
        samples = samples == null ? List.of() : List.copyOf(samples);
        failure = failure == null ? "" : failure;
    }
}
