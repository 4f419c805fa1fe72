package io.tatara.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class ShapeTest {
    @Test
    void theProductOfAnyAxesIsAnInt() {
        assertThat(Shape.of(0, 1 << 30, 1).size()).isZero();
        assertThat(Shape.of(Shape.MAX_SIZE, 0).size()).isZero();
        assertThat(Shape.of(Shape.MAX_SIZE, 1).size()).isEqualTo(Shape.MAX_SIZE);
        for (int[] dims : new int[][] {{46341, 0, 46341}, {0, 65536, 65536}, {65536, 65536}}) {
            assertThatThrownBy(() -> Shape.of(dims))
                    .isInstanceOf(TataraException.class)
                    .hasMessageContaining("more than " + Shape.MAX_SIZE);
        }
    }
}
