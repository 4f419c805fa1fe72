package io.tatara.kernels.emulation;

import static org.assertj.core.api.Assertions.assertThat;

import io.tatara.kernels.DType;
import io.tatara.kernels.Shape;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.gpu.GpuPlan;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The emulation's bodies of hopper.cuh: the copy engine, mbarriers, clusters and wgmma. */
class HopperEmulationTest {
    static final String[] HEADERS = {"warp.cuh", "tensor.cuh", "hopper.cuh"};

    /** c [64, N] = a · b with K = 64, tiles fetched by the copy engine, one warpgroup. */
    private static final String PRODUCT =
            """
            KERNEL void k(TENSOR_MAP a, TENSOR_MAP b, float* c) {
              DYNAMIC_SHARED(room);
              uint at = shared_address(room), bt = at + 8192, bar = bt + COLS * 128;
              if (LOCAL_ID(0) == 0) {
                mbarrier_init(bar, 1);
                mbarrier_fence_init();
              }
              BARRIER();
              if (LOCAL_ID(0) == 0) {
                mbarrier_arrive_expect(bar, 8192 + COLS * 128);
                for (int p = 0; p < 128 / SW; p++) tma_load_3d(at + p * 64 * SW, &a, bar, p * SW / 2, 0, 0);
                for (int p = 0; p < (TB ? 2 * COLS : 128) / SW; p++)
                  tma_load_3d(bt + p * (TB ? 64 : COLS) * SW, &b, bar, p * SW / 2, 0, 0);
              }
              mbarrier_wait(bar, 0);
              float d[COLS / 2];
              wgmma_fence();
              for (int s = 0; s < 4; s++) {
                uint x = at + (TA ? s * 16 * SW : s / (SW / 32) * 64 * SW + s % (SW / 32) * 32);
                uint y = bt + (TB ? s * 16 * SW : s / (SW / 32) * COLS * SW + s % (SW / 32) * 32);
                WGMMA<TA, TB>(d, wgmma_descriptor(x, 64 * SW, 8 * SW, SW), wgmma_descriptor(y, 64 * SW, 8 * SW, SW), s > 0);
              }
              wgmma_commit();
              wgmma_wait<0>();
              int i = LOCAL_ID(0);
              for (int j = 0; j < COLS / 2; j++)
                c[(i / 32 * 16 + i % 32 / 4 + j / 2 % 2 * 8) * COLS + j / 4 * 8 + i % 4 * 2 + j % 2] = d[j];
            }
            """;

    @ParameterizedTest
    @CsvSource({
        "128,0,0,64,1", "128,0,0,128,2", "128,0,0,256,1", "128,1,0,64,2", "128,0,1,128,1",
        "128,1,1,256,2", "64,0,0,64,1", "64,1,1,128,1", "64,0,1,64,2", "32,0,0,64,1",
        "32,1,0,64,1", "128,0,0,192,2", "64,1,0,8,1", "32,0,1,128,2", "32,1,1,64,1"
    })
    void wgmma(int swizzle, int transA, int transB, int n, int storage) {
        DType type = storage == 1 ? DType.FLOAT16 : DType.BFLOAT16;
        double[] a = Emulated.integers(64 * 64, n);
        double[] b = Emulated.integers(64 * n, swizzle);
        int wide = swizzle / 2;
        double[] got =
                new Emulated(PRODUCT, HEADERS)
                        .define("SW", swizzle)
                        .define("TA", transA)
                        .define("TB", transB)
                        .define("COLS", n)
                        .define("WGMMA", storage == 1 ? "wgmma_f16" : "wgmma_bf16")
                        .threads(128)
                        .shared(8192 + n * 128 + 8)
                        .in(
                                new TensorSpec(type, Shape.of(64, 64)),
                                transA == 1 ? Emulated.transposed(a, 64, 64) : a)
                        .in(
                                new TensorSpec(type, Shape.of(64 * n)),
                                transB == 1 ? b : Emulated.transposed(b, 64, n))
                        .out(TensorSpec.f32(64, n))
                        .runWith(
                                map(0, type, List.of(64L, 64L, 1L), List.of(wide, 64, 1), swizzle),
                                transB == 1
                                        ? map(
                                                1,
                                                type,
                                                List.of((long) n, 64L, 1L),
                                                List.of(wide, 64, 1),
                                                swizzle)
                                        : map(
                                                1,
                                                type,
                                                List.of(64L, (long) n, 1L),
                                                List.of(wide, n, 1),
                                                swizzle),
                                GpuPlan.out(0));
        assertThat(got).isEqualTo(Emulated.product(a, b, 64, n, 64));
    }

