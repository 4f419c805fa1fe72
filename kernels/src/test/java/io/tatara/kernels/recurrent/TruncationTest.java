package io.tatara.kernels.recurrent;

import static org.assertj.core.api.Assertions.assertThat;

import io.tatara.kernels.Op;
import io.tatara.kernels.RefArray;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.check.Comparison;
import io.tatara.kernels.check.ReferenceEmitter;
import io.tatara.kernels.pointwise.Activation;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.IntFunction;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Truncated back-propagation equals full back-propagation through chunks of the sequence, each
 * started from the detached state of the one before.
 */
class TruncationTest {
    private static final int T = 7;
    private static final int N = 4;
    private static final int I = 3;
    private static final int H = 4;

    private final ReferenceEmitter reference = new ReferenceEmitter();
    private final SplittableRandom random = new SplittableRandom(11);

    /**
     * An op by truncation, how many gates and states it has, how many biases behind the weights.
     */
    private record Kind(
            String name, IntFunction<Op> op, boolean reverse, int gates, int states, int biases) {
        @Override
        public String toString() {
            return name;
        }
    }

    static Stream<Arguments> kinds() {
        List<Kind> kinds = new ArrayList<>();
        for (Direction d : List.of(Direction.FORWARD, Direction.REVERSE)) {
            boolean back = d == Direction.REVERSE;
            kinds.add(
                    new Kind(
                            "rnn " + d,
                            k -> new RnnSequence(Activation.TANH, d, k),
                            back,
                            1,
                            1,
                            1));
            kinds.add(new Kind("lstm " + d, k -> new LstmSequence(d, k), back, 4, 2, 1));
            kinds.add(new Kind("gru " + d, k -> new GruSequence(true, d, k), back, 3, 1, 2));
            kinds.add(
                    new Kind(
                            "gru reset before " + d,
                            k -> new GruSequence(false, d, k),
                            back,
                            3,
                            1,
                            2));
        }
        return kinds.stream()
                .flatMap(kind ->
                        Stream.of(1, 2, 3, 7, 9)
                                .flatMap(k ->
                                        kind.reverse()
                                                ? Stream.of(Arguments.of(kind, k, false))
                                                : Stream.of(
                                                        Arguments.of(kind, k, false),
                                                        Arguments.of(kind, k, true))));
    }

    @ParameterizedTest(name = "{0}, every {1}, ragged {2}")
    @MethodSource("kinds")
    void equalsDetachedChunks(Kind kind, int k, boolean ragged) {
        int[] lengths = ragged ? new int[] {T, 0, 4, 2} : new int[] {T, T, T, T};
        RefArray[] in = inputs(kind, ragged ? lengths : null);
        RefArray[] grad = gradients(kind, kind.op().apply(k), in);
        RefArray[] got = backward(kind.op().apply(k), in, grad);
        RefArray[] want = new RefArray[in.length];
        for (int i = 0; i < in.length; i++) {
            want[i] = in[i] == null ? null : RefArray.zeros(in[i].spec());
        }
        RefArray[] states = Arrays.copyOfRange(in, 2, 2 + kind.states());
        for (int s = 0; s < T; s += k) {
            states = chunk(kind, s, Math.min(T, s + k), lengths, in, grad, states, want);
        }
        for (int i = 0; i < in.length; i++) {
            if (want[i] != null && i != 1) {
                assertThat(Comparison.of(got[i].data(), want[i]).error())
                        .as("input %d", i)
                        .isLessThan(1e-6);
            }
        }
    }

    private RefArray draw(int... dims) {
        return Runs.random(random, 0.6, dims);
    }

    private RefArray[] inputs(Kind kind, int[] lengths) {
        List<RefArray> in = new ArrayList<>();
        in.add(draw(T, N, I));
        in.add(lengths == null ? null : Runs.ints(lengths));
        for (int s = 0; s < kind.states(); s++) {
            in.add(draw(1, N, H));
        }
        in.add(draw(1, kind.gates() * H, I));
        in.add(draw(1, kind.gates() * H, H));
        for (int b = 0; b < kind.biases(); b++) {
            in.add(draw(1, kind.gates() * H));
        }
        if (kind.gates() == 4) {
            in.add(draw(1, 3, H));
        }
        return in.toArray(RefArray[]::new);
    }

    /** Random gradients for y and the final states. */
    private RefArray[] gradients(Kind kind, Op op, RefArray[] in) {
        TensorSpec[] out =
                op.infer(
                        Arrays.stream(in)
                                .map(a -> a == null ? null : a.spec())
                                .toArray(TensorSpec[]::new));
        RefArray[] g = new RefArray[out.length];
        for (int j = 0; j <= kind.states(); j++) {
            g[j] = draw(out[j].shape().toArray());
        }
        return g;
    }

    private RefArray[] backward(Op op, RefArray[] in, RefArray[] grad) {
        boolean[] needs = new boolean[in.length];
        for (int i = 0; i < in.length; i++) {
            needs[i] = i != 1 && in[i] != null;
        }
        return reference.gradient(op, in, reference.run(op, in), grad, needs);
    }

    /**
     * Steps [s0, s1) in processing order; adds what they give to {@code want}, returns the states
     * behind.
     */
    private RefArray[] chunk(
            Kind kind,
            int s0,
            int s1,
            int[] lengths,
            RefArray[] in,
            RefArray[] grad,
            RefArray[] states,
            RefArray[] want) {
        int from = kind.reverse() ? T - s1 : s0;
        int to = from + s1 - s0;
        RefArray[] part = in.clone();
        part[0] = Runs.rows(in[0], from, to);
        part[1] = in[1] == null ? null : Runs.ints(clamped(lengths, s0, s1));
        System.arraycopy(states, 0, part, 2, states.length);
        RefArray[] g = new RefArray[grad.length];
        g[0] = Runs.rows(grad[0], from, to);
        for (int j = 1; j <= kind.states(); j++) {
            g[j] = ending(grad[j], lengths, s0, s1);
        }
        Op op = kind.op().apply(0);
        RefArray[] d = backward(op, part, g);
        System.arraycopy(d[0].data(), 0, want[0].data(), from * N * I, d[0].data().length);
        for (int i = 2; i < in.length; i++) {
            boolean state = i < 2 + kind.states();
            for (int e = 0; e < d[i].data().length && (!state || s0 == 0); e++) {
                want[i].data()[e] += d[i].data()[e];
            }
        }
        return Arrays.copyOfRange(reference.run(op, part), 1, 1 + kind.states());
    }

    private static int[] clamped(int[] lengths, int s0, int s1) {
        return Arrays.stream(lengths).map(l -> Math.max(0, Math.min(s1, l) - s0)).toArray();
    }

    /** The final state's gradient belongs to the chunk in which the sequence ends. */
    private static RefArray ending(RefArray g, int[] lengths, int s0, int s1) {
        RefArray r = RefArray.zeros(g.spec());
        for (int n = 0; n < N; n++) {
            int last = Math.max(0, lengths[n] - 1);
            if (last >= s0 && last < s1) {
                System.arraycopy(g.data(), n * H, r.data(), n * H, H);
            }
        }
        return r;
    }
}
