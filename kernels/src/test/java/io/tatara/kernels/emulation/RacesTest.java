package io.tatara.kernels.emulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tatara.kernels.TensorSpec;
import org.assertj.core.api.AbstractThrowableAssert;
import org.junit.jupiter.api.Test;

/**
 * Shared memory that two threads touch without a barrier between is reported, whatever the order.
 */
class RacesTest {
    private static Emulated kernel(String body) {
        return new Emulated(
                        "KERNEL void k(float* c) {\nSHARED float s[64];\nint i = LOCAL_ID(0);\n"
                                + body
                                + "\n}\n",
                        HopperEmulationTest.HEADERS)
                .threads(64)
                .out(TensorSpec.f32(64));
    }

    private static AbstractThrowableAssert<?, ?> fails(Emulated e) {
        return assertThatThrownBy(e::run).isInstanceOf(Emulation.EmulationException.class);
    }

    @Test
    void readOfWhatAnotherWarpWrote() {
        fails(kernel("s[i] = 1.0f;\nc[i] = s[63 - i];"))
                .hasMessageContaining("thread (32,0,0): race: write at shared address 0x480")
                .hasMessageContaining("thread (31,0,0)'s read")
                .hasMessageEndingWith("(test.cu:4)");
        fails(kernel("s[i] = 1.0f;\nc[i] = s[63 - i];").shuffled(2)).hasMessageContaining("race: ");
        assertThat(kernel("s[i] = 1.0f;\nBARRIER();\nc[i] = s[63 - i];").run()).containsOnly(1);
    }

    @Test
    void writeOfWhatAnotherWarpStillReads() {
        String body = "s[i] = 1.0f;\nBARRIER();\nfloat x = s[63 - i];\n%s\ns[i] = 2.0f;\nc[i] = x;";
        fails(kernel(body.formatted("")))
                .hasMessageContaining("race: read")
                .hasMessageContaining("thread (63,0,0)'s write (test.cu:8)")
                .hasMessageEndingWith("(test.cu:6)");
        assertThat(kernel(body.formatted("BARRIER();")).run()).containsOnly(1);
    }

    @Test
    void lanesOfOneWarp() {
        String body = "s[i] = 1.0f;\n%s\nc[i] = s[i ^ 1];";
        fails(kernel(body.formatted(""))).hasMessageContaining("race: write");
        assertThat(kernel(body.formatted("warp_barrier();")).run()).containsOnly(1);
    }

    @Test
    void namedBarriersOrderThoseWhoMeetThere() {
        String body =
                "if (i < 32) { s[i] = 1.0f; named_barrier_arrive(1, 64); c[i] = 1.0f; }\n"
                        + "else { %s c[i] = s[i - 32]; %s }";
        assertThat(kernel(body.formatted("named_barrier(1, 64);", "")).run()).containsOnly(1);
        fails(kernel(body.formatted("", "named_barrier(1, 64);")).shuffled(3))
                .hasMessageContaining("race");
    }

    @Test
    void copyAsyncIntoWhatIsStillRead() {
        fails(
                        new Emulated(
                                        """
                                        KERNEL void k(const float* a, float* c) {
                                          SHARED float s[64];
                                          int i = LOCAL_ID(0);
                                          copy_async_4(shared_address(s + i), a + i, 4);
                                          copy_async_commit();
                                          copy_async_wait<0>();
                                          BARRIER();
                                          c[i] = s[63 - i];
                                          copy_async_4(shared_address(s + i), a + i, 4);
                                          copy_async_commit();
                                          copy_async_wait<0>();
                                        }
                                        """,
                                        HopperEmulationTest.HEADERS)
                                .threads(64)
                                .in(TensorSpec.f32(64), new double[64])
                                .out(TensorSpec.f32(64)))
                .hasMessageContaining("race: read")
                .hasMessageContaining("thread (63,0,0)'s write (test.cu:9)");
    }

    @Test
    void plainStoresNeedTheProxyFenceBeforeWgmma() {
        String text =
                """
                KERNEL void k(float* c) {
                  DYNAMIC_SHARED(room);
                  for (int i = LOCAL_ID(0); i < 1024; i += 128) ((uint*)room)[i] = 0x3c003c00u;
                  %s
                  BARRIER();
                  float d[32];
                  uint at = shared_address(room);
                  wgmma_fence();
                  wgmma_f16<0, 0>(d, wgmma_descriptor(at, 128, 256, 0), wgmma_descriptor(at + 2048, 128, 256, 0), 0);
                  wgmma_commit();
                  wgmma_wait<0>();
                  c[LOCAL_ID(0)] = d[0];
                }
                """;
        fails(fence(text.formatted(""))).hasMessageContaining("without fence_async_shared");
        assertThat(fence(text.formatted("fence_async_shared();")).run()).containsOnly(16);
    }

    private static Emulated fence(String text) {
        return new Emulated(text, HopperEmulationTest.HEADERS)
                .threads(128)
                .shared(4096)
                .out(TensorSpec.f32(128));
    }
}