    /** A dense array's map. */
    static GpuPlan.Arg map(
            int input, DType type, List<Long> extents, List<Integer> box, int swizzle) {
        long row = extents.get(0) * type.bytes();
        List<Long> strides =
                extents.size() == 2 ? List.of(row) : List.of(row, row * extents.get(1));
        return new GpuPlan.Arg.TensorMap(
                GpuPlan.in(input), 0, type, extents, strides, box, swizzle);
    }

    @Test
    void loadsFillWithZerosOutside() {
        double[] a = Emulated.integers(3 * 5 * 8, 1);
        double[] got =
                new Emulated(
                                """
                                KERNEL void k(TENSOR_MAP a, TENSOR_MAP flat, float* c) {
                                  DYNAMIC_SHARED(room);
                                  float* s = (float*)room;
                                  uint at = shared_address(room), bar = at + 1536;
                                  if (LOCAL_ID(0) == 0) {
                                    mbarrier_init(bar, 1);
                                    mbarrier_fence_init();
                                    tma_prefetch(&a);
                                    mbarrier_arrive_expect(bar, 1024 + 256);
                                    tma_load_3d(at, &a, bar, 4, -1, 2);
                                    tma_load_2d(at + 1024, &flat, bar, -4, 14);
                                  }
                                  BARRIER();
                                  mbarrier_wait(bar, 0);
                                  for (int i = LOCAL_ID(0); i < 320; i += 32) c[i] = s[i];
                                }
                                """,
                                HEADERS)
                        .shared(2048)
                        .in(TensorSpec.f32(3, 5, 8), a)
                        .out(TensorSpec.f32(320))
                        .runWith(
                                map(0, DType.FLOAT32, List.of(8L, 5L, 3L), List.of(8, 8, 4), 0),
                                map(0, DType.FLOAT32, List.of(8L, 15L), List.of(8, 8), 0),
                                GpuPlan.out(0));
        for (int i = 0; i < 256; i++) {
            int x = i % 8 + 4;
            int y = i / 8 % 8 - 1;
            int z = i / 64 + 2;
            boolean inside = x < 8 && y >= 0 && y < 5 && z < 3;
            assertThat(got[i]).isEqualTo(inside ? a[(z * 5 + y) * 8 + x] : 0);
        }
        for (int i = 0; i < 64; i++) {
            int x = i % 8 - 4;
            int y = i / 8 + 14;
            assertThat(got[256 + i]).isEqualTo(x >= 0 && y < 15 ? a[y * 8 + x] : 0);
        }
    }

    @Test
    void storesLeaveTheOutsideAlone() {
        double[] got =
                new Emulated(
                                """
                                KERNEL void k(TENSOR_MAP c, float* unused) {
                                  DYNAMIC_SHARED(room);
                                  float* s = (float*)room;
                                  for (int i = LOCAL_ID(0); i < 64; i += 32) s[i] = (float)i;
                                  fence_async_shared();
                                  BARRIER();
                                  if (LOCAL_ID(0) == 0) {
                                    tma_store_3d(&c, shared_address(room), 4, 1, 0);
                                    tma_store_commit();
                                    tma_store_wait_read<0>();
                                  }
                                }
                                """,
                                HEADERS)
                        .shared(256)
                        .out(TensorSpec.f32(6, 8))
                        .runWith(
                                new GpuPlan.Arg.TensorMap(
                                        GpuPlan.out(0),
                                        0,
                                        DType.FLOAT32,
                                        List.of(8L, 6L, 1L),
                                        List.of(32L, 192L),
                                        List.of(8, 8, 1),
                                        0),
                                GpuPlan.out(0));
        for (int i = 0; i < 48; i++) {
            int x = i % 8 - 4;
            int y = i / 8 - 1;
            if (x >= 0 && y >= 0) {
                assertThat(got[i]).isEqualTo(y * 8 + x);
            } else {
                assertThat(got[i]).isNaN();
            }
        }
    }

