package io.tatara.runtime.tune;

/**
 * What is known of one variant in a shape class.
 *
 * @param variant its name
 * @param sources hash of the sources that it compiles ({@link Variants#sources}); another one is
 *     another kernel
 * @param microseconds median of its time on the device, to the nanosecond; 0 where it failed
 * @param spread distance of the quartiles divided by the median, to the thousandth
 * @param samples how often it was measured
 * @param date when, ISO 8601
 * @param failure why there is no time; empty where there is one
 */
public record Candidate(
        String variant,
        String sources,
        double microseconds,
        double spread,
        int samples,
        String date,
        String failure) {
    public boolean failed() {
        return !failure.isEmpty();
    }
}
