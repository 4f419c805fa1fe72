package io.tatara.kernels.emulation;

import static org.assertj.core.api.Assertions.assertThat;

import io.tatara.kernels.DType;
import io.tatara.kernels.Shape;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.gpu.GpuPlan;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The emulation's bodies of warp.cuh, grid.cuh and tensor.cuh, against plain loops. */
class TensorEmulationTest {
    /** Fragments as the PTX ISA draws them, loaded element by element. */
    private static final String MMA =
            """
            KERNEL void k(const ELEM* a, const ELEM* b, float* c) {
              int g = lane_id() / 4, t = lane_id() % 4;
              uint x[4], y[2];
              for (int r = 0; r < 4; r++) {
                int row = g + r % 2 * 8, col = 2 * t + r / 2 * 8;
                x[r] = a[row * 16 + col] | (uint)a[row * 16 + col + 1] << 16;
              }
              for (int r = 0; r < 2; r++) {
                int row = 2 * t + r * 8;
                y[r] = b[row * 8 + g] | (uint)b[(row + 1) * 8 + g] << 16;
              }
              float d[4] = {1.0f, 1.0f, 1.0f, 1.0f};
              float e[4];
              MMA(e, x, y, d);
              MMA(d, x, y);
              for (int r = 0; r < 4; r++) c[(g + r / 2 * 8) * 8 + 2 * t + r % 2] = d[r] + 1024.0f * e[r];
            }
            """;

    @ParameterizedTest
    @EnumSource(
            value = DType.class,
            names = {"FLOAT16", "BFLOAT16"})
    void mmaOfHalves(DType type) {
        double[] a = Emulated.integers(256, 1);
        double[] b = Emulated.integers(128, 2);
        double[] want = Emulated.product(a, b, 16, 8, 16);
        double[] got =
                new Emulated(MMA, "warp.cuh", "tensor.cuh")
                        .define("STORAGE", type == DType.FLOAT16 ? 1 : 2)
                        .define("MMA", type == DType.FLOAT16 ? "mma_f16" : "mma_bf16")
                        .in(new TensorSpec(type, Shape.of(16, 16)), a)
                        .in(new TensorSpec(type, Shape.of(16, 8)), b)
                        .out(TensorSpec.f32(16, 8))
                        .run();
        assertThat(got).isEqualTo(Arrays.stream(want).map(x -> 1025 * (x + 1)).toArray());
    }

