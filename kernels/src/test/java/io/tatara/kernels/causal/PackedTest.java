package io.tatara.kernels.causal;

import static org.assertj.core.api.Assertions.assertThat;

import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.jvm.JvmArray;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Products have the same bits however weights are packed, and bfloat16 ones take half the room. */
class PackedTest {
    @ParameterizedTest
    @CsvSource({"1, 1, 1, 1", "2, 37, 5, 3", "3, 128, 64, 2", "2, 300, 7, 1", "1, 0, 3, 1"})
    void productsAreSumsInTheOrderOfTheInputs(int count, int rows, int channels, int taps) {
        for (boolean halves : new boolean[] {false, true}) {
            for (CausalTiles tiles : new CausalTiles[] {PlainTiles.INSTANCE, new VectorTiles()}) {
                check(tiles, halves, count, rows, channels, taps);
            }
        }
    }

    private static float[] draw(SplittableRandom random, int n, int mask) {
        float[] all = new float[n];
        for (int i = 0; i < n; i++) {
            float drawn = (float) random.nextGaussian();
            all[i] = Float.intBitsToFloat(Float.floatToRawIntBits(drawn) & mask);
        }
        return all;
    }

    private static void check(
            CausalTiles tiles, boolean halves, int count, int rows, int channels, int taps) {
        SplittableRandom random = new SplittableRandom(count + 7L * rows);
        int depth = channels * taps;
        float[] w = draw(random, count * rows * depth, halves ? 0xffff0000 : -1);
        float[] v = draw(random, depth, -1);
        JvmArray weight = JvmArray.of(TensorSpec.f32(count, rows, channels, taps), w);
        Packed packed = Packed.of(tiles, weight, count, rows, channels, taps);
        if (rows > 0) {
            assertThat(packed.floats() == null).isEqualTo(halves);
            assertThat(packed.pairs() == null).isEqualTo(!halves);
        }
        float[] y = new float[Math.max(1, packed.padded())];
        for (int m = 0; m < count; m++) {
            packed.times(tiles, m, v, y);
            for (int r = 0; r < rows; r++) {
                float sum = 0;
                for (int i = 0; i < depth; i++) {
                    int c = i % channels;
                    int k = i / channels;
                    sum = Math.fma(v[i], w[((m * rows + r) * channels + c) * taps + k], sum);
                }
                assertThat(y[r]).isEqualTo(sum);
            }
        }
    }
}
