package io.tatara.models.wavenet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.tatara.models.OnJvm;
import io.tatara.models.nn.Parameters;
import io.tatara.models.optim.AdamOptimizer;
import io.tatara.runtime.Scope;
import io.tatara.runtime.Tape;
import io.tatara.runtime.Tensor;
import java.util.Arrays;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class RelativeHeadTest extends OnJvm {
    private static final int LEVELS = 64;
    private static final int SKIP = 16;
    private static final int N = 5;

    private static WaveNetConfig config() {
        return WaveNetConfig.defaults()
                .merged(Map.of("levels", LEVELS, "skip", SKIP, "prediction", true));
    }

    private static float[] random(int n, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        float[] x = new float[n];
        for (int i = 0; i < n; i++) {
            x[i] = (float) random.nextGaussian();
        }
        return x;
    }

    private static int[] places(long seed) {
        return new SplittableRandom(seed)
                .ints((long) N * Prediction.PREDICTORS, 0, Prediction.places(LEVELS))
                .toArray();
    }

    private static float[] add(RelativeHead h, Scope s, float[] hidden, float[] own, int[] places) {
        return h.add(
                        s.ops(),
                        s.tensor(hidden, N, SKIP),
                        s.tensor(own, N, LEVELS),
                        s.tensor(places, N, Prediction.PREDICTORS))
                .toFloats();
    }

    /** The sum that its Javadoc states, from the weights, in double precision. */
    @Test
    void isASumOfWavesOfTheDifference() {
        try (Parameters p = new Parameters(device, 1);
                Scope s = device.scope()) {
            RelativeHead h = new RelativeHead(p, config());
            int rows = h.bias().shape().dim(0);
            h.weight().write(random(rows * SKIP, 1));
            h.bias().write(random(rows, 2));
            float[] hidden = random(N * SKIP, 3);
            float[] own = random(N * LEVELS, 4);
            int[] places = places(5);
            float[] all = add(h, s, hidden, own, places);
            float[] w = h.weight().toFloats();
            float[] b = h.bias().toFloats();
            int waves = rows / 2 / Prediction.PREDICTORS;
            for (int i = 0; i < N; i++) {
                for (int l = 0; l < LEVELS; l++) {
                    double sum = 0;
                    for (int j = 0; j < rows / 2; j++) {
                        double cos = b[j];
                        double sin = b[rows / 2 + j];
                        for (int k = 0; k < SKIP; k++) {
                            cos += w[j * SKIP + k] * hidden[i * SKIP + k];
                            sin += w[(rows / 2 + j) * SKIP + k] * hidden[i * SKIP + k];
                        }
                        int place = places[i * Prediction.PREDICTORS + j / waves];
                        double part = 1 - j % waves / (waves - 1.0);
                        double wave = 5 * Math.pow(2 * LEVELS / 5.0, part);
                        double far = l - place / (double) Prediction.PLACES;
                        double angle = 2 * Math.PI * far / wave;
                        sum += cos * Math.cos(angle) + sin * Math.sin(angle);
                    }
                    double expected = own[i * LEVELS + l] + sum / Math.sqrt(rows);
                    assertThat(all[i * LEVELS + l]).isCloseTo((float) expected, within(2e-4f));
                }
            }
            // On the host, from the sizes.
            float[] sizes =
                    s.ops().linear(s.tensor(hidden, N, SKIP), h.weight(), h.bias()).toFloats();
            float[] outputs = new float[N * (LEVELS + rows)];
            for (int i = 0; i < N; i++) {
                int to = i * (LEVELS + rows);
                System.arraycopy(own, i * LEVELS, outputs, to, LEVELS);
                System.arraycopy(sizes, i * rows, outputs, to + LEVELS, rows);
            }
            float[] host = h.logits(outputs, places);
            for (int i = 0; i < all.length; i++) {
                assertThat(host[i]).isCloseTo(all[i], within(1e-4f));
            }
        }
    }

    /** Where a level more is expected, what is said of a level is said of the next one. */
    @Test
    void movesWithWhatIsExpected() {
        try (Parameters p = new Parameters(device, 1);
                Scope s = device.scope()) {
            RelativeHead h = new RelativeHead(p, config());
            float[] hidden = random(N * SKIP, 6);
            float[] none = new float[N * LEVELS];
            int[] places = Arrays.stream(places(7)).map(i -> i / 2).toArray();
            int[] more = Arrays.stream(places).map(i -> i + Prediction.PLACES).toArray();
            float[] a = add(h, s, hidden, none, places);
            float[] b = add(h, s, hidden, none, more);
            for (int i = 0; i < N; i++) {
                for (int l = 1; l < LEVELS; l++) {
                    float before = a[i * LEVELS + l - 1];
                    assertThat(b[i * LEVELS + l]).isCloseTo(before, within(1e-5f)).isNotZero();
                }
            }
        }
    }

    /** Of a head that is trained: where the sample is expected becomes the likeliest level. */
    @Test
    void learnsToFollow() {
        try (Parameters p = new Parameters(device, 1)) {
            RelativeHead h = new RelativeHead(p, config());
            train(h, p);
            try (Scope s = device.scope()) {
                int[] places = places(1);
                float[] logits = add(h, s, random(N * SKIP, 9), new float[N * LEVELS], places);
                for (int i = 0; i < N; i++) {
                    float[] of = Arrays.copyOfRange(logits, i * LEVELS, (i + 1) * LEVELS);
                    int best = 0;
                    for (int l = 1; l < LEVELS; l++) {
                        best = of[l] > of[best] ? l : best;
                    }
                    double expected = places[i * Prediction.PREDICTORS + 1] / 4.0;
                    assertThat((double) best).isCloseTo(expected, within(3.0));
                }
            }
        }
    }

    private static void train(RelativeHead h, Parameters p) {
        try (AdamOptimizer adam = new AdamOptimizer(p, 1)) {
            SplittableRandom random = new SplittableRandom(8);
            for (int step = 0; step < 300; step++) {
                int[] places = places(100 + step);
                int[] labels = new int[N];
                for (int i = 0; i < N; i++) {
                    int best = places[i * Prediction.PREDICTORS + 1] / Prediction.PLACES;
                    labels[i] = Math.clamp(best + random.nextInt(3) - 1L, 0, LEVELS - 1);
                }
                try (Scope s = device.scope()) {
                    Tape tape = s.tape().watch(p.tensors());
                    Tensor logits =
                            h.add(
                                    tape.ops(),
                                    s.tensor(random(N * SKIP, 9), N, SKIP),
                                    s.zeros(N, LEVELS),
                                    s.tensor(places, N, Prediction.PREDICTORS));
                    Tensor loss = tape.ops().crossEntropy(logits, s.tensor(labels, N), -1, 0);
                    adam.step(s, adam.backward(tape, loss), step < 200 ? 0.1 : 0.02);
                }
            }
        }
    }
}
