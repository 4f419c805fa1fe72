package io.tatara.kernels.causal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tatara.kernels.OpException;
import io.tatara.kernels.RefArray;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.jvm.JvmArray;
import io.tatara.kernels.jvm.Lanes;
import io.tatara.kernels.jvm.PlainLanes;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/**
 * Samples in several calls are those of one; each is the likeliest, or drawn as often as it is
 * likely.
 */
class GenerateTest {
    private static final int N = 2;
    private static final int C = 5;
    private static final int D = 6;
    private static final int S = 7;
    private static final int H = 9;
    private static final int A = 11;
    private static final List<Integer> DILATIONS = List.of(1, 2, 4, 3);

    private final SplittableRandom random = new SplittableRandom(3);

    private JvmArray draw(int... dims) {
        TensorSpec spec = TensorSpec.f32(dims);
        float[] f = new float[spec.size()];
        for (int i = 0; i < f.length; i++) {
            f[i] = (float) (0.6 * random.nextGaussian());
        }
        return JvmArray.of(spec, f);
    }

    private JvmArray[] network() {
        int layers = DILATIONS.size();
        int[] none = new int[N * 2];
        Arrays.fill(none, -1);
        int queue = C * DILATIONS.stream().mapToInt(d -> d).sum();
        return new JvmArray[] {
            JvmArray.of(TensorSpec.i32(N, 2), none),
            JvmArray.of(TensorSpec.f32(N, queue), new float[N * queue]),
            JvmArray.of(TensorSpec.i32(1), new int[1]),
            JvmArray.of(TensorSpec.i32(2), new int[] {5, -8}),
            draw(2 * A, C),
            draw(C),
            null,
            draw(layers, 2 * D, C, 2),
            draw(layers, 2 * D),
            draw(N, layers, 2 * D),
            draw(layers, C, D),
            draw(layers, C),
            draw(layers, S, D),
            draw(layers, S),
            draw(H, S),
            draw(H),
            draw(A, H),
            draw(A)
        };
    }

    private static JvmArray[] copy(JvmArray[] in) {
        JvmArray[] out = in.clone();
        for (int i = 0; i < 3; i++) {
            out[i] =
                    in[i].f() == null
                            ? JvmArray.of(in[i].spec(), in[i].i().clone())
                            : JvmArray.of(in[i].spec(), in[i].f().clone());
        }
        return out;
    }

    private static JvmArray[] run(WaveNetGenerate op, Lanes lanes, JvmArray[] in) {
        int[] levels = new int[N * op.count()];
        JvmArray[] out = {
            JvmArray.of(TensorSpec.i32(N, op.count()), levels),
            JvmArray.of(TensorSpec.f32(N, A), new float[N * A]),
            in[0],
            in[1],
            in[2]
        };
        GenerateJvm.generate(op, in, out, StreamTest.context(lanes));
        return out;
    }

    @Test
    void severalCallsHaveTheBitsOfOne() {
        JvmArray[] in = network();
        for (Lanes lanes : List.of(Lanes.best(), new PlainLanes())) {
            JvmArray[] whole = run(new WaveNetGenerate(DILATIONS, 60, 1), lanes, copy(in));
            JvmArray[] state = copy(in);
            int at = 0;
            for (int count : new int[] {1, 7, 30, 22}) {
                JvmArray[] out = run(new WaveNetGenerate(DILATIONS, count, 1), lanes, state);
                for (int n = 0; n < N; n++) {
                    int[] want = Arrays.copyOfRange(whole[0].i(), n * 60 + at, n * 60 + at + count);
                    int[] got = Arrays.copyOfRange(out[0].i(), n * count, (n + 1) * count);
                    assertThat(got).containsExactly(want);
                }
                at += count;
                if (at == 60) {
                    assertThat(out[1].f()).containsExactly(whole[1].f());
                }
            }
            assertThat(state[1].f()).containsExactly(whole[3].f());
            assertThat(state[2].i()).containsExactly(60);
            assertThat(Arrays.stream(whole[0].i()).distinct().count()).isGreaterThan(4);
        }
    }

    @Test
    void theLikeliestLevelHasTheGreatestLogit() {
        JvmArray[] state = copy(network());
        for (int t = 0; t < 20; t++) {
            JvmArray[] out = run(new WaveNetGenerate(DILATIONS, 1, 0), Lanes.best(), state);
            for (int n = 0; n < N; n++) {
                float[] logits = Arrays.copyOfRange(out[1].f(), n * A, (n + 1) * A);
                float chosen = logits[out[0].i()[n]];
                for (float l : logits) {
                    assertThat(l).isLessThanOrEqualTo(chosen);
                }
                assertThat(state[0].i()[2 * n + 1]).isEqualTo(out[0].i()[n]);
            }
        }
    }

