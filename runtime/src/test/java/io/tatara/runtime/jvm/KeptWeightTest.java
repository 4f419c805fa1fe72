package io.tatara.runtime.jvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.tatara.kernels.recurrent.Direction;
import io.tatara.runtime.Device;
import io.tatara.runtime.Ops;
import io.tatara.runtime.Scope;
import io.tatara.runtime.Tatara;
import io.tatara.runtime.Tensor;
import java.util.SplittableRandom;
import java.util.function.BiFunction;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Weights whose packed copies are kept give what others give, also after they were written. */
class KeptWeightTest {
    private static final int IN = 19;
    private static final int HIDDEN = 37;

    @ParameterizedTest
    @CsvSource({"3, 2", "20, 1", "20, 9", "40, 20"})
    void recurrentLayers(int steps, int batch) {
        try (Device device = Tatara.open("jvm");
                Scope scope = device.scope()) {
            Tensor x = scope.tensor(numbers(1, steps * batch * IN), steps, batch, IN);
            compare(
                    scope,
                    4,
                    (wIh, wHh) ->
                            ops(scope)
                                    .lstm(
                                            Direction.BIDIRECTIONAL,
                                            x,
                                            null,
                                            null,
                                            null,
                                            wIh,
                                            wHh,
                                            null,
                                            null)[0]);
            compare(
                    scope,
                    3,
                    (wIh, wHh) ->
                            ops(scope)
                                    .gru(
                                            Direction.BIDIRECTIONAL,
                                            x,
                                            null,
                                            null,
                                            wIh,
                                            wHh,
                                            null,
                                            null)[0]);
        }
    }

    private static Ops ops(Scope scope) {
        return scope.ops();
    }

    private static void compare(Scope scope, int gates, BiFunction<Tensor, Tensor, Tensor> layer) {
        int[] in = {2, gates * HIDDEN, IN};
        int[] hidden = {2, gates * HIDDEN, HIDDEN};
        Tensor wIh = scope.weight(numbers(2, in[0] * in[1] * IN), in);
        Tensor wHh = scope.weight(numbers(3, in[0] * in[1] * HIDDEN), hidden);
        for (int seed = 4; seed < 8; seed += 2) {
            float[] a = numbers(seed, in[0] * in[1] * IN);
            float[] b = numbers(seed + 1, in[0] * in[1] * HIDDEN);
            layer.apply(wIh, wHh);
            wIh.write(a);
            wHh.write(b);
            float[] kept = layer.apply(wIh, wHh).toFloats();
            float[] plain = layer.apply(scope.tensor(a, in), scope.tensor(b, hidden)).toFloats();
            assertThat(kept).hasSameSizeAs(plain);
            for (int i = 0; i < kept.length; i++) {
                assertThat(kept[i]).as("number %d", i).isCloseTo(plain[i], within(1e-5f));
            }
        }
    }

    private static float[] numbers(int seed, int n) {
        SplittableRandom r = new SplittableRandom(seed);
        float[] f = new float[n];
        for (int i = 0; i < n; i++) {
            f[i] = (float) (r.nextGaussian() * 0.3);
        }
        return f;
    }
}
