package io.tatara.runtime.jvm;

import io.tatara.kernels.jvm.Lanes;
import io.tatara.runtime.spi.BackEnd;
import io.tatara.runtime.spi.BackEndDevice;
import io.tatara.runtime.spi.DeviceInfo;
import io.tatara.runtime.spi.Discovery;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The JVM itself as a device: always there. */
public final class JvmBackEnd implements BackEnd {
    @Override
    public String name() {
        return "jvm";
    }

    @Override
    public int priority(DeviceInfo device) {
        return 10;
    }

    @Override
    public Discovery discover() {
        Map<String, String> traits = new LinkedHashMap<>();
        traits.put("kernels", Lanes.best().description());
        traits.put("threads", Integer.toString(threads()));
        DeviceInfo info =
                new DeviceInfo(
                        "jvm",
                        0,
                        cpuName(),
                        System.getProperty("java.vm.name") + " " + Runtime.version(),
                        DeviceInfo.Kind.CPU,
                        Runtime.getRuntime().maxMemory(),
                        traits);
        boolean vector = ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent();
        return new Discovery(
                List.of(info),
                vector
                        ? List.of()
                        : List.of(
                                "the vector unit is not used: start the JVM with --add-modules jdk.incubator.vector"));
    }

    @Override
    public BackEndDevice open(DeviceInfo device) {
        return new JvmDevice(device, threads());
    }

    private static int threads() {
        return Math.max(
                1,
                Integer.getInteger("tatara.threads", Runtime.getRuntime().availableProcessors()));
    }

    private static String cpuName() {
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
}
