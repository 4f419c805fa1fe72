package io.tatara.runtime.tune;

import io.tatara.kernels.Op;
import io.tatara.kernels.OpEntry;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.gpu.GpuKernel;
import io.tatara.kernels.gpu.GpuTraits;
import io.tatara.runtime.spi.DeviceInfo;
import java.lang.System.Logger.Level;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What dispatch asks: the variant that measurements favour for a call. Never measures. An entry
 * that does not fit (another driver, other sources, a variant that is gone or does not take the
 * shapes) is passed over, and the op's own order decides.
 */
public final class TuningTable {
    /** Knows nothing. */
    public static final TuningTable NONE = new TuningTable(Map.of(), "");

    private static final System.Logger LOG = System.getLogger(TuningTable.class.getName());

    private final Map<String, TuningEntry> entries;
    private final String driver;

    /**
     * @param entries by shape class
     * @param driver the device's, as it is now
     */
    public TuningTable(Map<String, TuningEntry> entries, String driver) {
        this.entries = Map.copyOf(entries);
        this.driver = driver;
    }

    /** The shipped measurements and the user's, who win where they were taken with this driver. */
    public static TuningTable of(DeviceInfo device) {
        Path folder = TuningFile.directory();
        if (folder == null) {
            return NONE;
        }
        return merged(
                TuningFile.shipped(device),
                TuningFile.read(folder.resolve(TuningFile.name(device))),
                device.driver());
    }

    static TuningTable merged(
            Map<String, TuningEntry> shipped, Map<String, TuningEntry> own, String driver) {
        Map<String, TuningEntry> all = new LinkedHashMap<>(shipped);
        own.forEach((key, e) -> {
            if (e.driver().equals(driver) || !all.containsKey(key)) {
                all.put(key, e);
            }
        });
        return new TuningTable(all, driver);
    }

    /** The measured best for this call, where it is known and still fits. */
    public <O extends Op> Optional<GpuKernel<O>> choose(
            OpEntry<O> entry, O op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        if (entries.isEmpty()) {
            return Optional.empty();
        }
        ShapeClass key = ShapeClass.of(op, in);
        TuningEntry e = entries.get(key.text());
        if (e == null) {
            return Optional.empty();
        }
        if (!e.driver().equals(driver)) {
            return stale(key, "measured with driver " + e.driver() + ", which is now " + driver);
        }
        Candidate best = e.best().orElse(null);
        if (best == null) {
            return stale(key, "no variant was measured");
        }
        GpuKernel<O> kernel = Variants.of(entry, op, in, traits).get(best.variant());
        if (kernel == null || !kernel.supports(op, in, traits)) {
            return stale(key, "no variant " + best.variant() + " takes these shapes");
        }
        if (!Variants.sources(kernel.plan(op, in, out, traits), traits).equals(best.sources())) {
            return stale(key, "the sources of " + best.variant() + " have changed");
        }
        return Optional.of(kernel);
    }

    private static <T> Optional<T> stale(ShapeClass key, String why) {
        LOG.log(Level.DEBUG, () -> "measurements of " + key + " are passed over: " + why);
        return Optional.empty();
    }
}
