package io.tatara.runtime.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.tatara.kernels.DType;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuProgram;
import io.tatara.kernels.layout.Fill;
import io.tatara.runtime.Device;
import io.tatara.runtime.DeviceException;
import io.tatara.runtime.Scope;
import io.tatara.runtime.Tatara;
import io.tatara.runtime.cache.ProgramCache;
import io.tatara.runtime.spi.Binding;
import io.tatara.runtime.spi.DeviceInfo;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A kernel that goes wrong on the device, and machines with several devices. */
class CudaFaultTest {
    private static final int[] ONE = {1, 1, 1};

    private static void fill(CudaDevice d, Binding y) {
        d.execute(new Fill(y.spec(), 1), new Binding[0], new Binding[] {y});
    }

    @Test
    void anIllegalAddressIsToldAndTheDeviceOpensAgain() {
        GpuProgram wrong =
                GpuProgram.of(
                        "test/wrong.cl", "KERNEL void t(GLOBAL float* y) { y[1LL << 40] = 1; }\n");
        try (CudaDevice d = CudaTests.open(ProgramCache.OFF)) {
            Binding y = new Binding(TensorSpec.f32(4), d.allocate(DType.FLOAT32, 4), null);
            assertThatThrownBy(
                            () -> {
                                d.run(
                                        GpuPlan.builder()
                                                .launch(wrong, "t", ONE, ONE, GpuPlan.out(0))
                                                .build(),
                                        new Binding[0],
                                        new Binding[] {y});
                                d.synchronize();
                            })
                    .isInstanceOf(DeviceException.class)
                    .hasMessageContaining("open it again");
            assertThatThrownBy(() -> fill(d, y))
                    .isInstanceOf(DeviceException.class)
                    .hasMessageContaining("open it again");
            d.release(y.memory());
        }
        try (CudaDevice d = CudaTests.open(ProgramCache.OFF)) {
            fill(d, new Binding(TensorSpec.f32(4), d.allocate(DType.FLOAT32, 4), null));
            d.synchronize();
        }
    }

    @Test
    void severalDevices() {
        List<DeviceInfo> all = new CudaBackEnd().discover().devices();
        assumeTrue(all.size() > 1, "one CUDA device: " + all);
        assertThat(all.get(1).id()).isEqualTo("cuda:1");
        try (Device a = Tatara.open("cuda:0");
                Device b = Tatara.open("cuda:1");
                Scope s = a.scope();
                Scope t = b.scope()) {
            assertThat(Handles.raw(Cuda.context(a))).isNotEqualTo(Handles.raw(Cuda.context(b)));
            for (int i = 0; i < 3; i++) { // in turn: each call must find its own context
                assertThat(s.ops().add(s.full(i, 2), 1).toFloats()).containsExactly(i + 1, i + 1);
                assertThat(t.ops().add(t.full(i, 2), 2).toFloats()).containsExactly(i + 2, i + 2);
            }
            assertThatThrownBy(() -> s.ops().exp(t.zeros(1)))
                    .hasMessageContaining("cuda:0")
                    .hasMessageContaining("cuda:1");
        }
    }
}
