package io.tatara.runtime.opencl;

import static org.assertj.core.api.Assertions.assertThat;

import io.tatara.runtime.Device;
import io.tatara.runtime.Scope;
import io.tatara.runtime.Tatara;
import io.tatara.runtime.spi.DeviceInfo;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/** After OpenCL was looked for, compiled and run, the handler of SIGSEGV is the JVM's again. */
class SignalGuardTest {
    private static final int SIGSEGV = 11;

    /** Prints whether the handler is the same before and after, in a JVM without libjsig. */
    public static void main(String[] args) throws Throwable {
        long before = handler();
        int devices = 0;
        boolean same = true;
        for (DeviceInfo d : Tatara.devices()) {
            same &= before == handler();
            if (!d.backEnd().equals("opencl")) {
                continue;
            }
            devices++;
            try (Device device = Tatara.open(d.id());
                    Scope scope = device.scope()) {
                scope.ops().softmax(scope.full(1, 3, 7)).toFloats();
                device.synchronize();
                same &= before == handler();
            }
        }
        System.out.println("handler kept: " + same + " on " + devices + " devices");
    }

    /** The first word of struct sigaction on Linux. */
    private static long handler() throws Throwable {
        Linker linker = Linker.nativeLinker();
        var sigaction =
                linker.downcallHandle(
                        linker.defaultLookup().findOrThrow("sigaction"),
                        FunctionDescriptor.of(
                                ValueLayout.JAVA_INT,
                                ValueLayout.JAVA_INT,
                                ValueLayout.ADDRESS,
                                ValueLayout.ADDRESS));
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment old = arena.allocate(512, 16);
            int rc = (int) sigaction.invokeExact(SIGSEGV, MemorySegment.NULL, old);
            assertThat(rc).isZero();
            return old.get(ValueLayout.JAVA_LONG, 0);
        }
    }

    @Test
    void theJvmKeepsItsHandler() throws Exception {
        Assumptions.assumeTrue(
                System.getProperty("os.name").equals("Linux"),
                "signals are looked at on Linux only");
        Path cache = Files.createTempDirectory("pocl");
        ProcessBuilder b =
                new ProcessBuilder(
                                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                                "--enable-native-access=ALL-UNNAMED",
                                "-Dtatara.cache=off",
                                "-cp",
                                System.getProperty("java.class.path"),
                                SignalGuardTest.class.getName())
                        .redirectErrorStream(true);
        b.environment().remove("LD_PRELOAD");
        b.environment().put("POCL_CACHE_DIR", cache.toString());
        Process p = b.start();
        String out = new String(p.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(p.waitFor()).as(out).isZero();
        assertThat(out).contains("handler kept: true");
    }
}
