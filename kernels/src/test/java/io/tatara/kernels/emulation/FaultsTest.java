package io.tatara.kernels.emulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tatara.kernels.DType;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.gpu.GpuPlan;
import java.util.List;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Wrong kernels: the emulation must say what is wrong, where, and go on living. */
class FaultsTest {
    private static Emulated kernel(String body, String... headers) {
        return new Emulated("KERNEL void k(const float* a, float* c) {\n" + body + "\n}\n", headers)
                .in(TensorSpec.f32(8), 0, 1, 2, 3, 4, 5, 6, 7)
                .out(TensorSpec.f32(8));
    }

    private static AbstractThrowableAssert<?, ?> fails(Emulated e) {
        return assertThatThrownBy(e::run).isInstanceOf(Emulation.EmulationException.class);
    }

    private static Emulated hopper(String body) {
        return new Emulated(
                        "KERNEL void k(TENSOR_MAP a, float* c) {\nDYNAMIC_SHARED(room);\n"
                                + "uint at = shared_address(room), bar = at + 1024;\n"
                                + body
                                + "\n}\n",
                        HopperEmulationTest.HEADERS)
                .shared(2048)
                .in(TensorSpec.f32(64), Emulated.integers(64, 1))
                .out(TensorSpec.f32(128));
    }

    private static AbstractThrowableAssert<?, ?> hopperFails(Emulated e) {
        return assertThatThrownBy(() ->
                        e.runWith(
                                HopperEmulationTest.map(
                                        0, DType.FLOAT32, List.of(32L, 2L), List.of(32, 2), 0),
                                GpuPlan.out(0)))
                .isInstanceOf(Emulation.EmulationException.class);
    }

    @Test
    void readBehindTheEnd() {
        fails(kernel("if (LOCAL_ID(0) < 9)\nc[0] = a[LOCAL_ID(0)];"))
                .hasMessageContaining("kernel k, block (0,0,0), thread (8,0,0): read outside")
                .hasMessageContaining("offset 32 of an allocation of 32 bytes")
                .hasMessageContaining("test.cu:3");
    }

    @Test
    void writeBeforeTheBegin() {
        fails(kernel("c[(int)LOCAL_ID(0) - 1] = 0.0f;"))
                .hasMessageContaining("thread (0,0,0): write outside")
                .hasMessageContaining("4 bytes before an allocation of 32 bytes");
    }

    @Test
    void nullPointer() {
        fails(kernel("if (LOCAL_ID(0) == 3 && a[3] == 3.0f) a = 0;\nc[0] = a[1];"))
                .hasMessageContaining("thread (3,0,0): read outside: 4 bytes at 0x4 (test.cu:3)");
    }

    @Test
    void misalignedVector() {
        fails(kernel("if (LOCAL_ID(0) == 1) STOREF4(c, 0, LOADF4(a, 1));"))
                .hasMessageContaining("thread (1,0,0): misaligned access")
                .hasMessageContaining("test.cu:2");
    }

    @Test
    void overrunOfAnArray() {
        fails(kernel("SHARED float s[32];\ns[LOCAL_ID(0) + 1] = 0.0f;\nc[0] = s[0];"))
                .hasMessageContaining("thread (31,0,0): index 32 outside its array (test.cu:3)");
    }

    @Test
    void overrunOfDynamicSharedMemory() {
        fails(kernel("DYNAMIC_SHARED(s);\ns[8 * LOCAL_ID(0)] = 1;").shared(128))
                .hasMessageContaining(
                        "thread (16,0,0): write outside: 1 bytes at offset 128 of 128");
    }

    @Test
    void divisionByZero() {
        fails(kernel("c[0] = (float)(7 / ((int)LOCAL_ID(0) - 2));"))
                .hasMessageContaining("thread (2,0,0): integer division by zero (test.cu:2)");
    }

    @Test
    void barrierThatNotAllReach() {
        fails(kernel("if (LOCAL_ID(0) < 20) BARRIER();"))
                .hasMessageContaining(
                        "20 threads wait at BARRIER (test.cu:2) (first: thread (0,0,0))")
                .hasMessageContaining("12 threads have ended (first: thread (20,0,0))");
    }

