package io.tatara.tornado;

import io.tatara.runtime.DeviceException;
import io.tatara.runtime.spi.BackEnd;
import io.tatara.runtime.spi.BackEndDevice;
import io.tatara.runtime.spi.DeviceInfo;
import io.tatara.runtime.spi.Discovery;
import java.util.List;

/**
 * TornadoVM as a back end. Its devices are there for those who name them ({@code tornado:0}) and
 * are never chosen by themselves. {@code -Dtatara.tornado=off} hides it.
 */
public final class TornadoBackEnd implements BackEnd {
    static final String NAME = "tornado";

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public int priority(DeviceInfo device) {
        return -1;
    }

    @Override
    public Discovery discover() {
        String absence = TornadoFlags.absence();
        if (absence != null) {
            return new Discovery(List.of(), List.of(absence));
        }
        try {
            return TornadoDevices.find();
        } catch (RuntimeException | LinkageError e) {
            return new Discovery(
                    List.of(),
                    List.of(
                            "TornadoVM is here but does not start ("
                                    + e
                                    + "); "
                                    + TornadoFlags.REMEDY));
        }
    }

    @Override
    public BackEndDevice open(DeviceInfo device) {
        String absence = TornadoFlags.absence();
        if (absence != null) {
            throw new DeviceException(device.id() + " is not there: " + absence);
        }
        return TornadoDevices.open(device);
    }
}
