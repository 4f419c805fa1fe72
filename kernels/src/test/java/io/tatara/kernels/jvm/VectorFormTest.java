package io.tatara.kernels.jvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.lang.invoke.MethodHandles;
import org.junit.jupiter.api.Test;

class VectorFormTest {
    private static final Lanes PLAIN = new PlainLanes();

    private static Lanes of(String name) {
        return VectorForm.of(MethodHandles.lookup(), name, Lanes.class, PLAIN);
    }

    @Test
    void vectorsWhereTheModuleIsThere() {
        assumeTrue(ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent());
        assertThat(of("VectorLanes")).isInstanceOf(VectorLanes.class);
    }

    @Test
    void plainLoopsWhereTheClassIsMissingOrAnotherOne() {
        assertThat(of("NoLanes")).isSameAs(PLAIN);
        assertThat(of("VectorReduce")).isSameAs(PLAIN);
    }
}
