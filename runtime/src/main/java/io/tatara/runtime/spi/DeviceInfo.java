package io.tatara.runtime.spi;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What a back end knows of a device without opening it.
 *
 * @param backEnd the back end's name, such as {@code opencl}
 * @param index position among the back end's devices; {@code backEnd:index} names the device
 * @param name the device's own name
 * @param driver driver or platform with its version
 * @param memory bytes of device memory, 0 where unknown
 * @param traits further facts for people, in order
 */
public record DeviceInfo(
        String backEnd,
        int index,
        String name,
        String driver,
        Kind kind,
        long memory,
        Map<String, String> traits) {
    public enum Kind {
        GPU,
        CPU,
        OTHER
    }

    public DeviceInfo {
        traits = Collections.unmodifiableMap(new LinkedHashMap<>(traits));
    }

    /** The name by which a user asks for this device: {@code opencl:0}. */
    public String id() {
        return backEnd + ":" + index;
    }
}
