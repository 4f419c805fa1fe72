package io.tatara.bench.measure;

import java.util.List;
import java.util.Map;

/**
 * A result file: every number of one run and what is needed to compare it with another.
 *
 * @param format version of this layout
 * @param date ISO 8601, UTC
 * @param commit of the sources, empty where unknown
 */
public record BenchResult(
        int format,
        String date,
        String commit,
        DeviceFacts device,
        MachineFacts machine,
        Map<String, String> settings,
        Roofs roofs,
        List<Measurement> cases) {
    public static final int FORMAT = 1;

    public BenchResult {
        settings = Map.copyOf(settings);
        cases = List.copyOf(cases);
    }

    public record DeviceFacts(
            String id,
            String name,
            String driver,
            String kind,
            long memory,
            Map<String, String> traits) {}

    public record MachineFacts(String os, String jdk, String cpu, int cores, long heap) {
        static MachineFacts here() {
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
