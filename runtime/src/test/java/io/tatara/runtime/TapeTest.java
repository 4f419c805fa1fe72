package io.tatara.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.tatara.kernels.OpException;
import io.tatara.kernels.TataraException;
import io.tatara.kernels.pointwise.Activation;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class TapeTest {
    @Test
    void gradientsOfAProductByHand() {
        try (Device device = Tatara.open("jvm");
                Scope scope = device.scope()) {
            Tensor a = scope.tensor(new float[] {1, 2, 3, 4}, 2, 2);
            Tensor b = scope.tensor(new float[] {5, 6, 7, 8}, 2, 2);
            Tape tape = scope.tape().watch(a, b);
            Tensor loss = tape.ops().sum(tape.ops().matmul(a, b));
            Gradients g = tape.backward(loss);
            assertThat(g.of(a).toFloats()).containsExactly(11, 15, 11, 15);
            assertThat(g.of(b).toFloats()).containsExactly(4, 4, 6, 6);
        }
    }

    @Test
    void aTensorUsedTwiceSumsItsGradients() {
        try (Device device = Tatara.open("jvm");
                Scope scope = device.scope()) {
            Tensor x = scope.tensor(new float[] {3, -2}, 2);
            Tape tape = scope.tape().watch(x);
            Ops ops = tape.ops();
            Tensor loss = ops.sum(ops.add(ops.mul(x, x), x));
            assertThat(tape.backward(loss).of(x).toFloats()).containsExactly(7, -3);
        }
    }

    @Test
    void whatTheLossDoesNotDependOnGetsZeros() {
        try (Device device = Tatara.open("jvm");
                Scope scope = device.scope()) {
            Tensor x = scope.full(1, 3);
            Tensor y = scope.full(1, 3);
            Tape tape = scope.tape().watch(x, y);
            Gradients g = tape.backward(tape.ops().sum(x));
            assertThat(g.of(y).toFloats()).containsOnly(0);
            assertThatThrownBy(() -> g.of(scope.full(1, 1))).isInstanceOf(TataraException.class);
            assertThatThrownBy(() -> tape.backward(scope.full(1, 1)))
                    .isInstanceOf(OpException.class);
            assertThatThrownBy(() -> tape.backward(x)).isInstanceOf(OpException.class);
        }
    }

    @Test
    void aTwoLayerNetworkAgreesWithFiniteDifferences() {
        try (Device device = Tatara.open("jvm");
                Scope scope = device.scope()) {
            SplittableRandom random = new SplittableRandom(4);
            Tensor x = scope.normal(random, 1, 6, 5);
            Tensor w1 = scope.normal(random, 0.5f, 7, 5);
            Tensor b1 = scope.normal(random, 0.5f, 7);
            Tensor w2 = scope.normal(random, 0.5f, 3, 7);
            Tensor labels = scope.tensor(new int[] {0, 1, 2, 0, 1, 2}, 6);
            Tape tape = scope.tape().watch(w1, b1, w2);
            Tensor loss = loss(tape.ops(), x, w1, b1, w2, labels);
            Gradients g = tape.backward(loss);
            for (Tensor p : new Tensor[] {w1, b1, w2}) {
                float[] v = p.toFloats();
                float[] grad = g.of(p).toFloats();
                for (int i = 0; i < v.length; i += 3) {
                    float keep = v[i];
                    v[i] = keep + 1e-2f;
                    float up = loss(scope.ops(), x, w1, b1, w2, labels, p, v);
                    v[i] = keep - 1e-2f;
                    float down = loss(scope.ops(), x, w1, b1, w2, labels, p, v);
                    v[i] = keep;
                    p.write(v);
                    assertThat((up - down) / 2e-2f).isCloseTo(grad[i], within(1e-3f));
                }
            }
        }
    }

    private static float loss(
            Ops ops,
            Tensor x,
            Tensor w1,
            Tensor b1,
            Tensor w2,
            Tensor labels,
            Tensor p,
            float[] values) {
        p.write(values);
        return loss(ops, x, w1, b1, w2, labels).item();
    }

    private static Tensor loss(Ops ops, Tensor x, Tensor w1, Tensor b1, Tensor w2, Tensor labels) {
        Tensor h = ops.linear(x, w1, b1, Activation.TANH, null);
        return ops.crossEntropy(ops.linear(h, w2, null), labels, -1, 0.1f);
    }
}
