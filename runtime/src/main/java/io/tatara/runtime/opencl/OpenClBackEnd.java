package io.tatara.runtime.opencl;

import io.tatara.runtime.DeviceException;
import io.tatara.runtime.cache.ProgramCache;
import io.tatara.runtime.spi.BackEnd;
import io.tatara.runtime.spi.DeviceInfo;
import io.tatara.runtime.spi.Discovery;
import io.tatara.runtime.tune.TuningTable;
import java.util.List;
import java.util.function.Supplier;

/**
 * OpenCL through JOCL. {@code -Dtatara.opencl=off} or {@code TATARA_OPENCL=off} hides it. Devices
 * that are CPUs are there for those who name them, and are never chosen by themselves.
 */
public final class OpenClBackEnd implements BackEnd {
    static final String NAME = "opencl";

    private final List<String> libraries;
    private final Supplier<ProgramCache> cache;

    public OpenClBackEnd() {
        this(ClLibrary.names(), ProgramCache::standard);
    }

    /**
     * @param libraries names under which the OpenCL loader is looked for
     */
    OpenClBackEnd(List<String> libraries, Supplier<ProgramCache> cache) {
        this.libraries = libraries;
        this.cache = cache;
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public int priority(DeviceInfo device) {
        return device.kind() == DeviceInfo.Kind.GPU ? 20 : -1;
    }

    @Override
    public Discovery discover() {
        return find().discovery();
    }

    @Override
    public OpenClDevice open(DeviceInfo device) {
        ClDevices found = find();
        for (ClDevices.Found f : found.devices()) {
            if (f.info().id().equals(device.id()) && f.info().name().equals(device.name())) {
                return new OpenClDevice(f, cache.get(), TuningTable.of(f.info()));
            }
        }
        throw new DeviceException(
                "device "
                        + device.id()
                        + " ("
                        + device.name()
                        + ") is not there"
                        + (found.absences().isEmpty()
                                ? ""
                                : ": " + String.join(" ", found.absences())));
    }

    private ClDevices find() {
        String property = System.getProperty("tatara.opencl");
        if ("off".equals(property)) {
            return ClDevices.none("OpenCL is switched off by -Dtatara.opencl=off.");
        }
        if (property == null && "off".equals(System.getenv("TATARA_OPENCL"))) {
            return ClDevices.none("OpenCL is switched off by TATARA_OPENCL=off.");
        }
        SignalGuard.remember();
        try {
            String absence = ClLibrary.absence(libraries);
            return absence != null ? ClDevices.none(absence) : ClDevices.find();
        } finally {
            SignalGuard.restore();
        }
    }
}