    /** A ring of two stages: one warp fetches, another adds up. */
    @ParameterizedTest
    @ValueSource(longs = {0, 1, 2, 3, 4})
    void pipeline(long seed) {
        double[] a = Emulated.integers(10 * 64, 9);
        double[] got =
                new Emulated(
                                """
                                KERNEL void k(TENSOR_MAP a, float* c) {
                                  DYNAMIC_SHARED(room);
                                  uint at = shared_address(room), full = at + 512, empty = at + 528;
                                  if (LOCAL_ID(0) == 0) {
                                    for (int i = 0; i < 2; i++) {
                                      mbarrier_init(full + 8 * i, 1);
                                      mbarrier_init(empty + 8 * i, 32);
                                    }
                                    mbarrier_fence_init();
                                  }
                                  BARRIER();
                                  if (LOCAL_ID(0) < 32) {
                                    if (LOCAL_ID(0) == 0)
                                      for (int n = 0; n < 10; n++) {
                                        int stage = n % 2, round = n / 2;
                                        mbarrier_wait(empty + 8 * stage, (round + 1) % 2);
                                        mbarrier_arrive_expect(full + 8 * stage, 256);
                                        tma_load_2d(at + 256 * stage, &a, full + 8 * stage, 0, n);
                                      }
                                  } else {
                                    float sum = 0.0f;
                                    int i = LOCAL_ID(0) - 32;
                                    for (int n = 0; n < 10; n++) {
                                      int stage = n % 2, round = n / 2;
                                      mbarrier_wait(full + 8 * stage, round % 2);
                                      float* s = (float*)(room + 256 * stage);
                                      sum += (n + 1) * (s[i] + s[63 - i]);
                                      mbarrier_arrive(empty + 8 * stage);
                                    }
                                    c[i] = sum;
                                  }
                                }
                                """,
                                HEADERS)
                        .threads(64)
                        .shuffled(seed)
                        .shared(544)
                        .in(TensorSpec.f32(10, 64), a)
                        .out(TensorSpec.f32(32))
                        .runWith(
                                map(0, DType.FLOAT32, List.of(64L, 10L), List.of(64, 1), 0),
                                GpuPlan.out(0));
        for (int i = 0; i < 32; i++) {
            double want = 0;
            for (int n = 0; n < 10; n++) {
                want += (n + 1) * (a[n * 64 + i] + a[n * 64 + 63 - i]);
            }
            assertThat(got[i]).isEqualTo(want);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 5, 6})
    void clusterSharesMemoryAndMulticasts(long seed) {
        double[] a = Emulated.integers(2 * 2 * 32, 11);
        double[] got =
                new Emulated(
                                """
                                extern "C" __global__ void __cluster_dims__(2, 1, 1) k(TENSOR_MAP a, float* c) {
                                  DYNAMIC_SHARED(room);
                                  SHARED float own[32];
                                  uint at = shared_address(room), bar = at + 256, done = at + 264;
                                  int i = LOCAL_ID(0), rank = cluster_rank(), other = rank ^ 1;
                                  if (i == 0) {
                                    mbarrier_init(bar, 1);
                                    mbarrier_init(done, 2);
                                    mbarrier_fence_init();
                                  }
                                  own[i] = (float)(1000 * GROUP_ID(0) + i);
                                  cluster_arrive();
                                  cluster_wait();
                                  if (i == 0) {
                                    mbarrier_arrive_expect(bar, 256);
                                    tma_load_3d_multicast(at + 128 * rank, &a, bar, 0, rank, GROUP_ID(0) / 2, 3);
                                  }
                                  float far = cluster_load(cluster_address(shared_address(own + i), other));
                                  mbarrier_wait(bar, 0);
                                  float* s = (float*)room;
                                  float both = s[i] + 10 * s[32 + i];
                                  if (i == 0) {
                                    mbarrier_arrive_cluster(done, 0);
                                    mbarrier_arrive_cluster(done, 1);
                                  }
                                  mbarrier_wait(done, 0);
                                  cluster_store(cluster_address(at + 4 * i, other), (float)GROUP_ID(0));
                                  cluster_arrive();
                                  cluster_wait();
                                  c[GROUP_ID(0) * 96 + i] = far;
                                  c[GROUP_ID(0) * 96 + 32 + i] = both;
                                  c[GROUP_ID(0) * 96 + 64 + i] = s[i];
                                }
                                """,
                                HEADERS)
                        .groups(4)
                        .shuffled(seed)
                        .shared(272)
                        .in(TensorSpec.f32(2, 2, 32), a)
                        .out(TensorSpec.f32(4, 3, 32))
                        .runWith(
                                map(0, DType.FLOAT32, List.of(32L, 2L, 2L), List.of(32, 1, 1), 0),
                                GpuPlan.out(0));
        for (int g = 0; g < 4; g++) {
            for (int i = 0; i < 32; i++) {
                assertThat(got[g * 96 + i]).isEqualTo(1000 * (g ^ 1) + i);
                double both = a[g / 2 * 64 + i] + 10 * a[g / 2 * 64 + 32 + i];
                assertThat(got[g * 96 + 32 + i]).isEqualTo(both);
                assertThat(got[g * 96 + 64 + i]).isEqualTo(g ^ 1);
            }
        }
    }

