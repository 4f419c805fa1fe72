package io.tatara.models;

import static org.assertj.core.api.Assertions.assertThat;

import io.tatara.runtime.Device;
import io.tatara.runtime.Tatara;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** Tests on a JVM device, on which no scope may be left open. */
public abstract class OnJvm {
    protected static Device device;

    @BeforeAll
    static void openDevice() {
        device = Tatara.open("jvm");
    }

    @AfterAll
    static void closeDevice() {
        assertThat(device.openScopes()).isZero();
        device.close();
    }
}
