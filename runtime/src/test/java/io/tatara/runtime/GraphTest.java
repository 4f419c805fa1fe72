package io.tatara.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.tatara.kernels.TataraException;
import io.tatara.kernels.optimizer.Sgd;
import io.tatara.kernels.pointwise.Activation;
import java.util.Random;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Graphs give the numbers of the same ops run one by one, on every device that is here. */
public class GraphTest {
    private static final int BATCH = 4;
    private static final int IN = 6;
    private static final int OUT = 3;

    /** Each test on each device. */
    @TestFactory
    Stream<DynamicTest> onEachDevice() {
        return Stream.of("jvm", "opencl", "cuda")
                .flatMap(name ->
                        Stream.of(
                                test(name, "replay", this::replayEqualsEager),
                                test(name, "training", this::trainingStepsInPlace),
                                test(name, "memory", this::memoryStaysAndGoes),
                                test(name, "forgotten", this::aForgottenGraphGivesItsMemoryBack),
                                test(name, "constants", this::hostWorkHappensOnce),
                                test(name, "empty", this::emptyGraph),
                                test(name, "wrong use", this::wrongUse),
                                test(name, "throwing body", this::throwingBody)));
    }

    private static DynamicTest test(String device, String what, Consumer<Device> body) {
        return DynamicTest.dynamicTest(
                device + " " + what,
                () -> {
                    try (Device d = open(device)) {
                        body.accept(d);
                        assertThat(d.openScopes()).isZero();
                        assertThat(d.memory().inUse()).isZero();
                    }
                });
    }

    private static Device open(String name) {
        try {
            return Tatara.open(name);
        } catch (DeviceException e) {
            assumeTrue(false, e.getMessage());
            throw e;
        }
    }

    private static float[] random(int seed, int n) {
        Random r = new Random(seed);
        float[] v = new float[n];
        for (int i = 0; i < n; i++) {
            v[i] = r.nextFloat() - 0.5f;
        }
        return v;
    }

    private static Tensor net(Scope s, Tensor x, Tensor w) {
        Tensor h = s.ops().linear(x, w, null, Activation.TANH, null);
        Tensor p = s.ops().softmax(s.ops().mul(h, 3));
        h.close(); // its memory stays the graph's
        return s.ops().transpose(s.ops().reshape(p, OUT, BATCH), 1, 0);
    }

    private void replayEqualsEager(Device d) {
        try (Scope scope = d.scope()) {
            Tensor x = scope.tensor(random(1, BATCH * IN), BATCH, IN);
            Tensor w = scope.weight(random(2, OUT * IN), OUT, IN);
            Graph g = Graph.record(scope, s -> new Tensor[] {net(s, x, w)});
            assertThat(g.size()).isEqualTo(4); // the reshape is a view
            for (int step = 0; step < 4; step++) {
                if (step > 0) {
                    x.write(random(10 + step, BATCH * IN));
                    w.write(random(20 + step, OUT * IN));
                    g.replay();
                }
                try (Scope eager = scope.child()) {
                    assertThat(g.outputs()[0].toFloats())
                            .containsExactly(net(eager, x, w).toFloats());
                }
            }
            assertThat(g.toString()).contains("4 ops").contains(d.toString());
        }
    }

    /** Loss, gradients and an optimizer step that writes the weight in place. */
    private static Tensor step(Scope s, Tensor x, Tensor w, Tensor hyper) {
        Tape tape = s.tape().watch(w);
        Tensor y = tape.ops().linear(x, w, null, Activation.TANH, null);
        Tensor loss = tape.ops().mean(tape.ops().mul(y, y), 0, 1);
        Tensor grad = tape.backward(loss).of(w);
        s.ops().run(new Sgd(1, 0, false, 0), hyper, w, grad);
        return loss;
    }

    private void trainingStepsInPlace(Device d) {
        int steps = 5;
        float[] eager = new float[steps];
        float[] weights;
        try (Scope scope = d.scope()) {
            Tensor x = scope.tensor(random(1, BATCH * IN), BATCH, IN);
            Tensor w = scope.weight(random(2, OUT * IN), OUT, IN);
            Tensor hyper = scope.tensor(new float[] {0.5f, 1}, 2);
            for (int i = 0; i < steps; i++) {
                try (Scope s = scope.child()) {
                    eager[i] = step(s, x, w, hyper).item();
                }
            }
            weights = w.toFloats();
        }
        try (Scope scope = d.scope()) {
            Tensor x = scope.tensor(random(1, BATCH * IN), BATCH, IN);
            Tensor w = scope.weight(random(2, OUT * IN), OUT, IN);
            Tensor hyper = scope.tensor(new float[] {0.5f, 1}, 2);
            Graph g = Graph.record(scope, s -> new Tensor[] {step(s, x, w, hyper)});
            for (int i = 0; i < steps; i++) {
                if (i > 0) {
                    g.replay();
                }
                assertThat(g.outputs()[0].item()).isEqualTo(eager[i]);
            }
            assertThat(w.toFloats()).containsExactly(weights);
            // A kept copy of the weight in a kernel's layout would now be a step behind.
            try (Scope s = scope.child()) {
                Tensor fresh = s.weight(weights, OUT, IN);
                assertThat(s.ops().linear(x, w, null).toFloats())
                        .containsExactly(s.ops().linear(x, fresh, null).toFloats());
            }
        }
        assertThat(eager[4]).isLessThan(eager[0]);
    }

