package io.tatara.kernels.conv;

import static org.assertj.core.api.Assertions.assertThat;

import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.check.KernelChecks;
import io.tatara.kernels.jvm.JvmArray;
import io.tatara.kernels.matmul.Epilogue;
import io.tatara.kernels.pointwise.Activation;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Images that are too large for the cases, which come from memory. */
class DepthwiseNineTest {
    private static final int N = 5;
    private static final int C = 11;
    private static final int HEIGHT = 190;
    private static final int WIDTH = 173;

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void imagesBeyondTheCaches(int stride) {
        ConvWindow v = ConvWindow.UNIT.pad(1).stride(stride);
        Conv2d op = new Conv2d(v, C, new Epilogue(Activation.RELU));
        JvmArray x = wholeNumbers(TensorSpec.f32(N, C, HEIGHT, WIDTH));
        JvmArray w = wholeNumbers(TensorSpec.f32(2 * C, 1, 3, 3));
        JvmArray bias = wholeNumbers(TensorSpec.f32(2 * C));
        float[] got = KernelChecks.run(op, x, w, bias, null)[0];
        int rows = v.outHeight(HEIGHT, 3);
        int columns = v.outWidth(WIDTH, 3);
        float[] want = new float[N * 2 * C * rows * columns];
        for (int i = 0; i < want.length; i++) {
            int p = i / columns / rows;
            int k = p % (2 * C);
            int row = i / columns % rows * stride - 1;
            int column = i % columns * stride - 1;
            want[i] = Math.max(0, bias.f()[k] + taps(x.f(), p / 2, w.f(), k, row, column));
        }
        assertThat(got).isEqualTo(want);
    }

    private static float taps(float[] x, int channel, float[] w, int k, int row, int column) {
        float s = 0;
        for (int t = 0; t < 9; t++) {
            int r = row + t / 3;
            int c = column + t % 3;
            if (r >= 0 && r < HEIGHT && c >= 0 && c < WIDTH) {
                s += x[(channel * HEIGHT + r) * WIDTH + c] * w[9 * k + t];
            }
        }
        return s;
    }

    private static JvmArray wholeNumbers(TensorSpec spec) {
        SplittableRandom random = new SplittableRandom(spec.size());
        float[] f = new float[spec.size()];
        for (int i = 0; i < f.length; i++) {
            f[i] = random.nextInt(-4, 5);
        }
        return JvmArray.of(spec, f);
    }

    @Test
    void kernelsOfOtherKindsAreLeftToOthers() {
        ConvWindow u = ConvWindow.UNIT;
        assertThat(nine(u.pad(1), 3)).isNotNull();
        assertThat(nine(u.stride(2).pad(0, 1, 0, 1), 3)).isNotNull();
        assertThat(nine(u.pad(1), 5)).isNull();
        assertThat(nine(u.pad(2), 3)).isNull();
        assertThat(nine(u.stride(3).pad(1), 3)).isNull();
        assertThat(nine(u.stride(1, 2).pad(1), 3)).isNull();
        assertThat(nine(u.pad(1).dilation(2), 3)).isNull();
    }

    private static Nine nine(ConvWindow v, int taps) {
        TensorSpec[] in = {TensorSpec.f32(1, 2, 12, 13), TensorSpec.f32(4, 1, taps, taps)};
        ConvShape s = new Conv2d(v, 2).shape(in);
        return Nine.of(
                Sums.forward(s, null, null, null, null, new Finish(Activation.NONE, null, null)));
    }
}
