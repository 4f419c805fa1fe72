package io.tatara.runtime.cuda;

import io.tatara.runtime.DeviceException;
import io.tatara.runtime.cache.ProgramCache;
import io.tatara.runtime.spi.BackEnd;
import io.tatara.runtime.spi.DeviceInfo;
import io.tatara.runtime.spi.Discovery;
import java.util.List;
import java.util.function.Supplier;

/**
 * CUDA through the driver alone. {@code -Dtatara.cuda=off} or {@code TATARA_CUDA=off} hides it. A
 * device for which kernels can neither be compiled nor found precompiled is shown, and is chosen
 * only by those who name it.
 */
public final class CudaBackEnd implements BackEnd {
    static final String NAME = "cuda";

    private final List<String> libraries;
    private final Supplier<ProgramCache> cache;

    public CudaBackEnd() {
        this(CudaLibrary.names(), ProgramCache::standard);
    }

    /**
     * @param libraries names and paths under which the driver is looked for
     */
    CudaBackEnd(List<String> libraries, Supplier<ProgramCache> cache) {
        this.libraries = libraries;
        this.cache = cache;
    }

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public int priority(DeviceInfo device) {
        return "none".equals(device.traits().get("compiler")) ? -1 : 30;
    }

    @Override
    public Discovery discover() {
        return find().discovery();
    }

    @Override
    public CudaDevice open(DeviceInfo device) {
        CudaDevices found = find();
        for (CudaDevices.Found f : found.devices()) {
            if (f.info().id().equals(device.id()) && f.info().name().equals(device.name())) {
                return CudaDevice.primary(f, cache.get());
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

    CudaDevices find() {
        String property = System.getProperty("tatara.cuda");
        if ("off".equals(property)) {
            return CudaDevices.none("CUDA is switched off by -Dtatara.cuda=off.");
        }
        if (property == null && "off".equals(System.getenv("TATARA_CUDA"))) {
            return CudaDevices.none("CUDA is switched off by TATARA_CUDA=off.");
        }
        CudaLibrary.Result r = CudaLibrary.load(libraries);
        return r.driver() == null ? CudaDevices.none(r.absence()) : CudaDevices.find(r.driver());
    }
}
