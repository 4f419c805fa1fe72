package io.tatara.bench.measure;

import java.util.List;
import java.util.Map;

/**
 * A result file: every number of one run and what is needed to compare it with another.
 *
 * @param format version of this layout; files of version 1 are read too
 * @param date ISO 8601, UTC
 * @param commit of the sources, empty where unknown
 * @param peers what stood beside us (versions, device), or why nothing did; empty where none was
 *     asked for
 * @param steps training steps of whole models
 * @param dispatch what an op costs the host
 * @param finished whether the run came to its end
 */
public record BenchResult(
        int format,
        String date,
        String commit,
        DeviceFacts device,
        MachineFacts machine,
        Map<String, String> settings,
        Roofs roofs,
        Map<String, String> peers,
        List<Measurement> cases,
        List<StepFigure> steps,
        List<DispatchFigure> dispatch,
        Boolean finished) {
    public static final int FORMAT = 2;

    /** The oldest layout that is read. */
    static final int OLDEST = 1;

    public BenchResult {
        settings = settings == null ? Map.of() : sorted(settings);
        peers = peers == null ? Map.of() : sorted(peers);
        cases = cases == null ? List.of() : List.copyOf(cases);
        steps = steps == null ? List.of() : List.copyOf(steps);
        dispatch = dispatch == null ? List.of() : List.copyOf(dispatch);
        finished = finished == null || finished;
    }

    private static Map<String, String> sorted(Map<String, String> m) {
        return java.util.Collections.unmodifiableMap(new java.util.TreeMap<>(m));
    }

    /** Whether anything failed (what was skipped did not). */
    public boolean failed() {
        return cases.stream().anyMatch(m -> !m.failure().isEmpty())
                || steps.stream().anyMatch(s -> !s.failure().isEmpty())
                || dispatch.stream().anyMatch(d -> !d.failure().isEmpty());
    }

    public record DeviceFacts(
            String id,
            String name,
            String driver,
            String kind,
            long memory,
            Map<String, String> traits) {
        /** What is known of a device. */
        public static DeviceFacts of(io.tatara.runtime.spi.DeviceInfo i) {
            return new DeviceFacts(
                    i.id(), i.name(), i.driver(), i.kind().name(), i.memory(), i.traits());
        }
    }

    public record MachineFacts(String os, String jdk, String cpu, int cores, long heap) {
        public static MachineFacts here() {
            return new MachineFacts(
                    System.getProperty("os.name")
                            + " "
                            + System.getProperty("os.version")
                            + " "
                            + System.getProperty("os.arch"),
                    System.getProperty("java.vendor") + " " + Runtime.version(),
                    Cpu.name(),
                    Runtime.getRuntime().availableProcessors(),
                    Runtime.getRuntime().maxMemory());
        }
    }
}
