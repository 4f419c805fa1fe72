package io.tatara.kernels.pool;

import static io.tatara.kernels.check.OnJvm.floats;
import static io.tatara.kernels.check.OnJvm.run;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.tatara.kernels.OpException;
import io.tatara.kernels.RefArray;
import io.tatara.kernels.TensorSpec;
import org.junit.jupiter.api.Test;

class PoolTest {
    private static final double NAN = Double.NaN;

    @Test
    void firstOfEqualsAndFirstNanWin() {
        RefArray x = floats(TensorSpec.f32(1, 1, 2, 6), 1, 5, NAN, 0, -1, -1, 5, 2, 3, NAN, -1, -1);
        RefArray[] y = run(new MaxPool(PoolWindow.square(2, 2, 0)), x);
        assertThat(y[0].data()).containsExactly(5, NAN, -1);
        assertThat(y[1].data()).containsExactly(1, 2, 4);
    }

    @Test
    void averagesCountPaddingOrNot() {
        RefArray x = floats(TensorSpec.f32(1, 1, 2, 2), 1, 2, 3, 4);
        PoolWindow w = PoolWindow.square(2, 2, 1);
        assertThat(run(new AveragePool(w, true), x)[0].data()).containsExactly(0.25, 0.5, 0.75, 1);
        assertThat(run(new AveragePool(w, false), x)[0].data()).containsExactly(1, 2, 3, 4);
    }

    /** The example in PyTorch's documentation of Upsample. */
    @Test
    void bilinearOfTwoByTwo() {
        RefArray x = floats(TensorSpec.f32(1, 1, 2, 2), 1, 2, 3, 4);
        double[] first = run(new Upsample(UpsampleMode.BILINEAR, 4, 4), x)[0].data();
        assertThat(first).startsWith(1, 1.25, 1.75, 2, 1.5, 1.75, 2.25, 2.5);
        double[] aligned = run(new Upsample(UpsampleMode.BILINEAR_ALIGNED, 4, 4), x)[0].data();
        assertThat(java.util.Arrays.copyOf(aligned, 4))
                .containsExactly(new double[] {1, 4 / 3.0, 5 / 3.0, 2}, within(1e-6));
    }

    @Test
    void indicesOutsideThePlaneTouchNothing() {
        MaxPoolGradient op = new MaxPoolGradient(PoolWindow.square(1, 1, 0), 1, 3);
        RefArray index =
                new RefArray(
                        TensorSpec.i32(1, 1, 1, 3),
                        new double[] {Integer.MAX_VALUE, Integer.MIN_VALUE, 2});
        RefArray dy = floats(TensorSpec.f32(1, 1, 1, 3), 7, 8, 9);
        assertThat(run(op, index, dy)[0].data()).containsExactly(0, 0, 9);
    }

    @Test
    void refusesWindowsThatMakeNoSense() {
        assertThatThrownBy(() -> PoolWindow.square(0, 1, 0)).isInstanceOf(OpException.class);
        assertThatThrownBy(() -> PoolWindow.square(2, 0, 0)).isInstanceOf(OpException.class);
        assertThatThrownBy(() -> PoolWindow.square(2, 1, 2)).isInstanceOf(OpException.class);
        MaxPool op = new MaxPool(PoolWindow.square(3, 1, 0));
        assertThatThrownBy(() -> op.infer(TensorSpec.f32(1, 1, 2, 9)))
                .isInstanceOf(OpException.class);
        assertThatThrownBy(() -> op.infer(TensorSpec.f32(3, 9, 9))).isInstanceOf(OpException.class);
        assertThatThrownBy(() -> op.infer(TensorSpec.i32(1, 1, 9, 9)))
                .isInstanceOf(OpException.class);
        Upsample up = new Upsample(UpsampleMode.NEAREST, 1 << 20, 1);
        assertThatThrownBy(() -> up.infer(TensorSpec.f32(1, 1, 1024, 1)))
                .isInstanceOf(OpException.class);
    }
}
