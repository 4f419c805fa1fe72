package io.tatara.models.train;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;

/**
 * The learning rate over time, a function of the step alone. Made by the methods here, or from a
 * text by {@link #parse}.
 */
@FunctionalInterface
public interface Schedule {
    /**
     * The rate of a step.
     *
     * @param step from 0
     * @param total steps of the whole run
     */
    double at(long step, long total);

    /**
     * This schedule after a linear rise over some steps: step s < steps has (s + 1) / steps of the
     * first rate; the schedule then sees the steps, and the total, that are left.
     */
    default Schedule warmUp(long steps) {
        ScheduleText.that(steps >= 0, "warmup", steps, ">= 0");
        return (s, total) ->
                s < steps ? at(0, total - steps) * (s + 1) / steps : at(s - steps, total - steps);
    }

    /** Always the same. */
    static Schedule constant(double rate) {
        return (s, total) -> rate;
    }

    /** Times {@code factor} after each {@code every} steps. */
    static Schedule step(double rate, long every, double factor) {
        ScheduleText.that(every >= 1, "every", every, ">= 1");
        ScheduleText.that(factor > 0, "factor", factor, "> 0");
        return (s, total) -> rate * Math.pow(factor, s / every);
    }

    /** Times {@code factor} after each step. */
    static Schedule exponential(double rate, double factor) {
        return step(rate, 1, factor);
    }

    /**
     * Along half a cosine to {@code last} times the rate at the end; Loshchilov and Hutter 2017,
     * eq. 5.
     */
    static Schedule cosine(double rate, double last) {
        ScheduleText.that(last >= 0 && last <= 1, "last", last, "0 … 1");
        return (s, total) -> rate * half(done(s, total), last);
    }

    /**
     * The same over {@code period} steps, then from the start again over {@code multiple} times as
     * many, and so on (warm restarts).
     */
    static Schedule cosineRestarts(double rate, double last, long period, double multiple) {
        ScheduleText.that(last >= 0 && last <= 1, "last", last, "0 … 1");
        ScheduleText.that(period >= 1, "period", period, ">= 1");
        ScheduleText.that(multiple >= 1, "multiple", multiple, ">= 1");
        return (s, total) -> {
            double left = s;
            double length = period;
            if (multiple == 1) {
                left = s % period;
            }
            while (left >= length) {
                left -= length;
                length *= multiple;
            }
            return rate * half(left / length, last);
        };
    }

    /** From the rate to {@code last} times it at the end, along (1 − t)^power. */
    static Schedule polynomial(double rate, double last, double power) {
        ScheduleText.that(last >= 0 && last <= 1, "last", last, "0 … 1");
        ScheduleText.that(power > 0, "power", power, "> 0");
        return (s, total) -> rate * (last + (1 - last) * Math.pow(1 - done(s, total), power));
    }

    /** A polynomial's of power 1. */
    static Schedule linear(double rate, double last) {
        return polynomial(rate, last, 1);
    }

    /**
     * Rises linearly over {@code warmup} steps to the rate, then falls as the inverse square root
     * of the step: Vaswani et al. 2017, eq. 3, whose largest rate is 1 / √(width · warmup).
     */
    static Schedule inverseRoot(double rate, long warmup) {
        ScheduleText.that(warmup >= 1, "warmup", warmup, ">= 1");
        return (s, total) -> rate * Math.min((s + 1.0) / warmup, Math.sqrt(warmup / (s + 1.0)));
    }

    /**
     * Rises linearly over the first steps, stays, and from some part of the run on falls along half
     * a cosine.
     *
     * @param rate largest learning rate
     * @param warmup steps of the rise
     * @param decayFrom part of the run, 0 … 1, from which it falls; 1 for never
     * @param last rate at the very end as a part of the largest one
     */
    static Schedule plateau(double rate, long warmup, double decayFrom, double last) {
        return (s, total) -> {
            double r = rate * Math.min(1, (s + 1.0) / Math.max(1, warmup));
            double done = (double) s / Math.max(1, total);
            return done <= decayFrom ? r : r * half((done - decayFrom) / (1 - decayFrom), last);
        };
    }

    private static double done(long step, long total) {
        return Math.clamp((double) step / Math.max(1, total), 0, 1);
    }

    /** Half a cosine from 1 down to last, over t from 0 to 1. */
    private static double half(double t, double last) {
        return last + (1 - last) * 0.5 * (1 + Math.cos(Math.PI * t));
    }

    /**
     * A schedule from a text: a kind, then settings after commas, such as {@code
     * cosine,warmup=400,last=0.01}. Kinds and settings (with what they are where not said): {@code
     * constant}; {@code step} (every, factor 0.1); {@code exponential} (factor); {@code cosine}
     * (last 0; period for warm restarts, multiple 1); {@code inverse-sqrt} (warmup 4000); {@code
     * linear} (last 0); {@code polynomial} (power 2, last 0). All take {@code warmup} (0), steps of
     * a linear rise.
     *
     * @param rate largest learning rate
     * @throws TrainingException if the text says something else
     */
    static Schedule parse(String text, double rate) {
        // With what is empty at the end: a comma alone would else be no parts at all.
        String[] parts = text.strip().split("\\s*,\\s*", -1);
        Map<String, String> settings = new LinkedHashMap<>();
        for (int i = 1; i < parts.length; i++) {
            String[] pair = parts[i].split("\\s*=\\s*", 2);
            ScheduleText.that(pair.length == 2, "schedule", parts[i], "a setting, name=value");
            settings.put(pair[0], pair[1]);
        }
        ScheduleText t = new ScheduleText(parts[0], settings);
        Schedule s =
                switch (parts[0]) {
                    case "constant" -> t.only(Set.of(), constant(rate));
                    case "step" ->
                            t.only(
                                    Set.of("every", "factor"),
                                    step(rate, t.whole("every", null), t.real("factor", 0.1)));
                    case "exponential" ->
                            t.only(Set.of("factor"), exponential(rate, t.real("factor", null)));
                    case "cosine" -> t.cosine(rate);
                    case "inverse-sqrt" ->
                            t.only(Set.of(), inverseRoot(rate, t.whole("warmup", 4000L)));
                    case "linear" -> t.only(Set.of("last"), linear(rate, t.real("last", 0.0)));
                    case "polynomial" ->
                            t.only(
                                    Set.of("last", "power"),
                                    polynomial(rate, t.real("last", 0.0), t.real("power", 2.0)));
                    default ->
                            throw new TrainingException(
                                    "schedule: given "
                                            + text
                                            + ", expected constant, step, exponential, cosine,"
                                            + " inverse-sqrt, linear or polynomial");
                };
        return parts[0].equals("inverse-sqrt") ? s : s.warmUp(t.whole("warmup", 0L));
    }
}
