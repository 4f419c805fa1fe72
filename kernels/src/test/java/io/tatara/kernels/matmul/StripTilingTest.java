package io.tatara.kernels.matmul;

import static org.assertj.core.api.Assertions.assertThat;

import io.tatara.kernels.gpu.GpuTraits;
import org.junit.jupiter.api.Test;

class StripTilingTest {
    private static final int SHARED = GpuTraits.cuda(90, 132).maxShared();

    @Test
    void everyShapeFitsAndHasWholeStrips() {
        for (int[] shape : StripTiling.shapes()) {
            for (int reach = 1; reach <= StripTiling.REACH; reach++) {
                for (int depth : new int[] {6, 18}) {
                    StripTiling t = StripTiling.make(shape, 300, 5000, 18, depth, reach, 132);
                    assertThat(t.shared() + TapProduct.tables(t.tile().bn()))
                            .as(t.toString())
                            .isLessThanOrEqualTo(SHARED);
                    assertThat(t.tile().stages()).isBetween(4, 8);
                    assertThat(t.strips()).isBetween(2, 3);
                    assertThat(t.height()).isLessThanOrEqualTo(256);
                    assertThat(t.height() % 8).isZero();
                    int lines = t.boxes() * t.height();
                    assertThat(lines).isGreaterThanOrEqualTo(t.tile().bn() + reach);
                    if (!t.tile().across()) {
                        assertThat(t.boxes() % t.tile().cluster()).isZero();
                    }
                }
            }
        }
    }

    @Test
    void piecesAreWholeRowsOfTaps() {
        for (int taps = 2; taps <= 7; taps++) {
            for (int rows = 1; rows < 40; rows++) {
                int k = rows * taps * HopperTiling.BK;
                StripTiling t = StripTiling.of(70, 500, k, taps, taps - 1, 132, 16);
                assertThat(t.tile().depth() % taps).isZero();
                assertThat(t.tile().slices()).isEqualTo(rows * taps);
                assertThat((t.tile().splits() - 1) * t.tile().depth()).isLessThan(rows * taps);
            }
        }
    }
}
