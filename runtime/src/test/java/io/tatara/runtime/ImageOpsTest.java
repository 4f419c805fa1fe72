package io.tatara.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.tatara.kernels.OpException;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** The ops of images that are made of other ops, against plain loops. */
class ImageOpsTest {
    private static final float EPSILON = 1e-3f;

    /** Group norm of x [n, c, s]; one value at a time. */
    private static double[] groupNorm(float[] x, int n, int c, int s, int g, float[] a, float[] b) {
        double[] y = new double[x.length];
        int row = c / g * s;
        for (int r = 0; r < n * g; r++) {
            double mean = 0;
            double square = 0;
            for (int i = 0; i < row; i++) {
                mean += x[r * row + i] / (double) row;
            }
            for (int i = 0; i < row; i++) {
                square += Math.pow(x[r * row + i] - mean, 2) / row;
            }
            for (int i = r * row; i < (r + 1) * row; i++) {
                int k = i / s % c;
                y[i] = (x[i] - mean) / Math.sqrt(square + EPSILON) * a[k] + b[k];
            }
        }
        return y;
    }

    @Test
    void groupNormAndItsGradient() {
        try (Device device = Tatara.open("jvm");
                Scope scope = device.scope()) {
            Tensor x = scope.normal(new SplittableRandom(3), 1, 2, 6, 3, 5);
            float[] a = {1, 2, -1, 0.5f, 3, 1};
            float[] b = {0, 1, 2, 3, -4, 5};
            Tensor scale = scope.tensor(a, 6);
            Tensor shift = scope.tensor(b, 6);
            for (int groups : new int[] {1, 2, 6}) {
                Tape tape = scope.tape().watch(x, scale, shift);
                Tensor y = tape.ops().groupNorm(x, groups, scale, shift, EPSILON);
                double[] want = groupNorm(x.toFloats(), 2, 6, 15, groups, a, b);
                float[] got = y.toFloats();
                for (int i = 0; i < got.length; i++) {
                    assertThat((double) got[i]).isCloseTo(want[i], within(1e-5));
                }
                Gradients g = tape.backward(tape.ops().sum(tape.ops().mul(y, y)));
                float[] moved = x.toFloats();
                double slope = 0;
                for (int sign = -1; sign <= 1; sign += 2) {
                    moved[7] = x.toFloats()[7] + sign * 0x1p-10f;
                    for (double v : groupNorm(moved, 2, 6, 15, groups, a, b)) {
                        slope += sign * v * v * 0x1p9;
                    }
                }
                assertThat((double) g.of(x).toFloats()[7]).isCloseTo(slope, within(2e-3));
                assertThat(g.of(shift).shape().size()).isEqualTo(6);
            }
            assertThatThrownBy(() -> scope.ops().groupNorm(x, 4, scale, shift, EPSILON))
                    .isInstanceOf(OpException.class);
        }
    }

    @Test
    void batchNormOfInference() {
        try (Device device = Tatara.open("jvm");
                Scope scope = device.scope()) {
            Tensor x = scope.tensor(new float[] {1, 2, 3, 4, 5, 6, 7, 8}, 2, 2, 2, 1);
            Tensor mean = scope.tensor(new float[] {1, 2}, 2);
            Tensor variance = scope.tensor(new float[] {4, 0.25f}, 2);
            Tensor scale = scope.tensor(new float[] {2, 3}, 2);
            Ops ops = scope.ops();
            assertThat(ops.batchNormInference(x, scale, mean, mean, variance, 0).toFloats())
                    .containsExactly(new float[] {1, 2, 8, 14, 5, 6, 32, 38}, within(1e-5f));
            assertThat(ops.batchNormInference(x, null, null, mean, variance, 0).toFloats())
                    .containsExactly(new float[] {0, 0.5f, 2, 4, 2, 2.5f, 10, 12}, within(1e-5f));
        }
    }

    @Test
    void globalPools() {
        try (Device device = Tatara.open("jvm");
                Scope scope = device.scope()) {
            Tensor x = scope.tensor(new float[] {1, 2, 3, 6, -1, -2, -3, -6}, 1, 2, 2, 2);
            assertThat(scope.ops().globalAveragePool(x).toFloats()).containsExactly(3, -3);
            Tensor max = scope.ops().globalMaxPool(x);
            assertThat(max.toFloats()).containsExactly(6, -1);
            assertThat(max.shape().toArray()).containsExactly(1, 2, 1, 1);
        }
    }
}
