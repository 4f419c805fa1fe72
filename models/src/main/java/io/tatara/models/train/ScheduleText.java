package io.tatara.models.train;

import java.util.Map;
import java.util.Set;

/** The settings of a schedule's text. */
record ScheduleText(String kind, Map<String, String> settings) {
    static void that(boolean ok, String setting, Object given, String expected) {
        if (!ok) {
            throw new TrainingException(
                    "schedule: " + setting + ": given " + given + ", expected " + expected);
        }
    }

    /** The schedule, if no settings but these and warmup were given. */
    Schedule only(Set<String> known, Schedule s) {
        for (String name : settings.keySet()) {
            that(
                    known.contains(name) || name.equals("warmup"),
                    kind,
                    name,
                    "one of warmup" + (known.isEmpty() ? "" : " and " + known));
        }
        return s;
    }

    /** A number, or what it is where not said; null for one that must be said. */
    double real(String name, Double otherwise) {
        String text = settings.get(name);
        that(text != null || otherwise != null, name, "nothing", "a number");
        try {
            double v = text == null ? otherwise : Double.parseDouble(text);
            that(Double.isFinite(v), name, text, "a number");
            return v;
        } catch (NumberFormatException e) {
            throw new TrainingException(
                    "schedule: " + name + ": given " + text + ", expected a number");
        }
    }

    long whole(String name, Long otherwise) {
        String text = settings.get(name);
        that(text != null || otherwise != null, name, "nothing", "a whole number");
        try {
            return text == null ? otherwise : Long.parseLong(text);
        } catch (NumberFormatException e) {
            throw new TrainingException(
                    "schedule: " + name + ": given " + text + ", expected a whole number");
        }
    }

    Schedule cosine(double rate) {
        double last = real("last", 0.0);
        return only(
                Set.of("last", "period", "multiple"),
                settings.containsKey("period")
                        ? Schedule.cosineRestarts(
                                rate, last, whole("period", null), real("multiple", 1.0))
                        : Schedule.cosine(rate, last));
    }
}
