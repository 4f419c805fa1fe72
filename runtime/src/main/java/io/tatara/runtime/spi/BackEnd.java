package io.tatara.runtime.spi;

/** A way to run ops, found by {@link java.util.ServiceLoader}. Knows no other back end. */
public interface BackEnd {
    /** Short name: {@code jvm}, {@code opencl}, {@code cuda}. */
    String name();

    /** Order of automatic choice, higher first; below 0 is never chosen by itself. */
    int priority(DeviceInfo device);

    /** Looks for devices. Never throws, and loads nothing that fails where the driver is absent. */
    Discovery discover();

    /**
     * Opens a device that {@link #discover} listed.
     *
     * @throws io.tatara.runtime.DeviceException saying what failed and what would help
     */
    BackEndDevice open(DeviceInfo device);
}
