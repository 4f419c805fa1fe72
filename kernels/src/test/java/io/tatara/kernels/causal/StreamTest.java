package io.tatara.kernels.causal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.tatara.kernels.Op;
import io.tatara.kernels.OpEntry;
import io.tatara.kernels.OpException;
import io.tatara.kernels.OpTable;
import io.tatara.kernels.Shape;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.jvm.JvmArray;
import io.tatara.kernels.jvm.JvmContext;
import io.tatara.kernels.jvm.Lanes;
import io.tatara.kernels.jvm.PlainLanes;
import io.tatara.kernels.jvm.Workers;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A stream in pieces has the bits of the whole, and one sample at a time its numbers. */
class StreamTest {
    private static final int N = 2;
    private static final int T = 301;

    private final SplittableRandom random = new SplittableRandom(7);

    private JvmArray draw(double scale, int... dims) {
        TensorSpec spec = TensorSpec.f32(dims);
        float[] f = new float[spec.size()];
        for (int i = 0; i < f.length; i++) {
            f[i] = (float) (scale * random.nextGaussian());
        }
        return JvmArray.of(spec, f);
    }

    static JvmContext context(Lanes lanes) {
        return new JvmContext() {
            @Override
            public Workers workers() {
                return Workers.SERIAL;
            }

            @Override
            public Lanes lanes() {
                return lanes;
            }

            @Override
            public float[] acquire(int n) {
                float[] f = new float[n];
                Arrays.fill(f, Float.NaN);
                return f;
            }

            @Override
            public void release(float[] scratch) {
                Arrays.fill(scratch, Float.NaN);
            }
        };
    }

    private static <O extends Op> JvmArray[] run(O op, Lanes lanes, JvmArray... in) {
        OpEntry<O> entry = OpTable.of(op);
        TensorSpec[] specs =
                Arrays.stream(in).map(a -> a == null ? null : a.spec()).toArray(TensorSpec[]::new);
        TensorSpec[] outSpecs = op.infer(specs);
        JvmArray[] out = new JvmArray[outSpecs.length];
        for (int i = 0; i < out.length; i++) {
            int alias = op.alias(i);
            out[i] =
                    alias >= 0
                            ? in[alias]
                            : JvmArray.of(outSpecs[i], new float[outSpecs[i].size()]);
        }
        entry.jvm().getFirst().run(op, in, out, context(lanes));
        return out;
    }

    /** Samples [from, to) of [N, C, T]. */
    private static JvmArray part(JvmArray x, int from, int to) {
        int rows = x.spec().shape().product(0, 2);
        int t = x.spec().shape().dim(2);
        float[] f = new float[rows * (to - from)];
        for (int r = 0; r < rows; r++) {
            System.arraycopy(x.f(), r * t + from, f, r * (to - from), to - from);
        }
        return JvmArray.of(x.spec().withShape(x.spec().shape().with(2, to - from)), f);
    }

