package io.tatara.kernels.pointwise;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class PhiloxTest {
    /**
     * The known answers that come with the paper's own implementation (Random123, philox4x32 of 10
     * rounds).
     */
    @Test
    void knownAnswers() {
        assertThat(Philox.block(0, 0, 0, 0, 0, 0))
                .containsExactly(0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8);
        assertThat(Philox.block(-1, -1, -1, -1, -1, -1))
                .containsExactly(0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd);
        assertThat(
                        Philox.block(
                                0xa4093822,
                                0x299f31d0,
                                0x243f6a88,
                                0x85a308d3,
                                0x13198a2e,
                                0x03707344))
                .containsExactly(0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1);
    }

    @Test
    void aRunIsTheNumbersOfItsElements() {
        for (int n : new int[] {0, 1, 3, 4, 67, 255, 256, 259, 1021, 1024}) {
            float[] y = new float[n + 2];
            Arrays.fill(y, -1f);
            new PhiloxRun().fill(17, -3, 5, 4096, y, 1, n);
            for (int i = 0; i < n; i++) {
                assertThat(y[1 + i]).isEqualTo(Philox.uniform(17, -3, 5, 4096 + i));
            }
            assertThat(y[0]).isEqualTo(-1f);
            assertThat(y[n + 1]).isEqualTo(-1f);
        }
    }

    @Test
    void numbersAreUniformAndStreamsDiffer() {
        int n = 100_000;
        double sum = 0;
        double squares = 0;
        double product = 0;
        for (int i = 0; i < n; i++) {
            double u = Philox.uniform(1, 2, 0, i);
            double v = Philox.uniform(1, 2, 1, i);
            assertThat(u).isBetween(0.0, 1 - 0x1p-24);
            sum += u;
            squares += u * u;
            product += (u - 0.5) * (v - 0.5);
        }
        assertThat(sum / n).isBetween(0.497, 0.503);
        assertThat(squares / n).isBetween(0.33, 0.3367);
        assertThat(product / n).isBetween(-0.0015, 0.0015);
    }
}
