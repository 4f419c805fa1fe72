package io.tatara.bench.cli;

import io.tatara.runtime.Device;
import io.tatara.runtime.Tatara;
import io.tatara.runtime.spi.DeviceInfo;
import picocli.CommandLine.Option;

/** The choice of a device. */
final class DeviceOption {
    @Option(
            names = "--device",
            paramLabel = "D",
            description =
                    "device: jvm, opencl, opencl:1 … as `devices` lists them (default: TATARA_DEVICE, else the best there is)")
    private String name;

    @Option(
            names = "--threads",
            paramLabel = "N",
            description = "threads of the JVM back end (default: all cores)")
    private Integer threads;

    Device open() {
        if (threads != null) {
            if (threads < 1) {
                throw new io.tatara.kernels.TataraException(
                        "--threads " + threads + ": at least 1 is needed");
            }
            System.setProperty("tatara.threads", threads.toString());
        }
        return name == null ? Tatara.open() : Tatara.open(name);
    }

    static String describe(DeviceInfo i) {
        return i.id() + " (" + i.name() + ", " + i.driver() + ")";
    }
}