    private void memoryStaysAndGoes(Device d) {
        try (Scope scope = d.scope()) {
            Tensor w = scope.tensor(random(2, OUT * IN), OUT, IN);
            Scope inputs = scope.child();
            Tensor x = inputs.tensor(random(1, BATCH * IN), BATCH, IN);
            Graph g = Graph.record(scope, s -> new Tensor[] {net(s, x, w)});
            float[] want = g.outputs()[0].toFloats();
            inputs.close(); // x is gone for the user, not for the graph
            long kept = d.memory().inUse();
            try (Scope s = scope.child()) {
                for (int i = 0; i < 20; i++) {
                    s.full(99, BATCH, IN); // would overwrite memory that was given back
                    s.full(99, BATCH, OUT);
                }
                g.replay();
                assertThat(g.outputs()[0].toFloats()).containsExactly(want);
            }
            g.close();
            g.close();
            assertThat(d.memory().inUse()).isLessThan(kept);
            assertThatThrownBy(g::replay)
                    .isInstanceOf(ScopeException.class)
                    .hasMessageContaining("closed");
            assertThatThrownBy(g::outputs).isInstanceOf(ScopeException.class);
        }
        Graph[] left = new Graph[1];
        try (Scope scope = d.scope()) {
            left[0] = Graph.record(scope, s -> new Tensor[] {s.ops().exp(s.zeros(3))});
        }
        assertThat(left[0].isClosed()).isTrue();
    }

    private void aForgottenGraphGivesItsMemoryBack(Device d) {
        forget(d);
        for (int i = 0; i < 100 && d.leakedScopes() < 2; i++) {
            System.gc();
            LockSupport.parkNanos(20_000_000);
        }
        assertThat(d.leakedScopes()).isEqualTo(2); // the graph has one of its own
    }

    private static void forget(Device d) {
        Scope scope = d.scope();
        Tensor w = scope.tensor(random(2, OUT * IN), OUT, IN);
        Tensor x = scope.tensor(random(1, BATCH * IN), BATCH, IN);
        Graph.record(scope, s -> new Tensor[] {net(s, x, w)}).replay();
    }

    private void hostWorkHappensOnce(Device d) {
        int[] runs = new int[1];
        try (Scope scope = d.scope()) {
            Tensor[] constant = new Tensor[1];
            Graph g =
                    Graph.record(
                            scope,
                            s -> {
                                runs[0]++;
                                constant[0] = s.tensor(new float[] {1, 2}, 2);
                                return new Tensor[] {s.ops().add(constant[0], runs[0])};
                            });
            g.replay();
            assertThat(runs[0]).isEqualTo(1);
            assertThat(g.outputs()[0].toFloats()).containsExactly(2, 3);
            constant[0].write(5f, 6f);
            g.replay();
            assertThat(g.outputs()[0].toFloats()).containsExactly(6, 7);
        }
    }

    private void emptyGraph(Device d) {
        try (Scope scope = d.scope()) {
            Graph g = Graph.record(scope, s -> new Tensor[0]);
            g.replay();
            assertThat(g.size()).isZero();
            assertThat(g.outputs()).isEmpty();
        }
    }

    private void wrongUse(Device d) {
        try (Scope scope = d.scope();
                Device other = Tatara.open("jvm");
                Scope elsewhere = other.scope()) {
            Tensor x = scope.zeros(2);
            Graph g = Graph.record(scope, s -> new Tensor[] {s.ops().exp(x)});
            assertThatThrownBy(() ->
                            Graph.record(scope, s -> Graph.record(s, t -> new Tensor[0]).outputs()))
                    .isInstanceOf(TataraException.class)
                    .hasMessageContaining("within the recording");
            assertThatThrownBy(() ->
                            Graph.record(
                                    scope,
                                    s -> {
                                        g.replay();
                                        return new Tensor[0];
                                    }))
                    .isInstanceOf(TataraException.class)
                    .hasMessageContaining("within the recording");
            assertThatThrownBy(() -> Graph.record(scope, s -> new Tensor[] {elsewhere.zeros(1)}))
                    .isInstanceOf(TataraException.class)
                    .hasMessageContaining("while a graph of " + d + " is recorded");
            Tensor there = elsewhere.zeros(1);
            assertThatThrownBy(() -> Graph.record(scope, s -> new Tensor[] {there}))
                    .isInstanceOf(TataraException.class)
                    .hasMessageContaining("output 0");
            assertThatThrownBy(() -> Graph.record(scope, s -> new Tensor[] {null}))
                    .isInstanceOf(TataraException.class)
                    .hasMessageContaining("output 0");
            assertThatThrownBy(() -> Graph.record(scope, s -> null))
                    .isInstanceOf(TataraException.class)
                    .hasMessageContaining("null");
            g.replay(); // none of this did it harm
            assertThat(g.outputs()[0].toFloats()).containsExactly(1, 1);
        }
    }

    private void throwingBody(Device d) {
        try (Scope scope = d.scope()) {
            assertThatThrownBy(() ->
                            Graph.record(
                                    scope,
                                    s -> {
                                        s.ops().exp(s.zeros(1000));
                                        throw new IllegalStateException("mine");
                                    }))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("mine");
            assertThat(d.memory().inUse()).isZero();
            Graph.record(scope, s -> new Tensor[] {s.zeros(1)}).replay();
        }
    }
}
