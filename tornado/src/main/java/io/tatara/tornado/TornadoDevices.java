package io.tatara.tornado;

import io.tatara.kernels.gpu.GpuTraits;
import io.tatara.runtime.DeviceException;
import io.tatara.runtime.spi.DeviceInfo;
import io.tatara.runtime.spi.Discovery;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import uk.ac.manchester.tornado.api.TornadoBackend;
import uk.ac.manchester.tornado.api.TornadoRuntime;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;
import uk.ac.manchester.tornado.api.runtime.TornadoRuntimeProvider;

/** TornadoVM's devices, over all its back ends, in its own order. */
final class TornadoDevices {
    private static final long DEFAULT_HEAP = 256L << 20;

    private static final long LEAST_HEAP = 1L << 20;

    /** The heap of int32 and 16-bit types is this much smaller than that of float32. */
    private static final int INT_SHARE = 4;

    private TornadoDevices() {}

    private record Found(
            uk.ac.manchester.tornado.api.common.TornadoDevice device,
            TornadoVMBackendType type,
            DeviceInfo info) {}

    private static List<Found> all() {
        List<Found> found = new ArrayList<>();
        TornadoRuntime runtime = TornadoRuntimeProvider.getTornadoRuntime();
        for (int b = 0; b < runtime.getNumBackends(); b++) {
            TornadoBackend backend = runtime.getBackend(b);
            for (int d = 0; d < backend.getNumDevices(); d++) {
                var device = backend.getDevice(d);
                found.add(
                        new Found(
                                device,
                                backend.getBackendType(),
                                info(device, backend, found.size(), b + ":" + d)));
            }
        }
        return found;
    }

    private static DeviceInfo info(
            uk.ac.manchester.tornado.api.common.TornadoDevice device,
            TornadoBackend backend,
            int index,
            String own) {
        var physical = device.getPhysicalDevice();
        DeviceInfo.Kind kind =
                switch (device.getDeviceType()) {
                    case GPU -> DeviceInfo.Kind.GPU;
                    case CPU -> DeviceInfo.Kind.CPU;
                    default -> DeviceInfo.Kind.OTHER;
                };
        Map<String, String> traits = new LinkedHashMap<>();
        traits.put("TornadoVM device", own + " of " + backend.getBackendType());
        traits.put("compute units", String.valueOf(physical.getDeviceMaxComputeUnits()));
        traits.put("local memory", (device.getDeviceLocalMemorySize() >> 10) + " KiB");
        traits.put("heap", (heapBytes(device) >> 20) + " MiB (-Dtatara.tornado.memory)");
        return new DeviceInfo(
                TornadoBackEnd.NAME,
                index,
                physical.getDeviceName().strip(),
                "TornadoVM " + version() + ", " + device.getPlatformName().strip(),
                kind,
                device.getMaxGlobalMemory(),
                traits);
    }

    private static String version() {
        return TornadoRuntime.class.getModule().getDescriptor() == null
                ? ""
                : TornadoRuntime.class
                        .getModule()
                        .getDescriptor()
                        .rawVersion()
                        .orElse("of unknown version");
    }

    /**
     * What {@code -Dtatara.tornado.memory} says (bytes, or with k, m, g), within what the device
     * allows.
     */
    static long heapBytes(uk.ac.manchester.tornado.api.common.TornadoDevice device) {
        long wanted = bytes(System.getProperty("tatara.tornado.memory"));
        long allowed = device.getMaxAllocMemory(); // 0 where a virtual device does not tell
        long most = Math.min(allowed > 0 ? allowed : wanted, 4L * (Integer.MAX_VALUE - 64));
        return Math.min(wanted, most);
    }

    static long bytes(String text) {
        if (text == null || text.isBlank()) {
            return DEFAULT_HEAP;
        }
        String t = text.strip().toLowerCase(java.util.Locale.ROOT);
        int shift =
                switch (t.charAt(t.length() - 1)) {
                    case 'k' -> 10;
                    case 'm' -> 20;
                    case 'g' -> 30;
                    default -> 0;
                };
        try {
            long n = Long.parseLong(shift == 0 ? t : t.substring(0, t.length() - 1));
            if (n > 0 && n <= Long.MAX_VALUE >> shift && n << shift >= LEAST_HEAP) {
                return n << shift;
            }
        } catch (NumberFormatException e) {
            // Told below.
        }
        throw new DeviceException(
                "-Dtatara.tornado.memory="
                        + text
                        + ": expected at least 1m, in bytes or such as 2g or 512m");
    }

    static Discovery find() {
        List<DeviceInfo> infos = all().stream().map(Found::info).toList();
        return new Discovery(
                infos,
                infos.isEmpty()
                        ? List.of("TornadoVM is here, but none of its back ends has a device.")
                        : List.of());
    }

    static TornadoDevice open(DeviceInfo wanted) {
        for (Found f : all()) {
            if (f.info().id().equals(wanted.id()) && f.info().name().equals(wanted.name())) {
                int words = (int) (heapBytes(f.device()) / 4);
                int intWords = Math.max(1 << 16, words / INT_SHARE);
                GpuTraits traits = traits(f.device());
                try {
                    // Asked for, as they have not run yet.
                    boolean units =
                            f.type() == TornadoVMBackendType.CUDA
                                    && Boolean.getBoolean("tatara.tornado.mma");
                    Session session =
                            new Session(
                                    f.device(),
                                    words,
                                    intWords,
                                    units ? KernelTable.ALL : KernelTable.portable());
                    return new TornadoDevice(f.info(), traits, session, units);
                } catch (OutOfMemoryError e) {
                    throw new DeviceException(
                            wanted.id()
                                    + ": the host has no memory for a heap of "
                                    + (words >> 18)
                                    + " MiB; -Dtatara.tornado.memory sets its size",
                            e);
                }
            }
        }
        throw new DeviceException(
                "device " + wanted.id() + " (" + wanted.name() + ") is not there");
    }

    /** What plans are told: always a GPU, so that they are the portable ones with work-groups. */
    private static GpuTraits traits(uk.ac.manchester.tornado.api.common.TornadoDevice device) {
        long[] groups = device.getPhysicalDevice().getDeviceMaxWorkGroupSize();
        // Virtual devices do not tell.
        boolean told = groups != null && groups.length > 0;
        int group = told ? (int) Math.min(256, groups[0]) : 256;
        long local = device.getDeviceLocalMemorySize();
        if (group < 256) {
            throw new DeviceException(
                    device.getDeviceName()
                            + ": work-groups of 256 are needed, the device has "
                            + group);
        }
        return new GpuTraits(
                GpuTraits.Api.OPENCL,
                false,
                Math.max(1, device.getPhysicalDevice().getDeviceMaxComputeUnits()),
                group,
                local > 0 ? Math.min(32768, local) : 32768,
                0,
                0,
                false,
                0,
                1);
    }
}
