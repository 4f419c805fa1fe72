package io.tatara.models.vision;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.tatara.kernels.TataraException;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class AugmentationTest {
    /** Two channels of 3 x 4, all values different. */
    private static final Images ONE = new Images(2, 3, 4, Samples.counting(48), new int[] {0, 1});

    private static final Normalization UNIT =
            new Normalization(List.of(0.0, 0.0), List.of(1 / 255.0, 1 / 255.0));

    @Test
    void withoutItPicturesAreNormalizedOnly() {
        Normalization n = Normalization.of(ONE);
        float[] x = Augmentation.NONE.apply(ONE, n, new int[] {0, 1}, 7, 3);
        assertThat(x).isEqualTo(n.apply(ONE, 0, 2));
        double sum = 0;
        double squares = 0;
        for (int i = 0; i < 12; i++) {
            sum += x[i] + x[24 + i];
            squares += x[i] * x[i] + x[24 + i] * x[24 + i];
        }
        assertThat(sum).isCloseTo(0, within(1e-4));
        assertThat(squares / 24).isCloseTo(1, within(1e-4));
    }

    @Test
    void normalizationIsOfEachChannel() {
        // Red 0, 255 and green 51, 153 of two pictures of one pixel; blue is the same everywhere.
        byte[] pixels = {0, 51, 77, (byte) 255, (byte) 153, 77};
        Images two = new Images(3, 1, 1, pixels, new int[2]);
        Normalization n = Normalization.of(two);
        double[] mean = {0.5, 0.4, 77 / 255.0};
        double[] deviation = {0.5, 0.2, 0.001};
        for (int c = 0; c < 3; c++) {
            assertThat(n.mean().get(c)).isCloseTo(mean[c], within(1e-12));
            assertThat(n.deviation().get(c)).isCloseTo(deviation[c], within(1e-12));
        }
        float[] x = n.apply(two, 1, 1);
        assertThat(x).hasSize(3);
        assertThat(x[0]).isCloseTo(1, within(1e-6f));
        assertThat(x[1]).isCloseTo(1, within(1e-6f));
        assertThat(x[2]).isCloseTo(0, within(1e-6f));
    }

    @Test
    void picturesOfOneValueHaveADeviationToo() {
        for (int v = 0; v < 256; v++) {
            byte[] pixels = new byte[27];
            Arrays.fill(pixels, (byte) v);
            Normalization n = Normalization.of(new Images(1, 3, 3, pixels, new int[3]));
            assertThat(n.deviation()).containsExactly(0.001);
        }
    }

    @Test
    void everyChangeIsAShiftAndAMirrorImage() {
        Augmentation a = new Augmentation(2, true);
        Set<Augmentation.Change> seen = new HashSet<>();
        for (int epoch = 0; epoch < 400; epoch++) {
            Augmentation.Change c = a.change(7, epoch, 1);
            seen.add(c);
            float[] x = a.apply(ONE, UNIT, new int[] {1}, 7, epoch);
            for (int i = 0; i < x.length; i++) {
                int row = i % 12 / 4 + c.down();
                int column = i % 4 + c.right();
                boolean inside = row >= 0 && row < 3 && column >= 0 && column < 4;
                int from = 24 + i / 12 * 12 + row * 4 + (c.mirrored() ? 3 - column : column);
                assertThat(x[i]).isCloseTo(inside ? from : 0, within(1e-4f));
            }
        }
        assertThat(seen).hasSize(2 * 5 * 5);
    }

    @Test
    void changesDependOnSeedEpochAndPictureAlone() {
        Augmentation a = new Augmentation(4, true);
        float[] both = a.apply(ONE, UNIT, new int[] {1, 0}, 7, 3);
        float[] first = a.apply(ONE, UNIT, new int[] {1}, 7, 3);
        assertThat(Arrays.copyOf(both, 24)).isEqualTo(first);
        Set<Augmentation.Change> seen = new HashSet<>();
        for (int i = 0; i < 3; i++) {
            seen.add(a.change(7 + i, 3, 5));
            seen.add(a.change(7, 4 + i, 5));
            seen.add(a.change(7, 3, 6 + i));
        }
        assertThat(seen).hasSizeGreaterThan(5);
        assertThatThrownBy(() -> new Augmentation(-1, false))
                .isInstanceOf(TataraException.class)
                .hasMessageContaining("shift");
    }
}
