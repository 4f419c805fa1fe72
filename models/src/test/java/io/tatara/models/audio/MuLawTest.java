package io.tatara.models.audio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.tatara.kernels.TataraException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MuLawTest {
    @ParameterizedTest
    @ValueSource(ints = {2, 3, 16, 255, 256, 65536})
    void levelsComeBackExactly(int levels) {
        MuLaw law = new MuLaw(levels);
        float before = Float.NEGATIVE_INFINITY;
        for (int i = 0; i < levels; i++) {
            assertThat(law.encode(law.decode(i))).isEqualTo(i);
            assertThat(law.decode(i)).isGreaterThan(before);
            before = law.decode(i);
        }
        assertThat(law.decode(0)).isEqualTo(-1);
        assertThat(law.decode(levels - 1)).isEqualTo(1);
    }

    /** Every 16-bit sample takes the level whose place on the curve is nearest. */
    @Test
    void samplesTakeTheNearestLevel() {
        MuLaw law = new MuLaw(256);
        for (int v = -32768; v < 32768; v++) {
            float x = v / 32768f;
            int level = law.encode(x);
            double place = (curve(x) + 1) / 2 * 255;
            assertThat(Math.abs(place - level)).isLessThanOrEqualTo(0.5 + 1e-9);
            assertThat(curve(law.decode(level))).isCloseTo(2.0 * level / 255 - 1, within(1e-6));
        }
    }

    private static double curve(double x) {
        return Math.signum(x) * Math.log(1 + 255 * Math.abs(x)) / Math.log(256);
    }

    @Test
    void whatIsOutsideIsClipped() {
        MuLaw law = new MuLaw(256);
        assertThat(law.encode(new float[] {-7, 7, 0, Float.NaN, Float.POSITIVE_INFINITY}))
                .containsExactly(0, 255, 128, 128, 255);
        assertThat(law.decode(new int[] {0, 255})).containsExactly(-1, 1);
        assertThatThrownBy(() -> law.decode(256))
                .isInstanceOf(TataraException.class)
                .hasMessageContaining("256");
        assertThatThrownBy(() -> law.decode(-1)).isInstanceOf(TataraException.class);
        assertThatThrownBy(() -> new MuLaw(1)).isInstanceOf(TataraException.class);
        assertThatThrownBy(() -> new MuLaw(70000)).isInstanceOf(TataraException.class);
    }
}
