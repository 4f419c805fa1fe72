package io.tatara.kernels.recurrent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.tatara.kernels.Op;
import io.tatara.kernels.RefArray;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.check.Case;
import io.tatara.kernels.check.Comparison;
import io.tatara.kernels.check.ReferenceEmitter;
import io.tatara.kernels.pointwise.Activation;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What a sequence op must equal: known numbers, the loop over its cell, and itself on any number of
 * threads.
 */
class SequenceTest {
    private static final int T = 4;
    private static final int N = 3;
    private static final int I = 2;
    private static final int H = 5;

    private final ReferenceEmitter reference = new ReferenceEmitter();
    private final SplittableRandom random = new SplittableRandom(7);

    private RefArray draw(int... dims) {
        return Runs.random(random, 0.7, dims);
    }

    private RefArray[] run(boolean jvm, Op op, RefArray... in) {
        return jvm ? Runs.jvm(op, 1, in) : reference.run(op, in);
    }

    private static void assertClose(RefArray got, RefArray want) {
        assertThat(got.data().length).isEqualTo(want.data().length);
        assertThat(Comparison.of(got.data(), want).error()).isLessThan(1e-6);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void lstmIsTheLoopOverItsCell(boolean jvm) {
        RefArray x = draw(T, N, I);
        RefArray h = draw(1, N, H);
        RefArray c = draw(1, N, H);
        RefArray wIh = draw(1, 4 * H, I);
        RefArray wHh = draw(1, 4 * H, H);
        RefArray bias = draw(1, 4 * H);
        RefArray peep = draw(1, 3, H);
        RefArray[] seq =
                run(
                        jvm,
                        new LstmSequence(Direction.FORWARD, 0),
                        x,
                        null,
                        h,
                        c,
                        wIh,
                        wHh,
                        bias,
                        peep);
        RefArray[] state = {Runs.as(h, N, H), Runs.as(c, N, H)};
        for (int t = 0; t < T; t++) {
            state =
                    run(
                            jvm,
                            new LstmCell(),
                            Runs.as(Runs.rows(x, t, t + 1), N, I),
                            state[0],
                            state[1],
                            Runs.as(wIh, 4 * H, I),
                            Runs.as(wHh, 4 * H, H),
                            Runs.as(bias, 4 * H),
                            Runs.as(peep, 3, H));
            assertClose(Runs.as(Runs.rows(seq[0], t, t + 1), N, H), state[0]);
            assertClose(
                    Runs.as(Runs.rows(Runs.as(seq[3], T, N, 4 * H), t, t + 1), N, 4 * H), state[2]);
            assertClose(Runs.as(Runs.rows(Runs.as(seq[4], T, N, H), t, t + 1), N, H), state[1]);
        }
        assertClose(Runs.as(seq[1], N, H), state[0]);
        assertClose(Runs.as(seq[2], N, H), state[1]);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void gruIsTheLoopOverItsCell(boolean jvm) {
        for (boolean after : new boolean[] {true, false}) {
            RefArray x = draw(T, N, I);
            RefArray h = draw(1, N, H);
            RefArray wIh = draw(1, 3 * H, I);
            RefArray wHh = draw(1, 3 * H, H);
            RefArray bIh = draw(1, 3 * H);
            RefArray bHh = draw(1, 3 * H);
            RefArray[] seq =
                    run(
                            jvm,
                            new GruSequence(after, Direction.REVERSE, 0),
                            x,
                            null,
                            h,
                            wIh,
                            wHh,
                            bIh,
                            bHh);
            RefArray[] state = {Runs.as(h, N, H)};
            for (int t = T - 1; t >= 0; t--) {
                state =
                        run(
                                jvm,
                                new GruCell(after),
                                Runs.as(Runs.rows(x, t, t + 1), N, I),
                                state[0],
                                Runs.as(wIh, 3 * H, I),
                                Runs.as(wHh, 3 * H, H),
                                Runs.as(bIh, 3 * H),
                                Runs.as(bHh, 3 * H));
                assertClose(Runs.as(Runs.rows(seq[0], t, t + 1), N, H), state[0]);
                assertClose(
                        Runs.as(Runs.rows(Runs.as(seq[2], T, N, 4 * H), t, t + 1), N, 4 * H),
                        state[1]);
            }
            assertClose(Runs.as(seq[1], N, H), state[0]);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void rnnIsTheLoopOverItsCellInBothDirections(boolean jvm) {
        RefArray x = draw(T, N, I);
        RefArray h = draw(2, N, H);
        RefArray wIh = draw(2, H, I);
        RefArray wHh = draw(2, H, H);
        RefArray bias = draw(2, H);
        Op op = new RnnSequence(Activation.SIGMOID, Direction.BIDIRECTIONAL, 0);
        RefArray[] seq = run(jvm, op, x, null, h, wIh, wHh, bias);
        for (int d = 0; d < 2; d++) {
            RefArray[] state = {Runs.as(Runs.rows(h, d, d + 1), N, H)};
            for (int s = 0; s < T; s++) {
                int t = d == 0 ? s : T - 1 - s;
                state =
                        run(
                                jvm,
                                new RnnCell(Activation.SIGMOID),
                                Runs.as(Runs.rows(x, t, t + 1), N, I),
                                state[0],
                                Runs.as(Runs.rows(wIh, d, d + 1), H, I),
                                Runs.as(Runs.rows(wHh, d, d + 1), H, H),
                                Runs.as(Runs.rows(bias, d, d + 1), H));
                for (int n = 0; n < N; n++) {
                    int at = ((t * N + n) * 2 + d) * H;
                    double[] y = Arrays.copyOfRange(seq[0].data(), at, at + H);
                    double[] want = Arrays.copyOfRange(state[0].data(), n * H, (n + 1) * H);
                    assertThat(y).containsExactly(want, within(1e-6));
                }
            }
            assertClose(Runs.as(Runs.rows(seq[1], d, d + 1), N, H), state[0]);
        }
    }

    private static RefArray of(int[] dims, double... values) {
        return new RefArray(TensorSpec.f32(dims), values);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void lstmStepByHand(boolean jvm) {
        // One unit, one feature: pre-activations i 0.5, f 0.2, g 0.4, o 0.1 plus peepholes on c =
        // 2.
        RefArray[] r =
                run(
                        jvm,
                        new LstmCell(),
                        of(new int[] {1, 1}, 1),
                        of(new int[] {1, 1}, 0.5),
                        of(new int[] {1, 1}, 2),
                        of(new int[] {4, 1}, 0.3, 0.1, 0.2, 0),
                        of(new int[] {4, 1}, 0.2, 0, 0.4, 0.2),
                        of(new int[] {4}, 0.1, 0.1, 0, 0),
                        of(new int[] {3, 1}, 0.25, -0.1, 0.5));
        double i = 1 / (1 + Math.exp(-1.0));
        double f = 1 / (1 + Math.exp(-0.0));
        double g = Math.tanh(0.4);
        double c = f * 2 + i * g;
        double o = 1 / (1 + Math.exp(-(0.1 + 0.5 * c)));
        assertThat(r[2].data()).containsExactly(new double[] {i, f, g, o}, within(1e-6));
        assertThat(r[1].data()[0]).isCloseTo(1.277774, within(1e-5));
        assertThat(r[0].data()[0]).isCloseTo(o * Math.tanh(c), within(1e-6));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void gruStepByHand(boolean jvm) {
        // h = 2, so that the two conventions differ: bHh of n is inside the reset or outside it.
        for (boolean after : new boolean[] {true, false}) {
            RefArray[] r =
                    run(
                            jvm,
                            new GruCell(after),
                            of(new int[] {1, 1}, 1),
                            of(new int[] {1, 1}, 2),
                            of(new int[] {3, 1}, 1, 0.5, 0.2),
                            of(new int[] {3, 1}, 0.25, -0.5, 0.3),
                            of(new int[] {3}, 0, 0.1, 0),
                            of(new int[] {3}, -0.5, 0, 0.4));
            double reset = 1 / (1 + Math.exp(-1.0));
            double z = 1 / (1 + Math.exp(0.4));
            double n =
                    after
                            ? Math.tanh(0.2 + reset * (0.6 + 0.4))
                            : Math.tanh(0.2 + 0.3 * reset * 2 + 0.4);
            assertThat(r[0].data()[0]).isCloseTo((1 - z) * n + z * 2, within(1e-6));
            assertThat(r[1].data())
                    .containsExactly(
                            new double[] {reset, z, n, after ? 1 : reset * 2}, within(1e-6));
        }
    }

    @Test
    void raggedStepsLeaveTheStateAlone() {
        RefArray x = draw(3, 2, I);
        RefArray h = draw(2, 2, H);
        RefArray[] r =
                reference.run(
                        new RnnSequence(Activation.TANH, Direction.BIDIRECTIONAL, 0),
                        x,
                        Runs.ints(0, 2),
                        h,
                        draw(2, H, I),
                        draw(2, H, H),
                        null);
        for (int t = 0; t < 3; t++) {
            for (int j = 0; j < 2 * H; j++) {
                assertThat(r[0].data()[t * 2 * 2 * H + j]).isZero();
                assertThat(r[0].data()[(t * 2 + 1) * 2 * H + j] == 0).isEqualTo(t == 2);
            }
        }
        for (int d = 0; d < 2; d++) {
            int at = d * 2 * H;
            assertThat(Arrays.copyOfRange(r[1].data(), at, at + H))
                    .containsExactly(Arrays.copyOfRange(h.data(), at, at + H));
        }
    }

    static Stream<Case> threaded() {
        return Stream.of(
                        RecurrentCases.rnn(),
                        RecurrentCases.rnnGradient(),
                        RecurrentCases.lstm(),
                        RecurrentCases.lstmGradient(),
                        RecurrentCases.gru(),
                        RecurrentCases.gruGradient())
                .flatMap(List::stream)
                .filter(c ->
                        !c.isBench()
                                && (c.name().startsWith("large") || c.name().startsWith("wide")));
    }

    /** Few threads split the batch, many meet inside the steps. */
    @ParameterizedTest
    @MethodSource("threaded")
    void threadsChangeNothingButRounding(Case c) {
        RefArray[] in = c.draw(1);
        RefArray[] want = reference.run(c.op(), in);
        for (int threads : new int[] {2, 3, 4, 9}) {
            RefArray[] got = Runs.jvm(c.op(), threads, in);
            RefArray[] again = Runs.jvm(c.op(), threads, in);
            for (int j = 0; j < want.length; j++) {
                assertThat(Comparison.of(got[j].data(), want[j]).error())
                        .as("%d threads, output %d", threads, j)
                        .isLessThanOrEqualTo(c.tolerance(want[j].spec().dtype()));
                assertThat(Arrays.equals(again[j].data(), got[j].data())).isTrue();
            }
        }
    }
}
