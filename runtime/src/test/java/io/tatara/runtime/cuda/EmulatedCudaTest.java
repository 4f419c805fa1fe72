package io.tatara.runtime.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.abort;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.tatara.kernels.OpEntry;
import io.tatara.kernels.OpTable;
import io.tatara.runtime.opencl.Forks;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/**
 * The whole back end without a GPU: the emulation in {@code emulator/} stands in for the driver and
 * NVRTC and runs kernels on the CPU, in a JVM of its own. The small cases of every op by every
 * kernel that takes a GPU of compute capability 9.0, for {@code -Dtatara.emulation.seconds} (60),
 * {@code -Dtatara.op=NAME} for one op; and the tests that need a device.
 */
@Execution(ExecutionMode.CONCURRENT)
class EmulatedCudaTest {
    private static Path driver;

    @TempDir Path folder;
    private Map<String, String> environment;

    @BeforeEach
    void needsTheEmulation() throws Exception {
        Path driver = driver();
        environment =
                Map.of(
                        "TATARA_CUDA_DRIVER",
                        driver.resolve("libcuda.so.1").toString(),
                        "TATARA_NVRTC",
                        driver.toString(),
                        "TATARA_CUDA",
                        "on",
                        "TATARA_EMULATION_DEVICES",
                        "2",
                        "TATARA_EMULATION_MEMORY",
                        "" + (1L << 30));
    }

    /** Built by whichever test comes first. */
    private static synchronized Path driver() throws Exception {
        if (driver == null) {
            driver = build();
        }
        return driver;
    }

    private static Path build() throws Exception {
        assumeTrue(
                System.getProperty("os.name").equals("Linux")
                        && System.getProperty("os.arch").equals("amd64"),
                "the CUDA emulation runs on Linux, x86-64");
        boolean compiler =
                Stream.of(System.getenv("PATH").split(File.pathSeparator))
                        .anyMatch(p -> Files.isExecutable(Path.of(p, "g++")));
        if (!compiler) {
            String why = "the CUDA emulation needs g++ on PATH (Debian: apt install g++)";
            System.out.println("EmulatedCudaTest SKIPPED, no kernel ran: " + why);
            abort(why);
        }
        Path here = Path.of("").toAbsolutePath();
        Path home = here;
        while (home != null && !Files.exists(home.resolve("emulator/build.sh"))) {
            home = home.getParent();
        }
        assumeTrue(home != null, "the folder emulator/ is not above " + here);
        Path target = Files.createDirectories(home.resolve("target/emulation/driver"));
        if (newer(target.resolve("libcuda.so.1"), home.resolve("emulator"))) {
            return target;
        }
        Path log = Files.createTempFile("emulation", ".log");
        Process p =
                new ProcessBuilder(
                                "bash",
                                home.resolve("emulator/build.sh").toString(),
                                target.toString())
                        .redirectErrorStream(true)
                        .redirectOutput(log.toFile())
                        .start();
        int exit = p.waitFor();
        String words = Files.readString(log);
        Files.delete(log);
        assertThat(exit).as("emulator/build.sh:\n" + words).isZero();
        return target;
    }

    /** Whether the file is there and newer than everything in the folder. */
    private static boolean newer(Path file, Path folder) throws IOException {
        if (!Files.exists(file)) {
            return false;
        }
        FileTime built = Files.getLastModifiedTime(file);
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path p : all.filter(Files::isRegularFile).toList()) {
                if (Files.getLastModifiedTime(p).compareTo(built) > 0) {
                    return false;
                }
            }
        }
        return true;
    }

    private Forks.Result run(int seconds, String... arguments) throws Exception {
        List<String> all = new ArrayList<>();
        all.add(Files.createDirectories(driver.resolveSibling("cubins")).toString());
        all.addAll(List.of(arguments));
        return Forks.java(
                folder, environment, seconds, EmulatedMain.class, all.toArray(String[]::new));
    }

    @Test
    void everyOpIsRight() throws Exception {
        String only = System.getProperty("tatara.op");
        String seconds = System.getProperty("tatara.emulation.seconds", "60");
        Forks.Result r =
                only == null
                        ? run(Integer.parseInt(seconds) + 120, seconds)
                        : run(Integer.parseInt(seconds) + 120, seconds, only);
        System.out.println(
                "CUDA emulation: "
                        + r.out()
                                .lines()
                                .filter(l -> l.startsWith("RUN"))
                                .findFirst()
                                .orElse("broke off"));
        assertThat(r.out().lines().filter(l -> l.startsWith("WRONG"))).isEmpty();
        assertThat(r.exit()).as(tail(r.out()) + tail(r.err())).isZero();
        for (OpEntry<?> e : OpTable.all()) {
            if (!e.gpu().isEmpty() && (only == null || only.equals(e.name()))) {
                assertThat(r.out()).contains("CASE " + e.name() + "/");
            }
        }
    }

    @Test
    void theTestsThatNeedADevicePass() throws Exception {
        Forks.Result r = run(600, "tests");
        System.out.println(
                r.out().lines().filter(l -> l.startsWith("TESTS")).findFirst().orElse("broke off"));
        assertThat(r.exit()).as(tail(r.out()) + tail(r.err())).isZero();
        assertThat(r.out().lines().filter(l -> l.startsWith("FAILED"))).isEmpty();
        Matcher m = Pattern.compile("TESTS (\\d+) ").matcher(r.out());
        assertThat(m.find()).as(r.out()).isTrue();
        assertThat(Integer.parseInt(m.group(1))).isGreaterThan(25);
    }

    private static String tail(String s) {
        return s.substring(Math.max(0, s.length() - 4000));
    }
}
