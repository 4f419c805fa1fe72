package io.tatara.runtime.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tatara.kernels.TensorSpec;
import io.tatara.runtime.Device;
import io.tatara.runtime.DeviceException;
import io.tatara.runtime.Scope;
import io.tatara.runtime.Tatara;
import io.tatara.runtime.Tensor;
import io.tatara.runtime.cache.ProgramCache;
import jcuda.Pointer;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUstream;
import jcuda.driver.JCudaDriver;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Together with JCuda code of one's own: its context, its stream, its memory, and ours in it. */
class CudaInteropTest {
    private final CUcontext context = new CUcontext();
    private final CUstream stream = new CUstream();

    @BeforeEach
    void ownContext() {
        CudaTests.open(ProgramCache.OFF).close();
        CUdevice d = new CUdevice();
        ok(JCudaDriver.cuDeviceGet(d, 0));
        ok(JCudaDriver.cuCtxCreate(context, 0, d));
        ok(JCudaDriver.cuStreamCreate(stream, 1));
    }

    @AfterEach
    void destroy() {
        if (Handles.raw(context) != 0) {
            ok(JCudaDriver.cuCtxSetCurrent(context));
            ok(JCudaDriver.cuStreamDestroy(stream));
            ok(JCudaDriver.cuCtxDestroy(context));
        }
    }

    private static void ok(int code) {
        assertThat(code).isZero();
    }

    private static CUcontext current() {
        CUcontext c = new CUcontext();
        ok(JCudaDriver.cuCtxGetCurrent(c));
        return c;
    }

    private static CUdeviceptr memory(float... values) {
        CUdeviceptr p = new CUdeviceptr();
        ok(JCudaDriver.cuMemAlloc(p, 4L * values.length));
        ok(JCudaDriver.cuMemcpyHtoD(p, Pointer.to(values), 4L * values.length));
        return p;
    }

    private static float[] read(CUdeviceptr p, int n) {
        float[] a = new float[n];
        ok(JCudaDriver.cuMemcpyDtoH(Pointer.to(a), p, 4L * n));
        return a;
    }

    @Test
    void aDeviceOnTheCallersContextAndStream() {
        CUdeviceptr mine = memory(1, 2, 3);
        try (Device d = Cuda.open(context, stream)) {
            assertThat(Cuda.context(d)).isEqualTo(context);
            assertThat(Cuda.stream(d)).isEqualTo(stream);
            try (Scope s = d.scope()) {
                Tensor x = Cuda.wrap(s, TensorSpec.f32(3), mine, 12);
                Tensor y = s.ops().add(x, 10);
                assertThat(y.toFloats()).containsExactly(11, 12, 13);
                x.write(5f, 6f, 7f);
                Tensor z = s.ops().add(x, y);
                ok(JCudaDriver.cuStreamSynchronize(stream));
                assertThat(read(Cuda.pointer(z), 3)).containsExactly(16, 18, 20);
                d.synchronize();
            }
            assertThat(read(mine, 3)).as("not freed, written").containsExactly(5, 6, 7);
        }
        assertThat(current()).as("the thread's context").isEqualTo(context);
        assertThat(read(mine, 3)).as("the context lives").containsExactly(5, 6, 7);
        ok(JCudaDriver.cuMemFree(mine));
    }

    @Test
    void aThreadKeepsItsContext() {
        try (CudaDevice d = CudaTests.open(ProgramCache.OFF)) {
            assertThat(d.context().context()).isNotEqualTo(Handles.raw(context));
            ok(JCudaDriver.cuCtxSetCurrent(context));
            d.allocate(io.tatara.kernels.DType.FLOAT32, 4);
            assertThat(current()).isEqualTo(context);
        }
        assertThat(current()).isEqualTo(context);
    }

    @Test
    void jcudasExceptionsAreTranslated() {
        JCudaDriver.setExceptionsEnabled(true);
        try (CudaDevice d = CudaTests.open(ProgramCache.OFF)) {
            assertThatThrownBy(
                            () -> {
                                for (int i = 0; i < 100_000; i++) {
                                    d.allocate(
                                            io.tatara.kernels.DType.FLOAT32,
                                            io.tatara.kernels.Shape.MAX_SIZE / 2);
                                }
                            })
                    .isInstanceOf(io.tatara.runtime.OutOfDeviceMemoryException.class);
        } finally {
            JCudaDriver.setExceptionsEnabled(false);
        }
    }

    @Test
    void wrongHandlesAreRefused() {
        assertThatThrownBy(() -> Cuda.open(new CUcontext()))
                .isInstanceOf(DeviceException.class)
                .hasMessageContaining("never created");
        assertThatThrownBy(() -> Cuda.open(context, new CUstream()))
                .isInstanceOf(DeviceException.class)
                .hasMessageContaining("CUstream");
        CUdeviceptr p = memory(1, 2, 3, 4);
        try (Device d = Cuda.open(context);
                Scope s = d.scope();
                Device other = Tatara.open("jvm");
                Scope elsewhere = other.scope()) {
            assertThatThrownBy(() -> Cuda.wrap(s, TensorSpec.f32(5), p, 16))
                    .isInstanceOf(DeviceException.class)
                    .hasMessageContaining("16 bytes");
            assertThatThrownBy(() -> Cuda.wrap(s, TensorSpec.f32(1), p.withByteOffset(4), 12))
                    .isInstanceOf(DeviceException.class)
                    .hasMessageContaining("aligned");
            assertThatThrownBy(() -> Cuda.wrap(s, TensorSpec.f32(1), new CUdeviceptr(), 12))
                    .isInstanceOf(DeviceException.class);
            assertThatThrownBy(() -> Cuda.wrap(elsewhere, TensorSpec.f32(4), p, 16))
                    .isInstanceOf(DeviceException.class)
                    .hasMessageContaining("not a CUDA device");
            assertThatThrownBy(() -> Cuda.pointer(elsewhere.zeros(1)))
                    .isInstanceOf(DeviceException.class);
        }
        ok(JCudaDriver.cuMemFree(p));
    }
}
