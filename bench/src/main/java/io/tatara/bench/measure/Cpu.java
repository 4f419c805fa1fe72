package io.tatara.bench.measure;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What the operating system tells of the processor. */
final class Cpu {
    private static final long CACHE_IF_UNKNOWN = 32L << 20;

    private Cpu() {}

    static String name() {
        try {
            for (String line : Files.readAllLines(Path.of("/proc/cpuinfo"))) {
                if (line.startsWith("model name")) {
                    return line.substring(line.indexOf(':') + 1).strip();
                }
            }
        } catch (IOException e) {
            // Not Linux: the architecture will do.
        }
        return System.getProperty("os.arch");
    }

    /** Bytes of the largest cache. */
    static long cache() {
        long largest = 0;
        for (int i = 0; i < 5; i++) {
            Path p = Path.of("/sys/devices/system/cpu/cpu0/cache/index" + i + "/size");
            try {
                String s = Files.readString(p).strip();
                if (s.endsWith("K")) {
                    largest =
                            Math.max(largest, Long.parseLong(s.substring(0, s.length() - 1)) << 10);
                }
            } catch (IOException | NumberFormatException e) {
                // No such level.
            }
        }
        return largest > 0 ? largest : CACHE_IF_UNKNOWN;
    }
}
