package io.tatara.models.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.tatara.kernels.TataraException;
import io.tatara.models.OnJvm;
import io.tatara.models.nn.SequenceLoss.Average;
import io.tatara.runtime.Scope;
import io.tatara.runtime.Tape;
import io.tatara.runtime.Tensor;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Losses and their gradients against plain loops and finite differences in double. */
class SequenceLossTest extends OnJvm {
    private static final int N = 4;
    private static final int T = 3;
    private static final int C = 5;
    private static final int[] LENGTHS = {3, 1, 0, 2};

    private static float[] normal(long seed, int n) {
        SplittableRandom r = new SplittableRandom(seed);
        float[] v = new float[n];
        for (int i = 0; i < n; i++) {
            v[i] = (float) r.nextGaussian();
        }
        return v;
    }

    /** One label, of the step (0, 1), is to be ignored. */
    private static int[] labels(SequenceLoss loss) {
        int[] v = new int[N * T];
        for (int i = 0; i < v.length; i++) {
            v[i] = i * 3 % C;
        }
        v[at(loss, 0, 1)] = SequenceLoss.IGNORE;
        return v;
    }

    private static int at(SequenceLoss loss, int n, int t) {
        return loss.batchFirst() ? n * T + t : t * N + n;
    }

    private static int[] dims(SequenceLoss loss, int... rest) {
        int[] d =
                Arrays.copyOf(
                        loss.batchFirst() ? new int[] {N, T} : new int[] {T, N}, 2 + rest.length);
        System.arraycopy(rest, 0, d, 2, rest.length);
        return d;
    }

    /** A loss of one step; NaN where the step is to be ignored. */
    private interface Step {
        double loss(int place);
    }

    private static double averaged(SequenceLoss loss, int[] lengths, Step step) {
        double all = 0;
        int steps = 0;
        double means = 0;
        int sequences = 0;
        for (int n = 0; n < N; n++) {
            double sum = 0;
            int count = 0;
            for (int t = 0; t < lengths[n]; t++) {
                double l = step.loss(at(loss, n, t));
                if (!Double.isNaN(l)) {
                    sum += l;
                    count++;
                }
            }
            all += sum;
            steps += count;
            if (count > 0) {
                means += sum / count;
                sequences++;
            }
        }
        return switch (loss.average()) {
            case SUM -> all;
            case STEPS -> all / steps;
            case SEQUENCES -> means / sequences;
        };
    }

    private static double entropy(float[] x, int[] labels, int place, double smoothing) {
        if (labels[place] == SequenceLoss.IGNORE) {
            return Double.NaN;
        }
        double sum = 0;
        double mean = 0;
        for (int c = 0; c < C; c++) {
            sum += Math.exp(x[place * C + c]);
            mean += x[place * C + c] / (double) C;
        }
        return Math.log(sum) - (1 - smoothing) * x[place * C + labels[place]] - smoothing * mean;
    }

    private static double squares(float[] x, float[] y, int place) {
        double sum = 0;
        for (int c = 0; c < C; c++) {
            double d = (double) x[place * C + c] - y[place * C + c];
            sum += d * d / C;
        }
        return sum;
    }

    /** The function's loss and gradient, and those that plain loops give. */
    private interface Loss {
        Tensor of(Scope s, Tape tape, Tensor x);
    }

    private interface Plain {
        double of(float[] x);
    }