    private List<Integer> cuts() {
        List<Integer> cuts = new ArrayList<>(List.of(0));
        while (cuts.getLast() < T) {
            // Many pieces are shorter than the state, one is empty.
            int length = random.nextInt(4) == 0 ? random.nextInt(90) : random.nextInt(6);
            cuts.add(Math.min(T, cuts.getLast() + length));
        }
        return cuts;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 5, 16, 64, 400})
    void aConvolutionInPiecesHasTheBitsOfTheWhole(int dilation) {
        for (Lanes lanes : List.of(Lanes.best(), new PlainLanes())) {
            JvmArray x = draw(1, N, 5, T);
            JvmArray w = draw(1, 9, 5, 3);
            JvmArray bias = draw(1, 9);
            JvmArray state = draw(1, N, 5, 2 * dilation);
            CausalConv1d op = new CausalConv1d(dilation, true);
            JvmArray[] whole = run(op, lanes, x, w, bias, state);
            List<Integer> cuts = cuts();
            for (int i = 1; i < cuts.size(); i++) {
                int from = cuts.get(i - 1);
                int to = cuts.get(i);
                JvmArray[] piece = run(op, lanes, part(x, from, to), w, bias, state);
                assertThat(piece[0].f()).containsExactly(part(whole[0], from, to).f());
                state = piece[1];
            }
            assertThat(state.f()).containsExactly(whole[1].f());
        }
    }

    @Test
    void aLayerInPiecesHasTheNumbersOfTheWhole() {
        JvmArray x = draw(1, N, 5, T);
        JvmArray w = draw(.3, 8, 5, 2);
        JvmArray bias = draw(1, 8);
        JvmArray condition = draw(1, N, 8, T);
        JvmArray residual = draw(1, 5, 4);
        JvmArray skips = draw(1, 6, 4);
        JvmArray skip = draw(1, N, 6, T);
        JvmArray state = draw(1, N, 5, 32);
        GatedCausalLayer op = new GatedCausalLayer(32, false, true);
        Lanes best = Lanes.best();
        JvmArray[] whole =
                run(op, best, x, w, bias, condition, residual, null, skips, null, skip, state);
        List<Integer> cuts = cuts();
        for (int i = 1; i < cuts.size(); i++) {
            int a = cuts.get(i - 1);
            int b = cuts.get(i);
            JvmArray c = part(condition, a, b);
            JvmArray s = part(skip, a, b);
            JvmArray[] piece =
                    run(op, best, part(x, a, b), w, bias, c, residual, null, skips, null, s, state);
            near(piece[0].f(), part(whole[0], a, b).f());
            near(piece[1].f(), part(whole[1], a, b).f());
            state = piece[2];
        }
        assertThat(state.f()).containsExactly(whole[2].f());
    }

    private static void near(float[] got, float[] want) {
        for (int i = 0; i < want.length; i++) {
            assertThat(got[i]).isCloseTo(want[i], within(2e-5f));
        }
    }

    private static JvmArray layerOf(JvmArray a, int layer) {
        int size = a.spec().shape().product(1, a.spec().shape().rank());
        float[] f = Arrays.copyOfRange(a.f(), layer * size, (layer + 1) * size);
        return JvmArray.of(
                a.spec().withShape(a.spec().shape().slice(1, a.spec().shape().rank())), f);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void samplesOneByOneHaveTheNumbersOfTheStack(int taps) {
        int c = 5;
        int d = 4;
        int s = 6;
        List<Integer> dilations = List.of(1, 2, 4, 8, 1, 3);
        int layers = dilations.size();
        JvmArray w = draw(.3, layers, 2 * d, c, taps);
        JvmArray bias = draw(.3, layers, 2 * d);
        JvmArray condition = draw(.3, N, layers, 2 * d);
        JvmArray residual = draw(.3, layers, c, d);
        JvmArray residualBias = draw(.3, layers, c);
        JvmArray skips = draw(.3, layers, s, d);
        JvmArray x = draw(1, N, c, 60);
        JvmArray y = x;
        JvmArray skip = null;
        for (int l = 0; l < layers; l++) {
            float[] own = new float[N * 2 * d];
            for (int n = 0; n < N; n++) {
                System.arraycopy(condition.f(), (n * layers + l) * 2 * d, own, n * 2 * d, 2 * d);
            }
            JvmArray[] out =
                    run(
                            new GatedCausalLayer(dilations.get(l), false, false),
                            Lanes.best(),
                            y,
                            layerOf(w, l),
                            layerOf(bias, l),
                            JvmArray.of(TensorSpec.f32(N, 2 * d), own),
                            layerOf(residual, l),
                            layerOf(residualBias, l),
                            layerOf(skips, l),
                            null,
                            skip);
            y = out[0];
            skip = out[1];
        }
        int slots = dilations.stream().mapToInt(v -> (taps - 1) * v).sum();
        JvmArray queue = JvmArray.of(TensorSpec.f32(N, slots * c), new float[N * slots * c]);
        JvmArray next = JvmArray.of(TensorSpec.i32(layers), new int[layers]);
        WaveNetStep op = new WaveNetStep(dilations);
        for (int t = 0; t < 60; t++) {
            JvmArray now = part(x, t, t + 1);
            JvmArray[] out =
                    run(
                            op,
                            Lanes.best(),
                            JvmArray.of(TensorSpec.f32(N, c), now.f()),
                            queue,
                            next,
                            w,
                            bias,
                            condition,
                            residual,
                            residualBias,
                            skips,
                            null);
            near(out[WaveNetStep.SKIP].f(), part(skip, t, t + 1).f());
            near(out[WaveNetStep.Y].f(), part(y, t, t + 1).f());
        }
    }

    @Test
    void wrongCallsAreRefused() {
        TensorSpec x = TensorSpec.f32(2, 3, 9);
        TensorSpec w = TensorSpec.f32(4, 3, 2);
        assertThatThrownBy(() -> new CausalConv1d(0))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("dilation");
        CausalConv1d op = new CausalConv1d(4);
        assertThatThrownBy(() -> op.infer(x, TensorSpec.f32(4, 2, 2)))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("weight");
        assertThatThrownBy(() -> op.infer(x, w, null, TensorSpec.f32(2, 3, 5)))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("state");
        assertThatThrownBy(() -> op.infer(x, TensorSpec.f32(4, 3, 0)))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("tap");
        CausalConv1d far = new CausalConv1d(Integer.MAX_VALUE);
        assertThatThrownBy(() -> far.infer(x, w)).isInstanceOf(OpException.class);
    }

    @Test
    void wrongStepsAreRefused() {
        assertThatThrownBy(() -> new WaveNetStep(List.of()))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("dilations");
        assertThatThrownBy(() -> new WaveNetStep(List.of(1, 0)))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("dilation");
        WaveNetStep op = new WaveNetStep(List.of(1, 4));
        TensorSpec[] good = {
            TensorSpec.f32(N, 3),
            TensorSpec.f32(N, 5 * 3),
            TensorSpec.i32(2),
            TensorSpec.f32(2, 2 * 4, 3, 2),
            TensorSpec.f32(2, 2 * 4),
            TensorSpec.f32(N, 2, 2 * 4),
            TensorSpec.f32(2, 3, 4),
            TensorSpec.f32(2, 3),
            TensorSpec.f32(2, 6, 4),
            TensorSpec.f32(2, 6)
        };
        assertThat(op.infer(good)[WaveNetStep.SKIP]).isEqualTo(TensorSpec.f32(N, 6));
        List<String> names =
                List.of(
                        "x",
                        "queue",
                        "slots",
                        "weight",
                        "bias",
                        "condition",
                        "residualWeight",
                        "residualBias",
                        "skipWeight",
                        "skipBias");
        for (int i = 0; i < good.length; i++) {
            TensorSpec[] bad = good.clone();
            Shape shape = good[i].shape();
            int[] dims = IntStream.range(0, shape.rank()).map(shape::dim).toArray();
            dims[dims.length - 1] += 1;
            bad[i] = TensorSpec.of(good[i].dtype(), dims);
            String name = names.get(i);
            assertThatThrownBy(() -> op.infer(bad))
                    .isInstanceOf(OpException.class)
                    .hasMessageContaining("wave_net_step");
            bad[i] = good[i].withShape(1, 2, 3, 4, 5);
            assertThatThrownBy(() -> op.infer(bad))
                    .isInstanceOf(OpException.class)
                    .hasMessageContaining(name);
        }
    }
}
