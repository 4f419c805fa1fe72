package io.tatara.runtime.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tatara.kernels.DType;
import io.tatara.kernels.OpException;
import io.tatara.kernels.Shape;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.gpu.GpuKernel;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuProgram;
import io.tatara.kernels.layout.Fill;
import io.tatara.runtime.CompilationException;
import io.tatara.runtime.DeviceException;
import io.tatara.runtime.OutOfDeviceMemoryException;
import io.tatara.runtime.cache.ProgramCache;
import io.tatara.runtime.spi.Binding;
import io.tatara.runtime.spi.Memory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class CudaDeviceTest {
    private static final int[] ONE = {1, 1, 1};
    private static CudaDevice device;

    @BeforeAll
    static void open() {
        device = CudaTests.open(ProgramCache.OFF);
    }

    @AfterAll
    static void close() {
        if (device != null) {
            device.close();
        }
    }

    private static Binding tensor(CudaDevice d, int n) {
        return new Binding(TensorSpec.f32(n), d.allocate(DType.FLOAT32, n), null);
    }

    private static float[] fill(CudaDevice d, Binding y, double value) {
        d.execute(new Fill(y.spec(), value), new Binding[0], new Binding[] {y});
        float[] got = new float[y.spec().size()];
        d.download(y.memory(), MemorySegment.ofArray(got));
        return got;
    }

    /** Runs a launch of this source as if it were fill's. */
    private static Binding run(String source, int[] local, Object... args) {
        return run((op, in, out, traits) ->
                GpuPlan.builder()
                        .launch(GpuProgram.of("test/t.cl", source), "t", ONE, local, args)
                        .build());
    }

    private static Binding run(GpuKernel<Fill> kernel) {
        Binding y = tensor(device, 16);
        device.execute(kernel, new Fill(y.spec(), 0), new Binding[] {null, y}, new Binding[] {y});
        return y;
    }

    @Test
    void describesItself() {
        assertThat(device.info().id()).isEqualTo("cuda:0");
        assertThat(device.info().memory()).isPositive();
        assertThat(device.info().traits())
                .containsKeys(
                        "compute capability", "multiprocessors", "memory", "driver", "compiler");
        assertThat(device.traits().maxWorkGroup()).isPositive();
        assertThat(device.storageClass(DType.INT32)).isEqualTo(device.storageClass(DType.FLOAT16));
    }

    @Test
    void copiesOfEverySizeComeBack() {
        for (int n :
                new int[] {
                    0, 1, Staging.SMALL / 4, Staging.SMALL / 4 + 1, 5 * Staging.BIG / 8 + 3
                }) {
            float[] a = new float[n];
            for (int i = 0; i < n; i++) {
                a[i] = i * 0.5f;
            }
            Memory m = device.allocate(DType.FLOAT32, n);
            device.upload(MemorySegment.ofArray(a).asReadOnly(), m);
            float[] heap = new float[n];
            device.download(m, MemorySegment.ofArray(heap));
            assertThat(Arrays.equals(heap, a)).as("%d through the heap", n).isTrue();
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment s = arena.allocate(4L * n);
                device.download(m, s);
                device.upload(s, m);
                assertThat(Arrays.equals(s.toArray(ValueLayout.JAVA_FLOAT), a))
                        .as("%d native", n)
                        .isTrue();
            }
            device.release(m);
        }
    }

    @Test
    void aSourceMayBeReusedAtOnce() {
        List<Memory> all = new ArrayList<>();
        float[] a = new float[1000];
        for (int i = 0; i < 200; i++) { // more than there are pieces of staging memory
            Arrays.fill(a, i);
            all.add(device.allocate(DType.FLOAT32, a.length));
            device.upload(MemorySegment.ofArray(a), all.getLast());
        }
        for (int i = 0; i < all.size(); i++) {
            device.download(all.get(i), MemorySegment.ofArray(a));
            assertThat(a).containsOnly(i);
            device.release(all.get(i));
        }
    }

    @Test
    void badCopiesAreRefused() {
        Memory m = device.allocate(DType.FLOAT32, 4);
        assertThatThrownBy(() -> device.upload(MemorySegment.ofArray(new float[5]), m))
                .isInstanceOf(DeviceException.class)
                .hasMessageContaining("20 bytes");
        assertThatThrownBy(() -> device.download(m, MemorySegment.ofArray(new float[5])))
                .isInstanceOf(DeviceException.class);
        MemorySegment gone;
        try (Arena arena = Arena.ofConfined()) {
            gone = arena.allocate(16);
        }
        for (int i = 0; i < 100; i++) { // no staging piece gets lost
            assertThatThrownBy(() -> device.upload(gone, m))
                    .isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(() -> device.download(m, gone))
                    .isInstanceOf(IllegalStateException.class);
        }
        device.release(m);
        device.release(m);
        assertThatThrownBy(() -> device.upload(MemorySegment.ofArray(new float[4]), m))
                .isInstanceOf(DeviceException.class)
                .hasMessageContaining("released");
    }

    @Test
    void aSourceThatDoesNotCompileIsShown() {
        assertThatThrownBy(() ->
                        run(
                                "// one\nKERNEL void t(GLOBAL float* y) {\n  y[0] = nonsense;\n}\n",
                                ONE,
                                GpuPlan.out(0)))
                .isInstanceOfSatisfying(
                        CompilationException.class,
                        e -> {
                            assertThat(e.log()).contains("nonsense");
                            assertThat(e)
                                    .hasMessageContaining("> test/t.cl    3 |   y[0] = nonsense;");
                        });
        assertThat(fill(device, tensor(device, 3), 2)).containsOnly(2);
    }

    @Test
    void anAbsentInputIsANullPointer() {
        Binding y =
                run(
                        "KERNEL void t(GLOBAL float* x, GLOBAL float* z, GLOBAL float* y, int n, float f) {\n"
                                + "  if (LOCAL_ID(0) < n) y[LOCAL_ID(0)] = !x && !z ? f : 0; }\n",
                        new int[] {16, 1, 1},
                        GpuPlan.in(0),
                        null,
                        GpuPlan.out(0),
                        16,
                        7f);
        float[] got = new float[16];
        device.download(y.memory(), MemorySegment.ofArray(got));
        assertThat(got).containsOnly(7);
    }

    @Test
    void threeDimensionsAndTemporaries() {
        GpuProgram p =
                GpuProgram.of(
                        "test/d.cl",
                        "KERNEL void a(GLOBAL int* t, int base) {\n"
                                + "  int i = (GLOBAL_ID(2) * 4 + GLOBAL_ID(1)) * 2 + GLOBAL_ID(0); t[i] = base + i; }\n"
                                + "KERNEL void b(GLOBAL int* s, GLOBAL int* t, GLOBAL float* y) {\n"
                                + "  y[GLOBAL_ID(0)] = s[GLOBAL_ID(0)] + t[GLOBAL_ID(0)]; }\n");
        Binding y =
                run((op, in, out, traits) -> {
                    GpuPlan.Builder b = GpuPlan.builder();
                    GpuPlan.Arg s = b.temporary(64);
                    GpuPlan.Arg t = b.temporary(200_000);
                    int[] local = {1, 2, 2};
                    return b.launch(p, "a", new int[] {2, 2, 1}, local, s, 0)
                            .launch(p, "a", new int[] {2, 2, 1}, local, t, 100)
                            .launch(p, "a", new int[] {0, 2, 1}, local, t, 500)
                            .launch1d(p, "b", 16, 4, s, t, GpuPlan.out(0))
                            .build();
                });
        float[] got = new float[16];
        device.download(y.memory(), MemorySegment.ofArray(got));
        for (int i = 0; i < 16; i++) {
            assertThat(got[i]).isEqualTo(100 + 2 * i);
        }
    }

    @Test
    void plansBeyondTheDeviceAreRefused() {
        String plain = "KERNEL void t(GLOBAL float* y) { y[LOCAL_ID(0)] = 1; }";
        assertThatThrownBy(() -> run(plain, new int[] {1 << 20, 1, 1}, GpuPlan.out(0)))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("fill")
                .hasMessageContaining("block");
        assertThatThrownBy(() -> run(plain, ONE, GpuPlan.out(0), 1))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("2 arguments");
        assertThatThrownBy(() ->
                        run("KERNEL void u(GLOBAL float* y) { y[0] = 1; }", ONE, GpuPlan.out(0)))
                .isInstanceOf(DeviceException.class)
                .hasMessageContaining("kernel t");
        long words = device.traits().localMemory() / 4 + 1024;
        assertThatThrownBy(() ->
                        run(
                                "KERNEL void t(GLOBAL float* y) { SHARED float s["
                                        + words
                                        + "]; s[LOCAL_ID(0)] = y[0]; BARRIER();"
                                        + " y[1] = s[LOCAL_ID(0) + "
                                        + (words - 1)
                                        + "]; }",
                                ONE,
                                GpuPlan.out(0)))
                .satisfiesAnyOf(
                        e ->
                                assertThat(e)
                                        .isInstanceOf(OpException.class)
                                        .hasMessageContaining("shared memory"),
                        e -> assertThat(e).isInstanceOf(CompilationException.class));
    }

    @Test
    void outOfMemoryLeavesTheDeviceUsable() {
        List<Memory> all = new ArrayList<>();
        assertThatThrownBy(
                        () -> {
                            while (all.size() < 10_000) {
                                all.add(device.allocate(DType.FLOAT32, Shape.MAX_SIZE / 2));
                            }
                        })
                .isInstanceOf(OutOfDeviceMemoryException.class)
                .hasMessageContaining("bytes asked");
        int before = all.size();
        all.forEach(device::release);
        all.clear();
        assertThat(fill(device, tensor(device, 5), 3)).containsOnly(3);
        if (before > 0) {
            device.release(device.allocate(DType.FLOAT32, Shape.MAX_SIZE / 2));
        }
        assertThatThrownBy(() ->
                        run((op, in, out, traits) -> {
                            GpuPlan.Builder b = GpuPlan.builder();
                            GpuPlan.Arg t = b.temporary(1L << 50);
                            return b.launch(
                                            GpuProgram.of(
                                                    "test/t.cl",
                                                    "KERNEL void t(GLOBAL float* y) { y[0] = 1; }"),
                                            "t",
                                            ONE,
                                            ONE,
                                            t)
                                    .build();
                        }))
                .isInstanceOf(OutOfDeviceMemoryException.class);
        assertThat(fill(device, tensor(device, 5), 4)).containsOnly(4);
    }

    @Test
    void wrongMemoryIsRefused() {
        Binding y = tensor(device, 4);
        assertThatThrownBy(() ->
                        device.execute(
                                new Fill(TensorSpec.f32(5), 1),
                                new Binding[0],
                                new Binding[] {new Binding(TensorSpec.f32(5), y.memory(), null)}))
                .isInstanceOf(DeviceException.class);
        try (CudaDevice other = CudaTests.open(ProgramCache.OFF)) {
            assertThatThrownBy(() -> fill(other, y, 1))
                    .isInstanceOf(DeviceException.class)
                    .hasMessageContaining("another device");
        }
    }

    @Test
    void aClosedDeviceSaysSo() {
        CudaDevice d = CudaTests.open(ProgramCache.OFF);
        Binding y = tensor(d, 4);
        fill(d, y, 1);
        d.close();
        d.close();
        d.release(y.memory());
        assertThatThrownBy(() -> fill(d, y, 1))
                .isInstanceOf(DeviceException.class)
                .hasMessageContaining("closed");
        assertThatThrownBy(d::synchronize)
                .isInstanceOf(DeviceException.class)
                .hasMessageContaining("closed");
        assertThatThrownBy(() -> d.allocate(DType.INT32, 1)).isInstanceOf(DeviceException.class);
    }

    @Test
    void measuresWhatTheDeviceTook() {
        Binding y = tensor(device, 1 << 20);
        long outer =
                device.time(() -> {
                    fill(device, y, 1);
                    long inner = device.time(() -> fill(device, y, 2));
                    assertThat(inner).isPositive();
                });
        assertThat(outer).isPositive();
        assertThat(device.time(() -> {})).isNotNegative();
        assertThat(fill(device, y, 3)).containsOnly(3);
    }

    @Test
    void eightThreadsShareADevice() throws Exception {
        try (ExecutorService pool = Executors.newFixedThreadPool(8)) {
            List<Future<?>> all = new ArrayList<>();
            for (int t = 0; t < 8; t++) {
                int seed = t;
                all.add(
                        pool.submit(() -> {
                            for (int i = 0; i < 60; i++) {
                                Binding y = tensor(device, 1 + (seed * 37 + i) % 90 * 1000);
                                if (i % 3 == 0) {
                                    device.upload(
                                            MemorySegment.ofArray(new float[y.spec().size()]),
                                            y.memory());
                                }
                                int value = seed * 1000 + i % 7;
                                assertThat(fill(device, y, value)).containsOnly(value);
                                device.release(y.memory());
                            }
                        }));
            }
            for (Future<?> f : all) {
                f.get();
            }
        }
    }

    @Test
    void closingWaitsForThreads() throws Exception {
        CudaDevice d = CudaTests.open(ProgramCache.OFF);
        try (ExecutorService pool = Executors.newFixedThreadPool(4)) {
            List<Future<?>> all = new ArrayList<>();
            for (int t = 0; t < 4; t++) {
                all.add(
                        pool.submit(() -> {
                            while (true) {
                                fill(d, tensor(d, 1000), 1);
                            }
                        }));
            }
            Thread.sleep(300);
            d.close();
            for (Future<?> f : all) {
                assertThatThrownBy(f::get)
                        .hasCauseInstanceOf(DeviceException.class)
                        .hasMessageContaining("closed");
            }
        }
    }
}