    @Test
    void namedBarrierThatNobodyCompletes() {
        fails(kernel("if (LOCAL_ID(0) < 32) named_barrier(3, 64);", "warp.cuh").threads(64))
                .hasMessageContaining("32 threads wait at named barrier 3");
    }

    @Test
    void lanesInDifferentOperations() {
        fails(
                        kernel(
                                "if (lane_id() < 7) c[0] = shuffle(1.0f, 0); else warp_barrier();",
                                "warp.cuh"))
                .hasMessageContaining(
                        "executes warp barrier while other lanes of its warp execute shuffle");
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void missingBarrierShowsInSomeOrder(long seed) {
        double[] got =
                new Emulated(
                                """
                                KERNEL void k(float* c) {
                                  SHARED float s[64];
                                  s[LOCAL_ID(0)] = 1.0f;
                                  c[LOCAL_ID(0)] = s[LOCAL_ID(0)] + s[63 - LOCAL_ID(0)];
                                }
                                """)
                        .threads(64)
                        .racesAllowed()
                        .shuffled(seed)
                        .out(TensorSpec.f32(64))
                        .run();
        assertThat(got).contains(Double.NaN);
    }

    @Test
    void spinningForEver() {
        fails(
                        kernel(
                                "if (LOCAL_ID(0) == 0) while (semaphore_read((int*)c) != 1) spin_pause();",
                                "grid.cuh"))
                .hasMessageContaining("1 threads spin");
    }

    @Test
    void semaphoreLeftBehind() {
        assertThatThrownBy(() ->
                        new Emulated(
                                        "KERNEL void k(float* c, int* s) { semaphore_add(s + 2, 1); c[0] = 0.0f; }",
                                        "grid.cuh")
                                .out(TensorSpec.f32(1))
                                .run(new GpuPlan.Arg.Semaphores()))
                .hasMessageContaining("leaves semaphore 2 at 32");
    }

    @Test
    void launchesThatNoDeviceTakes() {
        fails(kernel("c[0] = 0.0f;").threads(1025)).hasMessageContaining("1025 threads in a block");
        fails(kernel("c[0] = 0.0f;").shared(200 << 10)).hasMessageContaining("204800 of dynamic");
    }

    @Test
    void textThatDoesNotCompile() {
        fails(kernel("c[0] = nothing;"))
                .hasMessageContaining("test.cu:2:")
                .hasMessageContaining("nothing");
    }

    @Test
    void copyAsyncMisalignedOrOutside() {
        fails(
                        kernel(
                                "SHARED float s[64];\ncopy_async_16(shared_address(s + 1), a, 16);",
                                "tensor.cuh"))
                .hasMessageContaining("no multiple of 16");
        fails(
                        kernel(
                                "SHARED float s[64];\ncopy_async_16(shared_address(s), a + 8, 16);",
                                "tensor.cuh"))
                .hasMessageContaining("cp.async reads outside");
    }

    @Test
    void ldmatrixOutsideSharedMemory() {
        fails(
                        kernel(
                                "SHARED float s[64];\nuint r[4];\nldmatrix_x4(r, shared_address(s) + 16 * lane_id());\n"
                                        + "c[0] = AS_FLOAT(r[0]);",
                                "warp.cuh",
                                "tensor.cuh"))
                .hasMessageContaining("ldmatrix: 16 bytes at shared address");
    }

    @Test
    void mbarrierFaults() {
        hopperFails(hopper("mbarrier_wait(bar, 0);")).hasMessageContaining("is no mbarrier");
        hopperFails(
                        hopper(
                                "if (LOCAL_ID(0) == 0) mbarrier_init(bar, 33);\nBARRIER();\nmbarrier_arrive(bar);\nmbarrier_wait(bar, 0);"))
                .hasMessageContaining("32 threads wait at mbarrier_wait");
        hopperFails(
                        hopper(
                                "if (LOCAL_ID(0) == 0) { mbarrier_init(bar, 1); ((float*)room)[256] = 1.0f; mbarrier_wait(bar, 1); }"))
                .hasMessageContaining("was written over");
    }

    @Test
    void copyEngineFaults() {
        String start = "if (LOCAL_ID(0) == 0) { mbarrier_init(bar, 1); mbarrier_fence_init(); ";
        hopperFails(
                        hopper(
                                "if (LOCAL_ID(0) == 0) { mbarrier_init(bar, 1); tma_load_2d(at, &a, bar, 0, 0); }"))
                .hasMessageContaining("mbarrier_fence_init");
        hopperFails(hopper(start + "tma_load_2d(at + 16, &a, bar, 0, 0); }"))
                .hasMessageContaining("no multiple of 128");
        hopperFails(hopper(start + "tma_load_2d(at, &a, bar, 1, 0); }"))
                .hasMessageContaining("begins at no multiple of 16 bytes");
        hopperFails(hopper(start + "tma_load_3d(at, &a, bar, 0, 0, 0); }"))
                .hasMessageContaining("3 coordinates for a tensor map of rank 2");
        hopperFails(
                        hopper(
                                start
                                        + "mbarrier_arrive_expect(bar, 256); tma_load_2d(at, &a, bar, 0, 0); }"))
                .hasMessageContaining("nobody waits for it");
        hopperFails(
                        hopper(
                                start
                                        + "mbarrier_arrive_expect(bar, 128); tma_load_2d(at, &a, bar, 0, 0); mbarrier_wait(bar, 0); }"))
                .hasMessageContaining("1 threads wait at mbarrier_wait");
        hopperFails(
                        hopper(
                                "if (LOCAL_ID(0) == 0) { tma_store_2d(&a, at, 0, 0); tma_store_commit(); }"))
                .hasMessageContaining("tma_store may still read");
    }

    @Test
    void dataReadBeforeTheCopyEngineBroughtIt() {
        double[] got =
                hopper(
                                """
                                if (LOCAL_ID(0) == 0) {
                                  mbarrier_init(bar, 1);
                                  mbarrier_fence_init();
                                  mbarrier_arrive_expect(bar, 256);
                                  tma_load_2d(at, &a, bar, 0, 0);
                                }
                                BARRIER();
                                c[LOCAL_ID(0)] = ((float*)room)[LOCAL_ID(0)];
                                mbarrier_wait(bar, 0);
                                """)
                        .runWith(
                                HopperEmulationTest.map(
                                        0, DType.FLOAT32, List.of(32L, 2L), List.of(32, 2), 0),
                                GpuPlan.out(0));
        assertThat(java.util.Arrays.copyOf(got, 32)).containsOnly(Double.NaN);
    }

    @Test
    void wgmmaFaults() {
        String wgmma =
                "float d[32]; for (int i = 0; i < 32; i++) d[i] = 0.0f;\n%s"
                        + "wgmma_f16<0, 0>(d, wgmma_descriptor(%s), wgmma_descriptor(at, 0, 1024, 128), 1);\n"
                        + "wgmma_commit();\nwgmma_wait<0>();\nc[0] = d[0];";
        String good = "at, 0, 1024, 128";
        hopperFails(hopper(String.format(wgmma, "", good)).shared(8192).threads(128))
                .hasMessageContaining("without wgmma_fence");
        hopperFails(hopper(String.format(wgmma, "wgmma_fence();", good)).shared(8192).threads(96))
                .hasMessageContaining("whole warpgroup");
        hopperFails(hopper(String.format(wgmma, "wgmma_fence();", good)).shared(4096).threads(128))
                .hasMessageContaining("outside the block's shared memory");
        hopperFails(
                        hopper(String.format(wgmma, "wgmma_fence();", "at + 256, 0, 1024, 128"))
                                .shared(16384)
                                .threads(128))
                .hasMessageContaining("inside a row group");
        hopperFails(
                        hopper(
                                        String.format(
                                                wgmma,
                                                "wgmma_fence();",
                                                "at + (LOCAL_ID(0) == 77 ? 1024 : 0), 0, 1024, 128"))
                                .shared(16384)
                                .threads(128))
                .hasMessageContaining("different wgmmas");
    }

    @Test
    void clusterFaults() {
        hopperFails(hopper("c[0] = cluster_load(cluster_address(at, 1));"))
                .hasMessageContaining("no block 1 in a cluster of 1");
        hopperFails(hopper("c[0] = cluster_load4(cluster_address(at + 8, 0)).x;"))
                .hasMessageContaining("no multiple of 16");
        hopperFails(hopper("cluster_wait();")).hasMessageContaining("without cluster_arrive");
    }
}
