package io.tatara.runtime.opencl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.tatara.kernels.OpEntry;
import io.tatara.kernels.OpTable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/**
 * The ops' small cases on Oclgrind, a simulator that watches every access: results right, and no
 * race, invalid access or uninitialized read. {@code -Dtatara.oclgrind.seconds} says how long to go
 * on (150), {@code -Dtatara.op=NAME} limits it to one op.
 */
@Execution(ExecutionMode.CONCURRENT)
class OclgrindTest {
    private static final List<Path> LIBRARIES =
            List.of(
                    Path.of("/usr/lib/oclgrind/liboclgrind-rt-icd.so"),
                    Path.of("/usr/lib/x86_64-linux-gnu/oclgrind/liboclgrind-rt-icd.so"),
                    Path.of("/usr/local/lib/liboclgrind-rt-icd.so"));

    @TempDir Path folder;
    private Map<String, String> environment;

    @BeforeEach
    void needsOclgrind() throws Exception {
        assumeTrue(ClLibrary.absence(ClLibrary.names()) == null, "no OpenCL loader");
        Path library = LIBRARIES.stream().filter(Files::exists).findFirst().orElse(null);
        assumeTrue(
                library != null,
                () -> "no Oclgrind: looked for " + LIBRARIES + "; `apt-get install oclgrind`");
        Path vendors = Files.createDirectory(folder.resolve("vendors"));
        Files.writeString(vendors.resolve("oclgrind.icd"), library + "\n");
        environment =
                Map.of(
                        "OCL_ICD_VENDORS", vendors.toString(),
                        "OCLGRIND_DATA_RACES", "1",
                        "OCLGRIND_UNINITIALIZED", "1",
                        // Optimized code may have instructions (freeze) that it does not know, and
                        // lacks faults
                        // that the optimizer took for impossible.
                        "OCLGRIND_BUILD_OPTIONS", "-cl-opt-disable");
    }

    @Test
    void everyOpIsClean() throws Exception {
        String only = System.getProperty("tatara.op");
        List<String> arguments =
                new ArrayList<>(List.of(System.getProperty("tatara.oclgrind.seconds", "150")));
        if (only != null) {
            arguments.add(only);
        }
        int seconds = Integer.parseInt(arguments.getFirst()) + 300; // for the last case
        Forks.Result r =
                Forks.java(
                        folder,
                        environment,
                        seconds,
                        OclgrindMain.class,
                        arguments.toArray(String[]::new));
        System.out.println(
                "Oclgrind: "
                        + r.out()
                                .lines()
                                .filter(l -> l.startsWith("RUN"))
                                .findFirst()
                                .orElse("broke off"));
        assertThat(findings(r.err())).isEmpty();
        assertThat(r.out().lines().filter(l -> l.startsWith("WRONG"))).isEmpty();
        assertThat(r.exit()).as(r.out() + r.err()).isZero();
        for (OpEntry<?> e : OpTable.all()) {
            if (!e.gpu().isEmpty() && (only == null || only.equals(e.name()))) {
                assertThat(r.out()).contains("CASE " + e.name() + "/");
            }
        }
    }

    @Test
    void faultsAreSeen() throws Exception {
        Forks.Result r = Forks.java(folder, environment, 90, OclgrindMain.class, "broken");
        Map<String, List<String>> f = findings(r.err());
        assertThat(f)
                .as(r.err())
                .containsOnlyKeys("race", "bounds", "unwritten global", "unwritten local");
        assertThat(f.get("race").toString()).contains("data race");
        assertThat(f.get("bounds").toString()).contains("Invalid write");
        assertThat(f.get("unwritten global").toString()).contains("Uninitialized value");
        assertThat(f.get("unwritten local").toString()).contains("Uninitialized value");
    }

    /** What the simulator said first, by the case it said it of. */
    private static Map<String, List<String>> findings(String err) {
        Map<String, List<String>> map = new LinkedHashMap<>();
        String now = "before the first case";
        for (String line : err.lines().toList()) {
            if (line.startsWith("@@ ")) {
                now = line.substring(3);
            } else if (!line.isBlank() && !line.startsWith("WARNING:")) {
                List<String> lines = map.computeIfAbsent(now, k -> new ArrayList<>());
                if (lines.size() < 12) {
                    lines.add(line.strip());
                }
            }
        }
        return map;
    }
}
