package io.tatara.models.audio;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PitchTrackerTest {
    /** A resonance that is struck again and again, over a little noise. */
    private static double struck(double[] x, int t, int period, SplittableRandom random) {
        double next = 1.5 * x[0] - 0.9 * x[1] + 0.0005 * random.nextGaussian();
        next += t % period == 0 ? 0.1 * (1 + 0.1 * random.nextGaussian()) : 0;
        x[1] = x[0];
        x[0] = next;
        return next;
    }

    @ParameterizedTest
    @ValueSource(ints = {20, 33, 57, 101, 140})
    void findsTheBeat(int period) {
        PitchTracker p = new PitchTracker();
        SplittableRandom random = new SplittableRandom(period);
        double[] x = {0, 0};
        int right = 0;
        for (int t = 0; t < 4000; t++) {
            p.push(struck(x, t, period, random));
            // Two or more beats are as like as one.
            right += t >= 1000 && p.lag() > 0 && p.lag() % period == 0 ? 1 : 0;
        }
        assertThat(right).isGreaterThan(2850);
    }

    @Test
    void followsWhenTheBeatChanges() {
        PitchTracker p = new PitchTracker();
        SplittableRandom random = new SplittableRandom(1);
        double[] x = {0, 0};
        for (int t = 0; t < 2000; t++) {
            p.push(struck(x, t, 90, random));
        }
        assertThat(p.lag()).isEqualTo(90);
        for (int t = 0; t < 500; t++) {
            p.push(struck(x, t, 70, random));
        }
        assertThat(p.lag() % 70).isZero();
    }

    /** The middle value is what came a whole beat before the next sample. */
    @Test
    void tellsWhatCameABeatBefore() {
        PitchTracker p = new PitchTracker();
        SplittableRandom random = new SplittableRandom(4);
        double[] x = {0, 0};
        double[] values = new double[7];
        for (int t = 0; t < 50 * 64; t++) {
            p.push(struck(x, t, 64, random));
        }
        // The next sample is struck.
        p.fill(values, 1, 5);
        assertThat(p.lag() % 64).isZero();
        assertThat(values[0]).isZero();
        assertThat(values[6]).isZero();
        assertThat(values[3]).isBetween(0.05, 0.15);
        for (int i : new int[] {1, 2, 4, 5}) {
            assertThat(Math.abs(values[i])).isLessThan(0.02);
        }
    }

    @Test
    void silenceHasNone() {
        PitchTracker p = new PitchTracker();
        for (int t = 0; t < 1000; t++) {
            p.push(0);
        }
        double[] values = {1, 1, 1};
        p.fill(values, 0, 3);
        assertThat(p.lag()).isZero();
        assertThat(values).containsOnly(0);
    }
}
