package io.tatara.kernels.matmul;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FirstTilesTest {
    /** Among the calls are those that try the vectors, and those after the change to them. */
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4, 8, 12})
    void everyCallGivesTheBitsOfTheVectorUnit(int rows) {
        int k = 37;
        int nr = VectorTiles.NR;
        float[] a = random(rows * k + 3, 1);
        float[] b = random(nr * k + 5, 2);
        float[] want = new float[rows * nr + 1];
        VectorKernels.vectorTile(rows, k, a, 3, b, 5, want);
        FirstTiles first = new FirstTiles();
        for (int call = 0; call < 50; call++) {
            float[] got = random(rows * nr + 1, 3);
            got[rows * nr] = want[rows * nr];
            first.tile(rows, k, a, 3, b, 5, got);
            assertThat(got).isEqualTo(want);
        }
    }

    private static float[] random(int n, long seed) {
        Random random = new Random(seed);
        float[] x = new float[n];
        for (int i = 0; i < n; i++) {
            x[i] = (float) random.nextGaussian();
        }
        return x;
    }
}
