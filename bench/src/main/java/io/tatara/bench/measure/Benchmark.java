package io.tatara.bench.measure;

import io.tatara.kernels.TataraException;
import io.tatara.kernels.check.Case;
import io.tatara.runtime.Device;
import io.tatara.runtime.spi.BackEndDevice;
import io.tatara.runtime.spi.DeviceInfo;
import io.tatara.runtime.spi.PlanRunner;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/** Measures a device: its roofs, then the bench cases of the ops. */
public final class Benchmark {
    private final Device device;
    private final Set<String> ops;
    private final boolean quick;

    /**
     * @param ops only these, empty for all
     * @param quick the first case of each op, fewer and shorter samples
     */
    public Benchmark(Device device, Set<String> ops, boolean quick) {
        this.device = device;
        this.ops = ops;
        this.quick = quick;
    }

    private static boolean isJvm(DeviceInfo info) {
        return info.backEnd().equals("jvm");
    }

    /**
     * Runs everything; a case that fails stands in the result with its reason.
     *
     * @throws TataraException if there is no such op
     */
    public BenchResult run(Consumer<Roofs> roofsListener, Consumer<Measurement> listener) {
        List<Case> cases = BenchCases.list(ops, quick);
        Roofs roofs = roofs();
        roofsListener.accept(roofs);
        CaseTimer timer =
                isJvm(device.info())
                        ? new JmhTimer(quick)
                        : new EventTimer(device.backEnd(), quick);
        List<Measurement> done = new ArrayList<>();
        for (Case c : cases) {
            Measurement m = measure(timer, c, roofs);
            done.add(m);
            listener.accept(m);
        }
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put("timer", timer.describe());
        settings.put("quick", Boolean.toString(quick));
        settings.put("ops", ops.isEmpty() ? "all" : String.join(" ", ops));
        return new BenchResult(
                BenchResult.FORMAT,
                Instant.now().truncatedTo(ChronoUnit.SECONDS).toString(),
                System.getProperty("tatara.commit", ""),
                facts(device.info()),
                BenchResult.MachineFacts.here(),
                settings,
                roofs,
                done);
    }

    private static Measurement measure(CaseTimer timer, Case c, Roofs roofs) {
        try {
            return Measurement.of(c, timer.sets(c), timer.time(c), roofs);
        } catch (TataraException e) {
            return Measurement.failed(c, e.getMessage());
        }
    }

    private Roofs roofs() {
        DeviceInfo info = device.info();
        if (isJvm(info)) {
            return new JvmRoofs(Integer.parseInt(info.traits().getOrDefault("threads", "1")), quick)
                    .measure();
        }
        BackEndDevice backEnd = device.backEnd();
        return backEnd instanceof PlanRunner runner
                ? new PlanRoofs(backEnd, runner, quick).measure()
                : new Roofs(
                        0, "not measured: " + info.backEnd() + " runs no kernel plans", List.of());
    }

    private static BenchResult.DeviceFacts facts(DeviceInfo i) {
        return new BenchResult.DeviceFacts(
                i.id(), i.name(), i.driver(), i.kind().name(), i.memory(), i.traits());
    }
}
