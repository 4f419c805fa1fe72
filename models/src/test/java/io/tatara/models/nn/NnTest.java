package io.tatara.models.nn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tatara.kernels.TataraException;
import io.tatara.kernels.pointwise.Activation;
import io.tatara.kernels.recurrent.Direction;
import io.tatara.models.OnJvm;
import io.tatara.runtime.Scope;
import io.tatara.runtime.Tensor;
import io.tatara.runtime.io.HostTensor;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class NnTest extends OnJvm {

    @Test
    void initialValuesDependOnSeedAndNameAlone() {
        try (Parameters a = new Parameters(device, 1);
                Parameters b = new Parameters(device, 1);
                Parameters c = new Parameters(device, 2)) {
            float[] first = a.uniform("x", 1, 3, 4).toFloats();
            b.uniform("y", 1, 5);
            assertThat(b.uniform("x", 1, 3, 4).toFloats()).isEqualTo(first);
            assertThat(c.uniform("x", 1, 3, 4).toFloats()).doesNotContain(first);
            assertThat(first).doesNotContain(0f);
            for (float v : first) {
                assertThat(v).isBetween(-1f, 1f);
            }
        }
    }

    @Test
    void bidirectionalWeightsAreSavedUnderPyTorchsNames() {
        try (Parameters p = new Parameters(device, 1);
                Parameters q = new Parameters(device, 2)) {
            new Recurrent(p.under("rnn"), Cell.LSTM, Direction.BIDIRECTIONAL, 3, 2, true);
            new Recurrent(q.under("rnn"), Cell.LSTM, Direction.BIDIRECTIONAL, 3, 2, true);
            Map<String, HostTensor> saved = p.save();
            assertThat(saved.keySet())
                    .containsExactlyInAnyOrder(
                            "rnn.weight_ih_l0",
                            "rnn.weight_ih_l0_reverse",
                            "rnn.weight_hh_l0",
                            "rnn.weight_hh_l0_reverse",
                            "rnn.bias_ih_l0",
                            "rnn.bias_ih_l0_reverse",
                            "rnn.bias_hh_l0",
                            "rnn.bias_hh_l0_reverse",
                            "rnn.peephole_l0",
                            "rnn.peephole_l0_reverse");
            assertThat(saved.get("rnn.weight_ih_l0_reverse").spec().shape().toArray())
                    .containsExactly(8, 3);
            q.load(saved);
            for (String name : p.names()) {
                assertThat(q.get(name).toFloats()).isEqualTo(p.get(name).toFloats());
            }
            // PyTorch's second bias is added.
            Map<String, HostTensor> more = new HashMap<>(saved);
            more.put("rnn.bias_hh_l0", HostTensor.of(new float[] {1, 1, 1, 1, 1, 1, 1, 1}, 8));
            q.load(more);
            assertThat(q.get("rnn.bias_ih").toFloats()[0])
                    .isEqualTo(p.get("rnn.bias_ih").toFloats()[0] + 1);
            assertThat(q.get("rnn.bias_ih").toFloats()[8])
                    .isEqualTo(p.get("rnn.bias_ih").toFloats()[8]);
        }
    }

    @Test
    void wrongWeightsAreNamed() {
        try (Parameters p = new Parameters(device, 1)) {
            new Linear(p.under("a"), 3, 2, true);
            assertThatThrownBy(() -> p.load(Map.of()))
                    .isInstanceOf(TataraException.class)
                    .hasMessageContaining("a.weight");
            Map<String, HostTensor> wrong = new HashMap<>(p.save());
            wrong.put("a.bias", HostTensor.of(new float[3], 3));
            assertThatThrownBy(() -> p.load(wrong))
                    .hasMessageContaining("a.bias")
                    .hasMessageContaining("[2]");
            assertThatThrownBy(() -> new Linear(p.under("a"), 3, 2, true))
                    .hasMessageContaining("twice");
            assertThatThrownBy(() -> p.get("b")).hasMessageContaining("no parameter b");
            assertThatThrownBy(() ->
                            new Recurrent(p.under("r"), Cell.GRU, Direction.FORWARD, 1, 1, true))
                    .hasMessageContaining("peepholes");
            assertThatThrownBy(() -> new AttentionLayer(p.under("t"), Score.NONE, 1, 1, 1))
                    .hasMessageContaining("score");
        }
    }

    @Test
    void buffersAreSavedButNotTrained() {
        try (Parameters p = new Parameters(device, 1);
                Parameters q = new Parameters(device, 1)) {
            for (Parameters each : new Parameters[] {p, q}) {
                each.full("w", 1, 2);
                each.buffer("running", 0, 3);
            }
            p.get("running").write(4f, 5f, 6f);
            assertThat(p.names()).containsExactly("w");
            assertThat(p.tensors()).containsExactly(p.get("w"));
            assertThat(p.count()).isEqualTo(2);
            q.load(p.save());
            assertThat(q.get("running").toFloats()).containsExactly(4, 5, 6);
        }
    }

    @Test
    void linearTakesLeadingAxesTogether() {
        try (Parameters p = new Parameters(device, 1);
                Scope s = device.scope()) {
            Linear linear = new Linear(p, 2, 3, true);
            p.get("weight").write(1f, 0, 0, 1, 1, 1);
            p.get("bias").write(0f, 0, 1);
            Tensor x = s.tensor(new float[] {1, 2, 3, 4}, 2, 1, 2);
            Tensor y = linear.apply(s.ops(), x, Activation.RELU);
            assertThat(y.shape().toArray()).containsExactly(2, 1, 3);
            assertThat(y.toFloats()).containsExactly(1, 2, 4, 3, 4, 8);
        }
    }

    @Test
    void noiseDependsOnSeedStepAndPlace() {
        try (Scope s = device.scope()) {
            Tensor x = s.full(1, 1000);
            float[] first = Noise.of(s, 0.5f, 1, 0).drop(s.ops(), x).toFloats();
            Noise again = Noise.of(s, 0.5f, 1, 0);
            assertThat(again.drop(s.ops(), x).toFloats()).isEqualTo(first);
            assertThat(again.drop(s.ops(), x).toFloats()).isNotEqualTo(first);
            assertThat(Noise.of(s, 0.5f, 1, 1).drop(s.ops(), x).toFloats()).isNotEqualTo(first);
            assertThat(Noise.NONE.drop(s.ops(), x)).isSameAs(x);
            assertThat(Noise.of(s, 0, 1, 1)).isSameAs(Noise.NONE);
        }
    }
}
