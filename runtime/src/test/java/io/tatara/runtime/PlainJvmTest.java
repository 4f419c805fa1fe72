package io.tatara.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import io.tatara.runtime.check.CorrectnessSuite;
import io.tatara.runtime.check.Options;
import io.tatara.runtime.check.Report;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/**
 * A JVM that was started without jdk.incubator.vector runs everything on plain loops, and says so.
 */
@Execution(ExecutionMode.CONCURRENT)
class PlainJvmTest {
    /** Runs the quick suite in this JVM. */
    public static void main(String[] args) {
        System.out.println("ABSENCES " + Tatara.discover().get("jvm").absences());
        try (Device device = Tatara.open("jvm")) {
            System.out.println("KERNELS " + device.info().traits().get("kernels"));
            Report report =
                    CorrectnessSuite.of(device, Options.all().withSize(Options.Size.QUICK)).run();
            report.failures().forEach(System.out::println);
            System.out.println("SUITE " + report.summary());
        }
    }

    @Test
    void theSuitePassesWithoutTheVectorModule() throws Exception {
        Process p =
                new ProcessBuilder(
                                List.of(
                                        Path.of(System.getProperty("java.home"), "bin", "java")
                                                .toString(),
                                        "-Xmx2g",
                                        "-Dtatara.opencl=off",
                                        "-cp",
                                        System.getProperty("java.class.path"),
                                        PlainJvmTest.class.getName()))
                        .redirectErrorStream(true)
                        .start();
        String out = new String(p.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(p.waitFor()).as(out).isZero();
        assertThat(out)
                .contains("KERNELS plain loops")
                .containsPattern("plain loops: .*--add-modules jdk.incubator.vector")
                .contains("ABSENCES [the vector unit is not used");
        assertThat(out).containsPattern("SUITE [1-9][0-9]+ passed, 0 failed");
    }
}