    /** Numbers that bring their own signal are there behind the wait, and not before. */
    @ParameterizedTest
    @ValueSource(longs = {0, 5})
    void wordsComeWithTheirSignal(long seed) {
        double[] got =
                new Emulated(
                                """
                                extern "C" __global__ void __cluster_dims__(2, 1, 1) k(float* c) {
                                  DYNAMIC_SHARED(room);
                                  uint at = shared_address(room);
                                  uint bar = at + 128;
                                  int i = LOCAL_ID(0);
                                  int other = 1 - cluster_rank();
                                  float* s = (float*)room;
                                  if (i == 0) {
                                    mbarrier_init(bar, 1);
                                    mbarrier_fence_init();
                                  }
                                  s[i] = -1.0f;
                                  cluster_arrive();
                                  cluster_wait();
                                  for (int round = 0; round < 3; round++) {
                                    float x = (float)(100 * round + 1000 * GROUP_ID(0) + i);
                                    cluster_store_async(cluster_address(at + 4 * i, other), x,
                                                        cluster_address(bar, other));
                                    float early = s[i];
                                    if (i == 0) mbarrier_arrive_expect(bar, 128);
                                    mbarrier_wait_copies(bar, round & 1);
                                    c[(GROUP_ID(0) * 3 + round) * 64 + i] = s[i];
                                    c[(GROUP_ID(0) * 3 + round) * 64 + 32 + i] = early;
                                    cluster_arrive();
                                    cluster_wait();
                                  }
                                }
                                """,
                                HEADERS)
                        .groups(2)
                        .shuffled(seed)
                        .shared(144)
                        .out(TensorSpec.f32(2, 3, 64))
                        .run();
        for (int g = 0; g < 2; g++) {
            for (int round = 0; round < 3; round++) {
                for (int i = 0; i < 32; i++) {
                    int at = (g * 3 + round) * 64 + i;
                    assertThat(got[at]).isEqualTo(100 * round + 1000 * (g ^ 1) + i);
                    double early = got[at + 32];
                    double before = round == 0 ? -1 : got[at - 64];
                    assertThat(Double.isNaN(early) || early == before).isTrue();
                }
            }
        }
    }

    @Test
    void accumulatorsReadAsNanUntilTheyAreWaitedFor() {
        double[] got =
                new Emulated(
                                """
                                KERNEL_SIZED(128, 1, 1) void k(float* c) {
                                  DYNAMIC_SHARED(room);
                                  registers_increase<240>();
                                  ushort* s = (ushort*)room; /* no swizzle: bricks of 8 rows x 16 bytes */
                                  for (int i = LOCAL_ID(0); i < 2048; i += 128) s[i] = tatara_to_half(i < 1024 ? 1.0f : 2.0f);
                                  fence_async_shared();
                                  BARRIER();
                                  float d[32];
                                  for (int j = 0; j < 32; j++) d[j] = 5.0f;
                                  uint at = shared_address(room);
                                  wgmma_fence();
                                  for (int n = 0; n < 2; n++)
                                    wgmma_f16<0, 0>(d, wgmma_descriptor(at, 128, 256, 0), wgmma_descriptor(at + 2048, 128, 256, 0), 1);
                                  wgmma_commit();
                                  float early = d[3];
                                  wgmma_wait<0>();
                                  c[LOCAL_ID(0)] = early == early ? 1.0f : 0.0f;
                                  c[128 + LOCAL_ID(0)] = d[3];
                                }
                                """,
                                HEADERS)
                        .define("STORAGE", 1)
                        .threads(128)
                        .shared(4096)
                        .out(TensorSpec.f32(256))
                        .run();
        assertThat(Arrays.copyOf(got, 128)).containsOnly(0);
        assertThat(Arrays.copyOfRange(got, 128, 256)).containsOnly(5 + 2 * 16 * 2);
    }
}