    @Test
    void mmaOfTf32SeesElevenBits() {
        double[] a = Emulated.integers(128, 3);
        double[] b = Emulated.integers(64, 4);
        a[0] = 1 + 0x1p-11; // a tie: away from zero
        a[1] = 1 + 0x1p-12; // below the tie
        double[] rounded = a.clone();
        rounded[0] = 1 + 0x1p-10;
        rounded[1] = 1;
        double[] got =
                new Emulated(
                                """
                                KERNEL void k(const float* a, const float* b, float* c) {
                                  int g = lane_id() / 4, t = lane_id() % 4;
                                  uint x[4], y[2];
                                  for (int r = 0; r < 4; r++) x[r] = to_tf32(a[(g + r % 2 * 8) * 8 + t + r / 2 * 4]);
                                  for (int r = 0; r < 2; r++) y[r] = to_tf32(b[(t + r * 4) * 8 + g]);
                                  float d[4] = {0.0f, 0.0f, 0.0f, 0.0f};
                                  mma_tf32(d, x, y);
                                  for (int r = 0; r < 4; r++) c[(g + r / 2 * 8) * 8 + 2 * t + r % 2] = d[r];
                                }
                                """,
                                "warp.cuh", "tensor.cuh")
                        .in(TensorSpec.f32(16, 8), a)
                        .in(TensorSpec.f32(8, 8), b)
                        .out(TensorSpec.f32(16, 8))
                        .run();
        assertThat(got).isEqualTo(Emulated.product(rounded, b, 16, 8, 8));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void ldmatrix(boolean trans) {
        // Four 8x8 matrices below each other; element = its index.
        double[] a = java.util.stream.IntStream.range(0, 256).asDoubleStream().toArray();
        double[] got =
                new Emulated(
                                """
                                KERNEL void k(const ELEM* a, float* c) {
                                  SHARED ELEM s[256];
                                  for (int i = lane_id(); i < 256; i += 32) s[i] = a[i];
                                  warp_barrier();
                                  uint r[4];
                                  LOAD(r, shared_address(s + lane_id() * 8));
                                  for (int m = 0; m < 4; m++) {
                                    c[(m * 32 + lane_id()) * 2] = tatara_from_half((ushort)r[m]);
                                    c[(m * 32 + lane_id()) * 2 + 1] = tatara_from_half((ushort)(r[m] >> 16));
                                  }
                                }
                                """,
                                "warp.cuh",
                                "tensor.cuh")
                        .define("STORAGE", 1)
                        .define("LOAD", trans ? "ldmatrix_x4_trans" : "ldmatrix_x4")
                        .in(new TensorSpec(DType.FLOAT16, Shape.of(256)), a)
                        .out(TensorSpec.f32(256))
                        .run();
        for (int m = 0; m < 4; m++) {
            for (int lane = 0; lane < 32; lane++) {
                for (int e = 0; e < 2; e++) {
                    int row = trans ? lane % 4 * 2 + e : lane / 4;
                    int col = trans ? lane / 4 : lane % 4 * 2 + e;
                    assertThat(got[(m * 32 + lane) * 2 + e]).isEqualTo(m * 64 + row * 8 + col);
                }
            }
        }
    }

    @Test
    void roundingOfPackedHalves() {
        double[] x = {1 + 0x1p-11, 65504, 1e-7, -3.14159, 65520, 0, 2, 7};
        double[] got =
                new Emulated(
                                """
                                KERNEL void k(const float* a, float* c) {
                                  int i = lane_id();
                                  if (i < 8) {
                                    uint h = pack_f16(a[i], -a[i]), b = pack_bf16(a[i], -a[i]);
                                    c[i * 4] = tatara_from_half((ushort)h);
                                    c[i * 4 + 1] = tatara_from_half((ushort)(h >> 16));
                                    c[i * 4 + 2] = AS_FLOAT(b << 16);
                                    c[i * 4 + 3] = AS_FLOAT(b & 0xffff0000u);
                                  }
                                }
                                """,
                                "warp.cuh",
                                "tensor.cuh")
                        .in(TensorSpec.f32(8), x)
                        .out(TensorSpec.f32(8, 4))
                        .run();
        for (int i = 0; i < 8; i++) {
            float h = Float.float16ToFloat(Float.floatToFloat16((float) x[i]));
            double b = io.tatara.kernels.check.Rounding.round(x[i], DType.BFLOAT16);
            assertThat(Arrays.copyOfRange(got, i * 4, i * 4 + 4)).containsExactly(h, -h, b, -b);
        }
    }

    @Test
    void copiesBehindTheBack() {
        double[] a = Emulated.integers(100, 5);
        double[] got =
                new Emulated(
                                """
                                KERNEL void k(const float* a, float* c) {
                                  SHARED float s[2][128];
                                  int i = LOCAL_ID(0);
                                  int left = 100 - 4 * i;
                                  int bytes = left >= 4 ? 16 : left > 0 ? 4 * left : 0;
                                  copy_async_16(shared_address(&s[0][4 * i]), bytes > 0 ? a + 4 * i : a, bytes);
                                  copy_async_commit();
                                  copy_async_8(shared_address(&s[1][4 * i]), a, 8);
                                  copy_async_4(shared_address(&s[1][4 * i + 2]), a, 4);
                                  copy_async_4(shared_address(&s[1][4 * i + 3]), a, 0);
                                  copy_async_commit();
                                  copy_async_wait<1>();
                                  for (int j = 0; j < 4; j++) c[4 * i + j] = s[0][4 * i + j];
                                  c[128 + i] = s[1][4 * i] == s[1][4 * i] ? 0.0f : 1.0f; /* under way: NaN */
                                  copy_async_wait<0>();
                                  c[160 + i] = s[1][4 * i + 1] + 100 * s[1][4 * i + 2] + s[1][4 * i + 3];
                                }
                                """,
                                "warp.cuh",
                                "tensor.cuh")
                        .in(TensorSpec.f32(100), a)
                        .out(TensorSpec.f32(192))
                        .run();
        assertThat(Arrays.copyOf(got, 100)).isEqualTo(a);
        assertThat(Arrays.copyOfRange(got, 100, 128)).containsOnly(0);
        assertThat(Arrays.copyOfRange(got, 128, 160)).containsOnly(1);
        assertThat(Arrays.copyOfRange(got, 160, 192)).containsOnly(a[1] + 100 * a[0]);
    }

    @Test
    void shufflesAndVotes() {
        double[] got =
                new Emulated(
                                """
                                KERNEL void k(float* c) {
                                  int i = lane_id();
                                  c[i] = warp_sum((float)i);
                                  c[32 + i] = warp_max((float)(i * 7 % 32));
                                  c[64 + i] = shuffle(i * 2, 5);
                                  c[96 + i] = __shfl_up_sync(0xffffffffu, i, 3);
                                  c[128 + i] = __shfl_down_sync(0xffffffffu, i, 3, 8);
                                  c[160 + i] = i < 8 ? __shfl_xor_sync(0xffu, i, 4) : __popc(__ballot_sync(~0xffu, i % 2));
                                }
                                """,
                                "warp.cuh")
                        .out(TensorSpec.f32(192))
                        .run();
        for (int i = 0; i < 32; i++) {
            assertThat(got[i]).isEqualTo(496);
            assertThat(got[32 + i]).isEqualTo(31);
            assertThat(got[64 + i]).isEqualTo(10);
            assertThat(got[96 + i]).isEqualTo(i < 3 ? i : i - 3);
            assertThat(got[128 + i]).isEqualTo(i % 8 < 5 ? i + 3 : i);
            assertThat(got[160 + i]).isEqualTo(i < 8 ? i ^ 4 : 12);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1, 2, 3})
    void namedBarriersPassWorkFromHandToHand(long seed) {
        double[] got =
                new Emulated(
                                """
                                KERNEL void k(float* c) {
                                  SHARED float s[32];
                                  int i = LOCAL_ID(0) % 32;
                                  for (int n = 0; n < 5; n++) {
                                    if (LOCAL_ID(0) < 32) {
                                      if (n > 0) named_barrier(2, 64);
                                      s[i] = (float)(n * 100 + i);
                                      named_barrier_arrive(1, 64);
                                    } else {
                                      named_barrier(1, 64);
                                      c[n * 32 + i] = s[31 - i];
                                      if (n < 4) named_barrier_arrive(2, 64);
                                    }
                                  }
                                }
                                """,
                                "warp.cuh")
                        .threads(64)
                        .shuffled(seed)
                        .out(TensorSpec.f32(5, 32))
                        .run();
        for (int n = 0; n < 5; n++) {
            for (int i = 0; i < 32; i++) {
                assertThat(got[n * 32 + i]).isEqualTo(n * 100 + 31 - i);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 7})
    void blocksMeetAtTheGridBarrier(long seed) {
        double[] got =
                new Emulated(
                                """
                                KERNEL void k(float* c, int* s, int groups) {
                                  SHARED float own[1];
                                  for (int n = 1; n <= 4; n++) {
                                    if (LOCAL_ID(0) == 0) own[0] = n == 1 ? 1.0f : c[(GROUP_ID(0) + 1) % groups + groups * n % (2 * groups)];
                                    BARRIER();
                                    if (LOCAL_ID(0) == 31) c[GROUP_ID(0) + groups * (n + 1) % (2 * groups)] = own[0] + GROUP_ID(0);
                                    grid_barrier(s, groups, n);
                                  }
                                  grid_barrier_done(s, groups);
                                }
                                """,
                                "grid.cuh")
                        .groups(6)
                        .cooperative()
                        .shuffled(seed)
                        .out(TensorSpec.f32(12))
                        .run(new GpuPlan.Arg.Semaphores(), 6);
        for (int g = 0; g < 6; g++) {
            double want = 1;
            for (int n = 1; n <= 4; n++) {
                want += (g + 4 - n) % 6;
            }
            assertThat(got[g + 6 * 5 % 12]).isEqualTo(want);
        }
    }
}
