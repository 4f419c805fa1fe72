package io.tatara.bench.measure;

import io.tatara.kernels.Op;
import io.tatara.kernels.OpEntry;
import io.tatara.kernels.OpTable;
import io.tatara.kernels.TataraException;
import io.tatara.kernels.check.Case;
import io.tatara.kernels.gpu.GpuKernel;
import io.tatara.runtime.Device;
import io.tatara.runtime.spi.BackEndDevice;
import io.tatara.runtime.spi.DeviceInfo;
import io.tatara.runtime.spi.PlanRunner;
import io.tatara.runtime.tune.ShapeClass;
import io.tatara.runtime.tune.Tuner;
import io.tatara.runtime.tune.TuningEntry;
import io.tatara.runtime.tune.TuningFile;
import io.tatara.runtime.tune.Variants;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Tunes a device for the shape classes of the bench cases, and keeps each result in the file as
 * soon as it is there, so that a run that was broken off goes on where it stopped.
 */
public final class Tuning {
    /** Level-2 caches of GPUs have less. */
    private static final long GPU_CACHE = 64L << 20;

    /** Seconds that the host may need to enqueue a run. */
    private static final double HOST = 100e-6;

    /** Told of what happens. */
    public interface Listener {
        void begins(Case c, int index, int count);

        void tuned(Case c, Tuner.Outcome outcome);

        void skipped(Case c, String why);
    }

    private final BackEndDevice device;
    private final PlanRunner runner;
    private final Path file;
    private final boolean quick;

    /**
     * @throws TataraException if the device has no variants to choose from
     */
    public Tuning(Device device, Path file, boolean quick) {
        this.device = device.backEnd();
        if (!(this.device instanceof PlanRunner r)) {
            throw new TataraException(
                    device.info().id()
                            + ": nothing to tune: this back end has one kernel for each op, which"
                            + " chooses its blocks by the sizes");
        }
        this.runner = r;
        this.file = file;
        this.quick = quick;
    }

    /**
     * Measures what the file does not hold yet.
     *
     * @param ops only these, empty for all
     * @param suites of bench cases
     * @param cases regular expression found in their names; empty for all
     * @param again whether to measure also what the file holds
     * @return all entries, in order
     */
    public List<TuningEntry> run(
            Set<String> ops, Set<String> suites, String cases, boolean again, Listener listener) {
        Map<String, Case> classes = new LinkedHashMap<>();
        for (Case c : BenchCases.list(ops, suites, cases, quick)) {
            if (choices(c)) {
                classes.putIfAbsent(ShapeClass.of(c.op(), c.specs()).text(), c);
            }
        }
        try (Delay delay = Delay.of(device)) {
            return run(classes, again ? Map.of() : TuningFile.read(file), delay, listener);
        }
    }

    private List<TuningEntry> run(
            Map<String, Case> classes,
            Map<String, TuningEntry> known,
            Delay delay,
            Listener listener) {
        Map<String, TuningEntry> done = new LinkedHashMap<>();
        int index = 0;
        for (Map.Entry<String, Case> e : classes.entrySet()) {
            Case c = e.getValue();
            listener.begins(c, index++, classes.size());
            String obstacle = CaseRun.obstacle(device, c);
            if (obstacle != null) {
                listener.skipped(c, obstacle);
                continue;
            }
            try {
                Tuner.Outcome o = tune(OpTable.of(c.op()), c, known.get(e.getKey()), delay);
                if (o.measured() > 0) {
                    keep(o.entry());
                }
                done.put(e.getKey(), o.entry());
                listener.tuned(c, o);
            } catch (TataraException x) {
                listener.skipped(c, x.getMessage());
            }
        }
        return List.copyOf(done.values());
    }

    private boolean choices(Case c) {
        return variants(OpTable.of(c.op()), c) > 1;
    }

    private <O extends Op> int variants(OpEntry<O> entry, Case c) {
        return Variants.of(entry, entry.type().cast(c.op()), c.specs(), runner.traits()).size();
    }

    /** delay: null where the host's pace does not count, on CPUs. */
    private <O extends Op> Tuner.Outcome tune(
            OpEntry<O> entry, Case c, TuningEntry known, Delay delay) {
        O op = entry.type().cast(c.op());
        Tuner tuner = new Tuner(device, runner.traits(), quick ? 0.2 : 2);
        long cache = device.info().kind() == DeviceInfo.Kind.CPU ? Cpu.cache() : GPU_CACHE;
        try (CaseRun run = new CaseRun(device, c, cache)) {
            Tuner.Work work =
                    new Tuner.Work() {
                        @Override
                        public void run(GpuKernel<?> kernel) {
                            run.run(runner, kernel);
                        }

                        @Override
                        public void before() {
                            if (delay != null) {
                                delay.enqueue(HOST);
                            }
                        }
                    };
            return tuner.tune(entry, op, c.specs(), known, work);
        }
    }

    private void keep(TuningEntry entry) {
        try {
            TuningFile.merge(file, device.info(), List.of(entry));
        } catch (IOException e) {
            throw new TataraException("cannot write " + file + ": " + e.getMessage(), e);
        }
    }
}
