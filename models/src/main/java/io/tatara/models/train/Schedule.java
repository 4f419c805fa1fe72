package io.tatara.models.train;

/**
 * The learning rate over time: rises linearly over the first steps, stays, and from some part of
 * the run on falls along half a cosine (Loshchilov and Hutter 2017).
 *
 * @param rate largest learning rate
 * @param warmup steps of the rise
 * @param decayFrom part of the run, 0 … 1, from which it falls; 1 for never
 * @param last rate at the very end as a part of the largest one
 */
public record Schedule(double rate, int warmup, double decayFrom, double last) {
    /**
     * @param step from 0
     * @param total steps of the whole run
     */
    public double at(long step, long total) {
        double r = rate * Math.min(1, (step + 1.0) / Math.max(1, warmup));
        double done = (double) step / Math.max(1, total);
        if (done <= decayFrom) {
            return r;
        }
        double fall = (done - decayFrom) / (1 - decayFrom);
        return r * (last + (1 - last) * 0.5 * (1 + Math.cos(Math.PI * fall)));
    }
}
