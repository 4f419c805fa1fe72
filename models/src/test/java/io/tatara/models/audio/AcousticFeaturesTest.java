package io.tatara.models.audio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class AcousticFeaturesTest {
    private static final int RATE = 8000;
    private static final int PITCH = AcousticFeatures.BANDS;

    private static float[] sine(int samples, double hertz, double amplitude) {
        float[] x = new float[samples];
        for (int t = 0; t < samples; t++) {
            x[t] = (float) (amplitude * Math.sin(2 * Math.PI * hertz * t / RATE));
        }
        return x;
    }

    /** Beats that ring in two resonances, as a voice does. */
    private static float[] voice(int samples, int period) {
        float[] x = new float[samples];
        for (int t = 4; t < samples; t++) {
            double beat = t % period == 0 ? 0.1 : 0;
            x[t] =
                    (float)
                            (beat
                                    + 1.6 * x[t - 1]
                                    - 1.3 * x[t - 2]
                                    + 0.6 * x[t - 3]
                                    - 0.2 * x[t - 4]);
        }
        return x;
    }

    /** Its power is in the band around it, and half the amplitude is six decibels less. */
    @Test
    void powerIsThatOfAFullSine() {
        float[] middle = AcousticFeatures.of(new Sound(sine(4000, 1000, 1), RATE))[25];
        int most = 0;
        for (int b = 0; b < AcousticFeatures.BANDS; b++) {
            most = middle[b] > middle[most] ? b : most;
        }
        // Three bins of a Hann window: 1 + 2 / 4 of the power in the middle, times the triangle.
        assertThat(middle[most]).isBetween(-3f, 1.8f);
        double mel = 2595 * Math.log10(1 + 1000 / 700.0);
        double top = 2595 * Math.log10(1 + 4000 / 700.0);
        assertThat(most).isCloseTo((int) Math.round(mel / top * 25) - 1, within(1));
        float[] half = AcousticFeatures.of(new Sound(sine(4000, 1000, 0.5), RATE))[25];
        assertThat(middle[most] - half[most]).isCloseTo(6.02f, within(0.01f));
        assertThat(middle[0]).isLessThan(-60);
    }

    @Test
    void pitchIsThatOfTheBeats() {
        for (int period : new int[] {25, 40, 80, 120}) {
            float[][] frames = AcousticFeatures.of(new Sound(voice(4000, period), RATE));
            for (int f = 8; f < 42; f++) {
                assertThat(frames[f][PITCH]).isCloseTo(RATE / (float) period, within(4f));
            }
        }
        SplittableRandom random = new SplittableRandom(4);
        float[] noise = new float[4000];
        for (int t = 0; t < noise.length; t++) {
            noise[t] = (float) (0.1 * random.nextGaussian());
        }
        long voiced =
                Arrays.stream(AcousticFeatures.of(new Sound(noise, RATE)))
                        .filter(f -> f[PITCH] > 0)
                        .count();
        assertThat(voiced).isLessThan(5);
    }

    @Test
    void silenceAndShortSoundsHaveFrames() {
        for (int samples : new int[] {1, 79, 80, 81, 1000}) {
            float[][] frames = AcousticFeatures.of(new Sound(new float[samples], RATE));
            assertThat(frames.length).isEqualTo(Math.ceilDiv(samples, 80));
            for (float[] f : frames) {
                assertThat(f).hasSize(AcousticFeatures.NUMBERS);
                assertThat(f[PITCH]).isZero();
                assertThat(f[3]).isEqualTo(AcousticFeatures.SILENCE);
            }
        }
        assertThat(AcousticFeatures.of(new Sound(new float[0], RATE)).length).isZero();
        for (int rate : new int[] {1, 50, 300, 48_000}) {
            assertThat(AcousticFeatures.of(new Sound(new float[700], rate))[0][PITCH]).isZero();
        }
    }

    /** No frame depends on more than what is said. */
    @Test
    void aPartHasTheFramesOfTheWhole() {
        float[] x = voice(3000, 57);
        float[][] whole = AcousticFeatures.of(new Sound(x, RATE));
        int reach = AcousticFeatures.reach(RATE);
        for (int first : new int[] {0, 5, 20}) {
            int end = first + 9;
            int from = Math.max(0, first * 80 - reach);
            float[] part = Arrays.copyOfRange(x, from, end * 80 + reach);
            assertThat(AcousticFeatures.of(part, from, RATE, first, end))
                    .isDeepEqualTo(Arrays.copyOfRange(whole, first, end));
        }
    }

    @Test
    void framesAreStretchedEvenly() {
        float[][] frames = new float[4][AcousticFeatures.NUMBERS];
        for (int f = 0; f < 4; f++) {
            frames[f][0] = 10 * f;
            frames[f][PITCH] = f < 2 ? 0 : 100;
        }
        assertThat(AcousticFeatures.stretched(frames, 4)).isDeepEqualTo(frames);
        float[][] twice = AcousticFeatures.stretched(frames, 8);
        float[] expected = {0, 2.5f, 7.5f, 12.5f, 17.5f, 22.5f, 27.5f, 30};
        for (int f = 0; f < 8; f++) {
            assertThat(twice[f][0]).isEqualTo(expected[f]);
            assertThat(twice[f][PITCH]).isEqualTo(f < 4 ? 0 : 100);
        }
        assertThat(AcousticFeatures.stretched(frames, 1)[0][0]).isEqualTo(15);
        assertThat(frames[3][0]).as("as it was").isEqualTo(30);
    }
}