    private static void agree(
            SequenceLoss loss, float[] x, int[] lengths, Loss device, Plain plain) {
        float[] poisoned = x.clone();
        boolean[] valid = new boolean[N * T];
        for (int n = 0; n < N; n++) {
            for (int t = 0; t < T; t++) {
                int place = at(loss, n, t);
                valid[place] = t < lengths[n];
                if (!valid[place]) {
                    Arrays.fill(poisoned, place * C, (place + 1) * C, Float.NaN);
                }
            }
        }
        try (Scope s = SequenceLossTest.device.scope()) {
            Tensor in = s.tensor(poisoned, dims(loss, C));
            Tape tape = s.tape().watch(in);
            Tensor l = device.of(s, tape, in);
            assertThat((double) l.item()).isCloseTo(plain.of(x), within(1e-5));
            float[] g = tape.backward(l).of(in).toFloats();
            for (int i = 0; i < x.length; i++) {
                float[] up = x.clone();
                float[] down = x.clone();
                up[i] += 0x1p-9f;
                down[i] -= 0x1p-9f;
                double slope = (plain.of(up) - plain.of(down)) / ((double) up[i] - down[i]);
                assertThat((double) g[i]).isCloseTo(valid[i / C] ? slope : 0, within(1e-4));
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "STEPS,true,0",
        "STEPS,false,0.1",
        "SEQUENCES,true,0.2",
        "SEQUENCES,false,0",
        "SUM,true,0.1"
    })
    void crossEntropyIsThatOfTheStepsThatAreThere(Average a, boolean batchFirst, float smoothing) {
        SequenceLoss loss = new SequenceLoss(a, batchFirst, smoothing);
        int[] labels = labels(loss);
        agree(
                loss,
                normal(1, N * T * C),
                LENGTHS,
                (s, tape, x) ->
                        loss.crossEntropy(
                                tape.ops(), x, s.tensor(labels, dims(loss)), s.tensor(LENGTHS, N)),
                x -> averaged(loss, LENGTHS, p -> entropy(x, labels, p, smoothing)));
    }

    @ParameterizedTest
    @CsvSource({"STEPS,true", "STEPS,false", "SEQUENCES,true", "SEQUENCES,false", "SUM,false"})
    void squaredErrorIsThatOfTheStepsThatAreThere(Average a, boolean batchFirst) {
        SequenceLoss loss = new SequenceLoss(a, batchFirst);
        float[] target = normal(2, N * T * C);
        agree(
                loss,
                normal(1, N * T * C),
                LENGTHS,
                (s, tape, x) ->
                        loss.squaredError(
                                tape.ops(),
                                x,
                                s.tensor(target, dims(loss, C)),
                                s.tensor(LENGTHS, N)),
                x -> averaged(loss, LENGTHS, p -> squares(x, target, p)));
    }

    @Test
    void withoutLengthsAllStepsCount() {
        int[] all = {T, T, T, T};
        for (Average a : Average.values()) {
            SequenceLoss loss = new SequenceLoss(a, true);
            int[] labels = labels(loss);
            float[] target = normal(2, N * T * C);
            agree(
                    loss,
                    normal(1, N * T * C),
                    all,
                    (s, tape, x) ->
                            loss.crossEntropy(tape.ops(), x, s.tensor(labels, dims(loss)), null),
                    x -> averaged(loss, all, p -> entropy(x, labels, p, 0)));
            agree(
                    loss,
                    normal(1, N * T * C),
                    all,
                    (s, tape, x) ->
                            loss.squaredError(tape.ops(), x, s.tensor(target, dims(loss, C)), null),
                    x -> averaged(loss, all, p -> squares(x, target, p)));
        }
    }

    @Test
    void nothingIsZeroAndWrongCallsSayWhatIsWrong() {
        try (Scope s = device.scope()) {
            Tensor x = s.tensor(new float[12], 2, 2, 3);
            Tensor none = s.tensor(new int[2], 2);
            Tensor labels = s.tensor(new int[4], 2, 2);
            for (Average a : Average.values()) {
                SequenceLoss loss = new SequenceLoss(a, true);
                assertThat(loss.crossEntropy(s.ops(), x, labels, none).item()).isZero();
                assertThat(loss.squaredError(s.ops(), x, x, none).item()).isZero();
            }
            SequenceLoss loss = new SequenceLoss(Average.STEPS, true);
            assertThatThrownBy(() -> loss.crossEntropy(s.ops(), x, none, none))
                    .isInstanceOf(TataraException.class)
                    .hasMessageContaining("labels");
            assertThatThrownBy(() -> loss.crossEntropy(s.ops(), x, labels, labels))
                    .isInstanceOf(TataraException.class)
                    .hasMessageContaining("lengths");
            assertThatThrownBy(() -> loss.squaredError(s.ops(), x, labels, none))
                    .isInstanceOf(TataraException.class)
                    .hasMessageContaining("target");
        }
    }
}
