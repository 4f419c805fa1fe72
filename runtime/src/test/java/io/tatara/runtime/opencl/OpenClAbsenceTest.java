package io.tatara.runtime.opencl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.tatara.runtime.DeviceException;
import io.tatara.runtime.cache.ProgramCache;
import io.tatara.runtime.spi.BackEnd;
import io.tatara.runtime.spi.DeviceInfo;
import io.tatara.runtime.spi.Discovery;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is said where OpenCL, a platform or a device is missing; nothing may throw. */
class OpenClAbsenceTest {
    private static final DeviceInfo GPU =
            new DeviceInfo("opencl", 0, "no such device", "none", DeviceInfo.Kind.GPU, 0, Map.of());

    /** Prints what is found; run in a JVM of its own. */
    static final class Main {
        public static void main(String[] a) {
            Discovery d = new OpenClBackEnd().discover();
            d.devices().forEach(System.out::println);
            d.absences().forEach(System.out::println);
        }
    }

    @Test
    void withoutALoader() {
        BackEnd b =
                new OpenClBackEnd(
                        List.of("libNoSuchOpenCL.so.1", "libNeither.so"), () -> ProgramCache.OFF);
        Discovery d = b.discover();
        assertThat(d.devices()).isEmpty();
        assertThat(d.absences())
                .singleElement()
                .asString()
                .contains(
                        "libNoSuchOpenCL.so.1, libNeither.so",
                        "apt-get install",
                        "pocl-opencl-icd");
        assertThatThrownBy(() -> b.open(GPU))
                .isInstanceOf(DeviceException.class)
                .hasMessageContaining("no such device")
                .hasMessageContaining("libNoSuchOpenCL.so.1");
    }

    @Test
    void withoutAPlatform(@TempDir Path folder) throws Exception {
        assumeTrue(ClLibrary.absence(ClLibrary.names()) == null, "no OpenCL loader");
        Path vendors = Files.createDirectory(folder.resolve("vendors"));
        Forks.Result r =
                Forks.java(folder, Map.of("OCL_ICD_VENDORS", vendors.toString()), 60, Main.class);
        assertThat(r.exit()).as(r.err()).isZero();
        assertThat(r.out()).contains("no platform", "apt-get install");
    }

    @Test
    void switchedOff() {
        System.setProperty("tatara.opencl", "off");
        try {
            Discovery d = new OpenClBackEnd().discover();
            assertThat(d.devices()).isEmpty();
            assertThat(d.absences()).singleElement().asString().contains("-Dtatara.opencl=off");
        } finally {
            System.clearProperty("tatara.opencl");
        }
    }

    @Test
    void isFoundAsAService() {
        assertThat(ServiceLoader.load(BackEnd.class)).anyMatch(b -> b instanceof OpenClBackEnd);
    }

    @Test
    void onlyGpusAreChosenByThemselves() {
        BackEnd b = new OpenClBackEnd();
        assertThat(b.name()).isEqualTo("opencl");
        assertThat(b.priority(GPU)).isEqualTo(20);
        assertThat(
                        b.priority(
                                new DeviceInfo(
                                        "opencl", 0, "c", "d", DeviceInfo.Kind.CPU, 0, Map.of())))
                .isNegative();
        assertThat(
                        b.priority(
                                new DeviceInfo(
                                        "opencl", 0, "c", "d", DeviceInfo.Kind.OTHER, 0, Map.of())))
                .isNegative();
    }
}
