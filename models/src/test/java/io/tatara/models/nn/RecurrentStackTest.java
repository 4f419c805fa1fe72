package io.tatara.models.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.tatara.kernels.TataraException;
import io.tatara.kernels.recurrent.Direction;
import io.tatara.models.OnJvm;
import io.tatara.runtime.Ops;
import io.tatara.runtime.Scope;
import io.tatara.runtime.Tape;
import io.tatara.runtime.Tensor;
import io.tatara.runtime.io.HostTensor;
import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RecurrentStackTest extends OnJvm {
    private static final int T = 4;
    private static final int N = 2;
    private static final int I = 3;
    private static final int H = 2;

    private static float[] normal(long seed, int n) {
        SplittableRandom r = new SplittableRandom(seed);
        float[] v = new float[n];
        for (int i = 0; i < n; i++) {
            v[i] = (float) r.nextGaussian();
        }
        return v;
    }

    /** Layer {@code i} of a stack's weights as those of a single layer. */
    private static Map<String, HostTensor> layer(Map<String, HostTensor> stack, int i) {
        Map<String, HostTensor> one = new HashMap<>();
        stack.forEach((name, t) -> {
            if (name.contains("_l" + i)) {
                one.put(name.replace("_l" + i, "_l0"), t);
            }
        });
        return one;
    }

    @ParameterizedTest
    @CsvSource({"RNN,FORWARD", "GRU,BIDIRECTIONAL", "LSTM,FORWARD", "LSTM,BIDIRECTIONAL"})
    void aStackIsItsLayersOneAfterTheOther(Cell cell, Direction direction) {
        int d = direction.count();
        try (Parameters p = new Parameters(device, 1);
                Parameters q = new Parameters(device, 2);
                Parameters r = new Parameters(device, 3);
                Scope s = device.scope()) {
            RecurrentStack stack = new RecurrentStack(p, cell, direction, I, H, 2);
            Recurrent first = new Recurrent(q, cell, direction, I, H);
            Recurrent second = new Recurrent(r, cell, direction, d * H, H);
            assertThat(p.save().keySet()).contains("weight_ih_l0", "weight_hh_l1", "bias_hh_l1");
            assertThat(p.save().containsKey("weight_ih_l1_reverse")).isEqualTo(d == 2);
            q.load(layer(p.save(), 0));
            r.load(layer(p.save(), 1));
            Ops ops = s.ops();
            Tensor x = s.tensor(normal(4, T * N * I), T, N, I);
            Tensor lengths = s.tensor(new int[] {4, 2}, N);
            Tensor h = s.tensor(normal(5, 2 * d * N * H), 2 * d, N, H);
            Tensor c = cell == Cell.LSTM ? s.tensor(normal(6, 2 * d * N * H), 2 * d, N, H) : null;
            Recurrent.State start = new Recurrent.State(h, c);
            Recurrent.Result all = stack.apply(ops, x, lengths, start, Noise.of(s, 0.5f, 7, 3));

            Recurrent.Result one = first.apply(ops, x, lengths, stack.state(ops, start, 0));
            Tensor between = Noise.of(s, 0.5f, 7, 3).drop(ops, one.y());
            Recurrent.Result two = second.apply(ops, between, lengths, stack.state(ops, start, 1));
            assertThat(between.toFloats()).contains(0f).isNotEqualTo(one.y().toFloats());
            assertThat(all.y().toFloats()).isEqualTo(two.y().toFloats());
            assertThat(all.last().h().toFloats())
                    .startsWith(one.last().h().toFloats())
                    .endsWith(two.last().h().toFloats());
            if (cell == Cell.LSTM) {
                assertThat(all.last().c().toFloats())
                        .startsWith(one.last().c().toFloats())
                        .endsWith(two.last().c().toFloats());
            }
        }
    }

    /** Of Σ y · k + Σ h · k in every weight, through dropout that stays the same. */
    @ParameterizedTest
    @CsvSource({"RNN,BIDIRECTIONAL", "GRU,FORWARD", "LSTM,BIDIRECTIONAL"})
    void gradientsAgreeWithFiniteDifferences(Cell cell, Direction direction) {
        try (Parameters p = new Parameters(device, 1)) {
            RecurrentStack stack = new RecurrentStack(p, cell, direction, I, H, 2);
            try (Scope s = device.scope()) {
                Tape tape = s.tape().watch(p.tensors());
                var gradients = tape.backward(loss(s, tape.ops(), stack));
                for (String name : p.names()) {
                    Tensor w = p.get(name);
                    float[] g = gradients.of(w).toFloats();
                    float[] v = w.toFloats();
                    for (int i = 0; i < v.length; i += 3) {
                        double slope =
                                (moved(stack, w, v, i, 0x1p-6f) - moved(stack, w, v, i, -0x1p-6f))
                                        * 0x1p5;
                        assertThat((double) g[i]).as(name).isCloseTo(slope, within(4e-3));
                    }
                    w.write(v);
                }
            }
        }
    }

    private static double moved(RecurrentStack stack, Tensor w, float[] v, int i, float by) {
        float[] changed = v.clone();
        changed[i] += by;
        w.write(changed);
        try (Scope s = device.scope()) {
            return loss(s, s.ops(), stack).item();
        }
    }

    private static Tensor loss(Scope s, Ops ops, RecurrentStack stack) {
        Tensor x = s.tensor(normal(4, T * N * I), T, N, I);
        Tensor lengths = s.tensor(new int[] {4, 3}, N);
        Recurrent.Result r = stack.apply(ops, x, lengths, null, Noise.of(s, 0.3f, 7, 3));
        Tensor h = r.last().h();
        Tensor ky = s.tensor(normal(8, r.y().size()), r.y().shape().toArray());
        Tensor kh = s.tensor(normal(9, h.size()), h.shape().toArray());
        return ops.add(ops.sum(ops.mul(r.y(), ky)), ops.sum(ops.mul(h, kh)));
    }

    @Test
    void aStackOfNoneIsRefused() {
        try (Parameters p = new Parameters(device, 1)) {
            assertThatThrownBy(() -> new RecurrentStack(p, Cell.GRU, Direction.FORWARD, I, H, 0))
                    .isInstanceOf(TataraException.class)
                    .hasMessageContaining("depth");
        }
    }
}