    /** Where the levels before have no weight every sample has one distribution. */
    @Test
    void levelsComeAsOftenAsTheyAreLikely() {
        JvmArray[] in = copy(network());
        for (int i = 4; i < 18; i++) {
            if (in[i] != null && i != WaveNetGenerate.LAST_BIAS) {
                Arrays.fill(in[i].f(), 0);
            }
        }
        int count = 20_000;
        float temperature = 0.7f;
        JvmArray[] out = run(new WaveNetGenerate(DILATIONS, count, temperature), Lanes.best(), in);
        double sum = 0;
        double[] p = new double[A];
        for (int i = 0; i < A; i++) {
            p[i] = Math.exp(in[WaveNetGenerate.LAST_BIAS].f()[i] / temperature);
            sum += p[i];
        }
        double[] seen = new double[A];
        Arrays.stream(out[0].i()).forEach(l -> seen[l]++);
        for (int i = 0; i < A; i++) {
            double want = p[i] / sum * N * count;
            assertThat(seen[i]).isBetween(want - 5 * Math.sqrt(want), want + 5 * Math.sqrt(want));
        }
        int[] first = Arrays.copyOf(out[0].i(), count);
        int[] second = Arrays.copyOfRange(out[0].i(), count, 2 * count);
        assertThat(first).isNotEqualTo(second);
    }

    @Test
    void wrongCallsAreRefused() {
        assertThatThrownBy(() -> new WaveNetGenerate(List.of(), 1, 1))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("dilations");
        assertThatThrownBy(() -> new WaveNetGenerate(DILATIONS, 0, 1))
                .isInstanceOf(OpException.class)
                .hasMessageContaining("count");
        for (float t : new float[] {-1, Float.NaN, Float.POSITIVE_INFINITY}) {
            assertThatThrownBy(() -> new WaveNetGenerate(DILATIONS, 1, t))
                    .isInstanceOf(OpException.class)
                    .hasMessageContaining("temperature");
        }
        WaveNetGenerate op = new WaveNetGenerate(DILATIONS, 3, 1);
        TensorSpec[] good =
                Arrays.stream(network())
                        .map(a -> a == null ? null : a.spec())
                        .toArray(TensorSpec[]::new);
        assertThat(op.infer(good)[0]).isEqualTo(TensorSpec.i32(N, 3));
        String[] names = {
            "history",
            "queue",
            "clock",
            "seed",
            "table",
            "firstBias",
            "added",
            "weight",
            "bias",
            "condition",
            "residualWeight",
            "residualBias",
            "skipWeight",
            "skipBias",
            "hiddenWeight",
            "hiddenBias",
            "lastWeight",
            "lastBias"
        };
        for (int i = 0; i < names.length; i++) {
            TensorSpec[] bad = good.clone();
            bad[i] = TensorSpec.i32(2, 3, 99, 1, 1);
            String name = names[i];
            assertThatThrownBy(() -> op.infer(bad))
                    .isInstanceOf(OpException.class)
                    .hasMessageContaining("wave_net_generate")
                    .hasMessageContaining(name);
        }
    }

    /** The oracle of this op against that of the step, which the layers' tests hold. */
    @Test
    void aSampleIsAStep() {
        JvmArray[] in = network();
        RefArray[] r = new RefArray[in.length];
        for (int i = 0; i < in.length; i++) {
            if (in[i] != null) {
                r[i] = RefArray.zeros(in[i].spec());
                for (int j = 0; j < r[i].data().length; j++) {
                    r[i].data()[j] = in[i].f() == null ? in[i].i()[j] : in[i].f()[j];
                }
            }
        }
        RefArray[] out = zeros(new WaveNetGenerate(DILATIONS, 4, 0).infer(specs(r)));
        GenerateReference.generate(new WaveNetGenerate(DILATIONS, 4, 0), r, out);
        WaveNetStep step = new WaveNetStep(DILATIONS);
        RefArray queue = r[1];
        RefArray slots = RefArray.zeros(TensorSpec.i32(DILATIONS.size()));
        for (int t = 0; t < 4; t++) {
            RefArray x = RefArray.zeros(TensorSpec.f32(N, C));
            for (int i = 0; i < N * C; i++) {
                x.data()[i] = r[5].data()[i % C];
                for (int tap = Math.max(0, 2 - t); tap < 2; tap++) {
                    int level = (int) out[0].data()[i / C * 4 + t - 2 + tap];
                    x.data()[i] += r[4].data()[(tap * A + level) * C + i % C];
                }
            }
            List<RefArray> all = new ArrayList<>(List.of(x, queue, slots));
            all.addAll(Arrays.asList(r).subList(7, 14));
            RefArray[] given = all.toArray(RefArray[]::new);
            RefArray[] got = zeros(step.infer(specs(given)));
            CausalReference.step(step, given, got);
            queue = got[2];
            slots = got[3];
        }
        for (int i = 0; i < queue.data().length; i++) {
            assertThat(out[3].data()[i])
                    .isCloseTo(queue.data()[i], org.assertj.core.api.Assertions.within(1e-12));
        }
    }

    private static TensorSpec[] specs(RefArray[] a) {
        return Arrays.stream(a).map(x -> x == null ? null : x.spec()).toArray(TensorSpec[]::new);
    }

    private static RefArray[] zeros(TensorSpec[] specs) {
        return Arrays.stream(specs).map(RefArray::zeros).toArray(RefArray[]::new);
    }
}
