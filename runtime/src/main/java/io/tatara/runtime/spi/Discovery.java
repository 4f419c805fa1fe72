package io.tatara.runtime.spi;

import java.util.List;

/**
 * What a back end found on this machine.
 *
 * @param absences for what was not found: what was tried, and the remedy; one sentence each
 */
public record Discovery(List<DeviceInfo> devices, List<String> absences) {
    public Discovery {
        devices = List.copyOf(devices);
        absences = List.copyOf(absences);
    }
}
