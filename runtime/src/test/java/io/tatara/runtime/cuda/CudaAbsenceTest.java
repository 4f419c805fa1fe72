package io.tatara.runtime.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tatara.runtime.DeviceException;
import io.tatara.runtime.cache.ProgramCache;
import io.tatara.runtime.opencl.Forks;
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

/**
 * What is said where the driver, a GPU or a compiler is missing; nothing may throw or be loaded.
 */
class CudaAbsenceTest {
    private static final DeviceInfo GPU =
            new DeviceInfo("cuda", 0, "no such device", "none", DeviceInfo.Kind.GPU, 0, Map.of());

    /** Looks for devices and tells whether JCuda was touched; run in a JVM of its own. */
    static final class Main {
        public static void main(String[] a) throws Exception {
            Discovery d = new CudaBackEnd(List.of(a), () -> ProgramCache.OFF).discover();
            System.out.println("DEVICES " + d.devices().size());
            d.absences().forEach(x -> System.out.println("ABSENT " + x));
            String maps = Files.readString(Path.of("/proc/self/maps"));
            System.out.println("LOADED " + (maps.contains("JCuda") || maps.contains("nvrtc")));
        }
    }

    @Test
    void withoutADriverNothingIsLoaded(@TempDir Path folder) throws Exception {
        Path none = folder.resolve("libcuda.so.1");
        Forks.Result r =
                Forks.java(folder, Map.of(), 60, Main.class, "libNoSuchCuda.so.1", none.toString());
        assertThat(r.exit()).as(r.err()).isZero();
        assertThat(r.out())
                .contains("DEVICES 0", "LOADED false", "libNoSuchCuda.so.1, " + none)
                .contains("NVIDIA's driver");
    }

    /** A library of that name which is no driver, as a broken installation leaves one. */
    @Test
    void aLibraryThatIsNoDriver(@TempDir Path folder) throws Exception {
        Path libm = Path.of("/lib/x86_64-linux-gnu/libm.so.6");
        org.junit.jupiter.api.Assumptions.assumeTrue(Files.exists(libm), "no " + libm);
        Forks.Result r = Forks.java(folder, Map.of(), 60, Main.class, libm.toString());
        assertThat(r.exit()).as(r.err()).isZero();
        assertThat(r.out()).contains("DEVICES 0", "ABSENT The CUDA driver is here, but");
    }

    @Test
    void openingSaysWhatWasTried() {
        BackEnd b = new CudaBackEnd(List.of("libNoSuchCuda.so.1"), () -> ProgramCache.OFF);
        if (b.discover().devices().isEmpty()) {
            assertThatThrownBy(() -> b.open(GPU))
                    .isInstanceOf(DeviceException.class)
                    .hasMessageContaining("no such device")
                    .hasMessageContaining("libNoSuchCuda.so.1");
        }
    }

    @Test
    void switchedOff() {
        System.setProperty("tatara.cuda", "off");
        try {
            Discovery d = new CudaBackEnd().discover();
            assertThat(d.devices()).isEmpty();
            assertThat(d.absences()).singleElement().asString().contains("-Dtatara.cuda=off");
        } finally {
            System.clearProperty("tatara.cuda");
        }
    }

    @Test
    void theNamedDriverIsTheOnlyOneTried() {
        String before = System.setProperty("tatara.cuda.driver", "/nowhere/libcuda.so.1");
        try {
            assertThat(CudaLibrary.names()).containsExactly("/nowhere/libcuda.so.1");
        } finally {
            if (before == null) {
                System.clearProperty("tatara.cuda.driver");
            } else {
                System.setProperty("tatara.cuda.driver", before);
            }
        }
    }

    @Test
    void isFoundAsAService() {
        assertThat(ServiceLoader.load(BackEnd.class)).anyMatch(b -> b instanceof CudaBackEnd);
    }

    @Test
    void comesBeforeOpenClUnlessNothingCompiles() {
        BackEnd b = new CudaBackEnd();
        assertThat(b.name()).isEqualTo("cuda");
        assertThat(b.priority(GPU)).isEqualTo(30);
        DeviceInfo mute =
                new DeviceInfo(
                        "cuda", 0, "g", "d", DeviceInfo.Kind.GPU, 0, Map.of("compiler", "none"));
        assertThat(b.priority(mute)).isNegative();
    }
}
