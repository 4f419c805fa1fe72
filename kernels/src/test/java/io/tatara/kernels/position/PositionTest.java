package io.tatara.kernels.position;

import static io.tatara.kernels.check.OnJvm.floats;
import static io.tatara.kernels.check.OnJvm.ints;
import static io.tatara.kernels.check.OnJvm.run;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.tatara.kernels.OpException;
import io.tatara.kernels.RefArray;
import io.tatara.kernels.TensorSpec;
import org.junit.jupiter.api.Test;

class PositionTest {
    @Test
    void knownEncodings() {
        RefArray x = RefArray.zeros(TensorSpec.f32(1, 2, 4));
        double[] y = run(new SinusoidalPosition(1), x, null)[0].data();
        double[] want = {0, 1, 0, 1, Math.sin(1), Math.cos(1), Math.sin(0.01), Math.cos(0.01)};
        assertThat(y).containsExactly(want, within(1e-7));
    }

    @Test
    void bothStylesTurnTheirOwnPairs() {
        RefArray x = floats(TensorSpec.f32(1, 1, 5), 1, 2, 3, 4, 5);
        RefArray at = ints(1);
        double c = Math.cos(1);
        double s = Math.sin(1);
        double d = Math.cos(0.1);
        double t = Math.sin(0.1);
        Rotary pairs = new Rotary(1, 4, 100, RotaryStyle.INTERLEAVED, false);
        assertThat(run(pairs, x, at)[0].data())
                .containsExactly(
                        new double[] {c - 2 * s, 2 * c + s, 3 * d - 4 * t, 4 * d + 3 * t, 5},
                        within(1e-6));
        Rotary halves = new Rotary(1, 4, 100, RotaryStyle.HALVES, false);
        assertThat(run(halves, x, at)[0].data())
                .containsExactly(
                        new double[] {c - 3 * s, 2 * d - 4 * t, 3 * c + s, 4 * d + 2 * t, 5},
                        within(1e-6));
        RefArray there = run(halves, x, at)[0];
        Rotary back = new Rotary(1, 4, 100, RotaryStyle.HALVES, true);
        assertThat(run(back, there, at)[0].data()).containsExactly(x.data(), within(1e-6));
    }

    /** The fraction of device code is the ratio of neighbouring frequencies. */
    @Test
    void fractionsAreTheRatio() {
        for (int rotated : new int[] {1, 2, 64, 128, 1000}) {
            Turns t = Turns.of(rotated, 10000);
            double ratio =
                    Integer.toUnsignedLong(t.high()) * 0x1p-32
                            + Integer.toUnsignedLong(t.low()) * 0x1p-64;
            double want = Math.pow(10000, -2.0 / rotated);
            assertThat(ratio).isCloseTo(want, within(want * 1e-15 + 0x1p-64));
        }
    }

    @Test
    void wrongCallsAreRefused() {
        assertThatThrownBy(() -> new Rotary(1, 3, 10, RotaryStyle.HALVES, false))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("dims");
        assertThatThrownBy(() -> new Rotary(1, 2, 1, RotaryStyle.HALVES, false))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("base");
        Rotary op = new Rotary(1, RotaryStyle.HALVES);
        assertThatThrownBy(() -> op.infer(TensorSpec.f32(1, 2, 3), null))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("even");
        assertThatThrownBy(() -> op.infer(TensorSpec.f32(1, 2, 4), TensorSpec.i32(2)))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("positions");
        Rotary middle = new Rotary(2, RotaryStyle.HALVES);
        assertThatThrownBy(() -> middle.infer(TensorSpec.f32(1, 2, 2, 2, 4), null))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("axis");
    }
}
