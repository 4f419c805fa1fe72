package io.tatara.tornado;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tatara.runtime.DeviceException;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TornadoFlagsTest {
    private static final String THERE = "java.lang.String";

    private static Map<String, String> good() {
        Map<String, String> p = new HashMap<>();
        p.put("tornado.load.runtime.implementation", "some.Runtime");
        p.put("tornado.recover.bailout", "False");
        return p;
    }

    @Test
    void takesTheSdksFlagsWithRecoveryOff() {
        assertThat(TornadoFlags.absence(good()::get, THERE)).isNull();
    }

    @Test
    void saysHowToStartWhereTornadoIsAbsent() {
        assertThat(TornadoFlags.absence(good()::get, "no.such.Type"))
                .contains("tornado-argfile")
                .contains("not in this JVM");
    }

    @Test
    void saysHowToStartWhereTheArgfileWasLeftOut() {
        Map<String, String> p = good();
        p.remove("tornado.load.runtime.implementation");
        assertThat(TornadoFlags.absence(p::get, THERE)).contains("tornado-argfile");
    }

    @Test
    void refusesToRunWhereFailedCompilationsGoOnInJava() {
        Map<String, String> p = good();
        p.put("tornado.recover.bailout", "True");
        assertThat(TornadoFlags.absence(p::get, THERE)).contains("recover.bailout=False");
        p.remove("tornado.recover.bailout");
        assertThat(TornadoFlags.absence(p::get, THERE)).contains("recover.bailout=False");
    }

    @Test
    void readsTheHeapsSize() {
        assertThat(TornadoDevices.bytes("2G")).isEqualTo(2L << 30);
        assertThat(TornadoDevices.bytes("1048576")).isEqualTo(1L << 20);
        for (String wrong : new String[] {"0", "-1m", "1k", "m", "many", "99999999999g"}) {
            assertThatThrownBy(() -> TornadoDevices.bytes(wrong))
                    .isInstanceOf(DeviceException.class)
                    .hasMessageContaining("tatara.tornado.memory=" + wrong);
        }
    }

    @Test
    void refusesVirtualDevicesAndTheSwitch() {
        Map<String, String> p = good();
        p.put("tornado.virtual.device", "True");
        assertThat(TornadoFlags.absence(p::get, THERE)).contains("virtual");
        p.put("tatara.tornado", "off");
        assertThat(TornadoFlags.absence(p::get, THERE)).contains("switched off");
    }
}
