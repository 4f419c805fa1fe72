package io.tatara.models.network;

import io.tatara.kernels.TataraException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeSet;

/** Settings of a network by name, each with a default; what is not asked for is an error. */
public final class Options {
    private final String model;
    private final Map<String, String> given;
    private final Map<String, String> asked = new LinkedHashMap<>();

    public Options(String model, Map<String, String> given) {
        this.model = model;
        this.given = Map.copyOf(given);
    }

    private String text(String name, String otherwise) {
        String v = given.getOrDefault(name, otherwise);
        asked.put(name, v);
        return v;
    }

    /**
     * @throws TataraException if it is not a whole number from {@code least} on
     */
    public int whole(String name, int otherwise, int least) {
        String v = text(name, Integer.toString(otherwise));
        try {
            int n = Integer.parseInt(v);
            if (n >= least) {
                return n;
            }
        } catch (NumberFormatException e) {
            // said below
        }
        throw wrong(name, v, "a whole number from " + least + " on");
    }

    /**
     * @throws TataraException if it is not a number in (0, most]
     */
    public double share(String name, double otherwise, double most) {
        String v = text(name, Double.toString(otherwise));
        try {
            double x = Double.parseDouble(v);
            if (x > 0 && x <= most) {
                return x;
            }
        } catch (NumberFormatException e) {
            // said below
        }
        throw wrong(name, v, "a number above 0, at most " + most);
    }

    private TataraException wrong(String name, String value, String wanted) {
        return new TataraException(
                model + ": " + name + " is '" + value + "', it must be " + wanted);
    }

    /**
     * @throws TataraException if a setting was given that the model does not have
     */
    public void done() {
        TreeSet<String> unknown = new TreeSet<>(given.keySet());
        unknown.removeAll(asked.keySet());
        if (!unknown.isEmpty()) {
            throw new TataraException(
                    model + " has no option " + unknown + "; it has " + asked.keySet());
        }
    }

    /** All settings, also those that were not given. */
    public Map<String, String> all() {
        return new LinkedHashMap<>(asked);
    }
}
