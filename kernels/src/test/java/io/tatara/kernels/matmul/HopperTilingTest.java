package io.tatara.kernels.matmul;

import static org.assertj.core.api.Assertions.assertThat;

import io.tatara.kernels.gpu.GpuTraits;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class HopperTilingTest {
    private static final int SHARED = GpuTraits.cuda(90, 132).maxShared();

    private static HopperTiling h200(int m, int n, int k) {
        return HopperTiling.of(m, n, k, 1, true, 132);
    }

    @Test
    void everyElementBelongsToOneTile() {
        Random random = new Random(7);
        for (int round = 0; round < 400; round++) {
            int m = 1 + random.nextInt(round % 3 == 0 ? 5000 : 700);
            int n = 1 + random.nextInt(round % 5 == 0 ? 5000 : 700);
            int k = 1 + random.nextInt(round % 2 == 0 ? 9000 : 300);
            boolean wide = round % 4 == 1;
            int batches = wide ? 1 : 1 + random.nextInt(4);
            int units = 1 + random.nextInt(150);
            HopperTiling t =
                    wide
                            ? HopperTiling.wide(m, n, k, round % 2 == 0, units, 40)
                            : HopperTiling.of(m, n, k, batches, round % 2 == 0, units);
            Set<String> seen = new HashSet<>();
            for (int i = 0; i < t.tiles(); i++) {
                for (int rank = 0; rank < t.cluster(); rank++) {
                    int[] p = t.place(i, rank);
                    assertThat(p[0] % HopperTiling.BM).isZero();
                    assertThat(p[1] % t.bn()).isZero();
                    assertThat(p[2]).isBetween(0, batches - 1);
                    assertThat(p[3]).isBetween(0, t.splits() - 1);
                    if (p[0] < m && p[1] < n) {
                        assertThat(seen.add(p[0] + "," + p[1] + "," + p[2] + "," + p[3])).isTrue();
                    }
                }
            }
            int rows = (m + HopperTiling.BM - 1) / HopperTiling.BM;
            int cols = (n + t.bn() - 1) / t.bn();
            assertThat(seen).as(t.toString()).hasSize(rows * cols * batches * t.splits());
            assertThat(t.slices() * HopperTiling.BK).isBetween(k, k + HopperTiling.BK - 1);
            assertThat((t.splits() - 1) * t.depth()).as("the last piece").isLessThan(t.slices());
            assertThat(t.splits() * t.depth()).isGreaterThanOrEqualTo(t.slices());
            assertThat(t.shared()).isLessThanOrEqualTo(SHARED);
            assertThat((long) t.clusters()).isBetween(1L, t.tiles());
        }
    }

    @Test
    void largeProductsTakeLargeTilesAndClusters() {
        for (int size : new int[] {4096, 8192}) {
            HopperTiling t = h200(size, size, size);
            assertThat(t.bn()).isEqualTo(256);
            assertThat(t.cluster()).isEqualTo(2);
            assertThat(t.splits()).isEqualTo(1);
            assertThat(t.clusters()).isEqualTo(66);
            assertThat(t.group()).isEqualTo(8);
            assertThat(t.staged()).isTrue();
            assertThat(t.stages()).isEqualTo(3);
        }
    }

    @Test
    void smallGridsSplitTheSum() {
        HopperTiling t = h200(256, 256, 8192);
        assertThat(t.splits()).isGreaterThan(4);
        assertThat(t.staged()).isFalse();
        assertThat(t.clusters() * t.cluster()).isGreaterThan(60);
        assertThat(h200(256, 256, 128).splits()).as("short sums").isEqualTo(1);
        assertThat(h200(4096, 4096, 256).splits()).as("a full device").isEqualTo(1);
    }

    @Test
    void narrowProductsTakeNarrowTiles() {
        assertThat(h200(16384, 64, 1024).bn()).isEqualTo(64);
        assertThat(h200(128, 65536, 1024).cluster()).as("one row of tiles").isEqualTo(1);
    }
}
