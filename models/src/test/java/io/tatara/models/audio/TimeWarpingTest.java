package io.tatara.models.audio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.SplittableRandom;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;

class TimeWarpingTest {
    private static float[][] frames(SplittableRandom random, int count) {
        float[][] all = new float[count][3];
        for (float[] f : all) {
            for (int i = 0; i < f.length; i++) {
                f[i] = (float) random.nextGaussian();
            }
        }
        return all;
    }

    /** Each frame said twice is each frame's two. */
    @Test
    void findsWhatIsSaidSlower() {
        float[][] a = frames(new SplittableRandom(1), 7);
        float[][] b = new float[14][];
        for (int i = 0; i < 14; i++) {
            b[i] = a[i / 2];
        }
        assertThat(TimeWarping.distance(a, b)).isZero();
        int[][] path = TimeWarping.path(a, b);
        int[][] back = TimeWarping.path(b, a);
        for (int i = 0; i < 7; i++) {
            assertThat(path[i]).containsExactly(2 * i, 2 * i + 1);
            assertThat(back[2 * i]).containsExactly(i, i);
        }
    }

    /** The path goes from corner to corner without a gap, and costs what the distance says. */
    @RepeatedTest(20)
    void thePathCostsTheDistance(RepetitionInfo run) {
        SplittableRandom random = new SplittableRandom(run.getCurrentRepetition());
        float[][] a = frames(random, random.nextInt(1, 12));
        float[][] b = frames(random, random.nextInt(1, 12));
        int[][] path = TimeWarping.path(a, b);
        double cost = 0;
        int last = 0;
        for (int i = 0; i < a.length; i++) {
            assertThat(path[i][0]).isBetween(last, last + (i == 0 ? 0 : 1));
            assertThat(path[i][1]).isBetween(path[i][0], b.length - 1);
            last = path[i][1];
            for (int j = path[i][0]; j <= last; j++) {
                cost += Math.sqrt(square(a[i], b[j]));
            }
        }
        assertThat(last).isEqualTo(b.length - 1);
        double distance = TimeWarping.distance(a, b);
        assertThat(cost / (a.length + b.length)).isCloseTo(distance, within(1e-5));
    }

    private static double square(float[] a, float[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += (a[i] - b[i]) * (a[i] - b[i]);
        }
        return sum;
    }
}
