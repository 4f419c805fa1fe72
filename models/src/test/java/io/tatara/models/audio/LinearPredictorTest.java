package io.tatara.models.audio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.tatara.kernels.TataraException;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LinearPredictorTest {
    /** Sines obey a linear rule exactly: what is left is what keeps the weights small. */
    @Test
    void sinesArePredicted() {
        LinearPredictor p = new LinearPredictor(16, 0.99);
        double worst = 0;
        for (int t = 0; t < 1000; t++) {
            double x = 0.4 * Math.sin(0.3 * t) + 0.2 * Math.sin(1.1 * t + 2);
            if (t >= 200) {
                worst = Math.max(worst, Math.abs(x - p.next()));
            }
            p.push(x);
        }
        assertThat(worst).isLessThan(0.05 * 0.6).isPositive();
    }

    /** Of a resonance driven by noise it finds the rule, and the new one when that changes. */
    @Test
    void followsAResonanceThatChanges() {
        LinearPredictor p = new LinearPredictor(2, 0.995);
        SplittableRandom random = new SplittableRandom(3);
        double[] x = {0, 0};
        for (int t = 0; t < 8000; t++) {
            double turn = t < 4000 ? 0.4 : 1.5;
            double expected = 2 * 0.95 * Math.cos(turn) * x[0] - 0.95 * 0.95 * x[1];
            if (t % 4000 >= 2000) {
                // The rule is known to a part in the root of the window's length.
                assertThat(p.next()).isCloseTo(expected, within(0.25 * size(x) + 1e-3));
            }
            double next = expected + 0.01 * random.nextGaussian();
            p.push(next);
            x[1] = x[0];
            x[0] = next;
        }
    }

    private static double size(double[] x) {
        return Math.abs(x[0]) + Math.abs(x[1]);
    }

    /** The weights are those of the least squares, written down and solved from scratch. */
    @ParameterizedTest
    @CsvSource({"1,0.9", "3,0.98", "8,0.995"})
    void isLeastSquares(int order, double memory) {
        int n = 96;
        SplittableRandom random = new SplittableRandom(order);
        double[] x = new double[n];
        double[] weights = new double[n];
        LinearPredictor p = new LinearPredictor(order, memory);
        double square = 1e-4;
        for (int t = 0; t < n; t++) {
            double before = t == 0 ? 0 : x[t - 1];
            x[t] = 0.6 * before + 0.1 * random.nextGaussian();
            double error = x[t] - p.next();
            weights[t] = 1 / (square + 1e-8 + error * error / 2);
            square = 0.97 * square + 0.03 * error * error;
            p.push(x[t]);
        }
        double[][] a = new double[order][order + 1];
        for (int t = 0; t < n; t++) {
            double w = (1 - memory) * Math.pow(memory, n - 1.0 - t) * weights[t];
            for (int i = 0; i < order; i++) {
                for (int j = 0; j < order; j++) {
                    a[i][j] += w * at(x, t - 1 - i) * at(x, t - 1 - j);
                }
                a[i][order] += w * at(x, t - 1 - i) * x[t];
            }
        }
        double ridge = 1e-4 * a[0][0] + 1e-9 / (square + 1e-8);
        for (int i = 0; i < order; i++) {
            a[i][i] += ridge;
        }
        double expected = 0;
        double[] solved = solved(a);
        for (int i = 0; i < order; i++) {
            expected += solved[i] * at(x, n - 1 - i);
        }
        assertThat(p.next()).isCloseTo(expected, within(1e-9)).isNotZero();
    }

    private static double at(double[] x, int t) {
        return t < 0 ? 0 : x[t];
    }

    /** Gauss and Jordan. */
    private static double[] solved(double[][] a) {
        int n = a.length;
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < n; j++) {
                double f = j == i ? 0 : a[j][i] / a[i][i];
                for (int k = 0; k <= n; k++) {
                    a[j][k] -= f * a[i][k];
                }
            }
        }
        double[] x = new double[n];
        for (int i = 0; i < n; i++) {
            x[i] = a[i][n] / a[i][i];
        }
        return x;
    }

    /** A few errors that nobody could expect leave the rule as it is. */
    @Test
    void beatsDoNotDrownTheRest() {
        double[] errors = new double[2];
        for (int i = 0; i < 2; i++) {
            LinearPredictor p = new LinearPredictor(2, 0.99);
            SplittableRandom random = new SplittableRandom(6);
            double[] x = {0, 0};
            for (int t = 0; t < 8000; t++) {
                double expected = 1.2 * x[0] - 0.8 * x[1];
                if (t >= 1000 && t % 50 > 25) {
                    errors[i] += Math.abs(p.next() - expected) / 3500;
                }
                boolean beat = i == 1 && random.nextInt(50) == 0;
                x[1] = x[0];
                x[0] = expected + 0.001 * random.nextGaussian() * (beat ? 20 : 1);
                p.push(x[0]);
            }
        }
        // Beats also make the resonance louder by 2.8, and with it what a wrong rule costs.
        assertThat(errors[1]).isLessThan(1.5 * errors[0]).isPositive();
    }

    /** What comes again a beat later is expected, where the samples just before do not tell it. */
    @Test
    void beatsAreExpected() {
        double[] errors = new double[2];
        for (int i = 0; i < 2; i++) {
            PitchTracker pitch = i == 0 ? null : new PitchTracker();
            LinearPredictor p = new LinearPredictor(10, 0.98, i == 0 ? 0 : 3, pitch);
            SplittableRandom random = new SplittableRandom(2);
            double before = 0;
            for (int t = 0; t < 4000; t++) {
                double beat = t % 57 == 0 ? 0.2 : t % 57 == 1 ? -0.1 : 0;
                double x = 0.7 * before + beat + 0.001 * random.nextGaussian();
                errors[i] += t >= 1000 && t % 57 < 2 ? Math.abs(x - p.next()) : 0;
                if (pitch != null) {
                    pitch.push(x);
                }
                p.push(x);
                before = x;
            }
        }
        assertThat(errors[1]).isLessThan(errors[0] / 4).isPositive();
    }

    @ParameterizedTest
    @CsvSource({"-1,true", "10,true", "0,true", "1,false"})
    void tapsNeedATracker(int taps, boolean tracked) {
        PitchTracker pitch = tracked ? new PitchTracker() : null;
        assertThatThrownBy(() -> new LinearPredictor(4, 0.9, taps, pitch))
                .isInstanceOf(TataraException.class)
                .hasMessageContaining("given " + taps + " taps");
    }

    /** Silence, a click, the loudest that there is: whatever comes, a number comes out. */
    @Test
    void staysFinite() {
        PitchTracker pitch = new PitchTracker();
        LinearPredictor p = new LinearPredictor(32, 0.98, 5, pitch);
        SplittableRandom random = new SplittableRandom(1);
        assertThat(p.next()).isZero();
        for (int t = 0; t < 40_000; t++) {
            double x =
                    switch (t / 5000 % 4) {
                        case 0 -> 0;
                        case 1 -> t % 5000 == 0 ? 1 : 0;
                        case 2 -> random.nextBoolean() ? 1 : -1;
                        default -> t % 2 == 0 ? 1e-4 : -1e-4;
                    };
            pitch.push(x);
            p.push(x);
            assertThat(p.next()).isFinite();
        }
    }

    @ParameterizedTest
    @CsvSource({"0,0.9", "129,0.9", "4,0", "4,1", "4,NaN"})
    void badSettingsAreToldApart(int order, double memory) {
        assertThatThrownBy(() -> new LinearPredictor(order, memory))
                .isInstanceOf(TataraException.class)
                .hasMessageContaining("order " + order)
                .hasMessageContaining("memory " + memory);
    }
}
