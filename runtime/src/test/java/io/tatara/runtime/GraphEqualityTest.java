package io.tatara.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.tatara.kernels.DType;
import io.tatara.kernels.layout.Cast;
import io.tatara.kernels.optimizer.Adam;
import io.tatara.kernels.optimizer.Sgd;
import io.tatara.kernels.pointwise.Activation;
import io.tatara.kernels.pointwise.BinaryOp;
import io.tatara.kernels.pointwise.Expr;
import io.tatara.kernels.pointwise.Exprs;
import io.tatara.kernels.pointwise.Pointwise;
import io.tatara.kernels.pointwise.UnaryOp;
import io.tatara.kernels.recurrent.Direction;
import io.tatara.runtime.spi.BackEndDevice;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/**
 * Replays of fused and planned graphs give the bits of the same graphs as they were recorded, on
 * every device that is here.
 */
public class GraphEqualityTest {
    private static final Graph.Options BOTH = new Graph.Options(true, true);
    private static final int RANDOM_GRAPHS = 40;
    private static final int FEW = 3;

    /** What a body is given, and what it and replays change. */
    private record World(Tensor[] inputs, Tensor[] state) {}

    @TestFactory
    Stream<DynamicTest> onEachDevice() {
        return Stream.of("jvm", "opencl", "cuda")
                .flatMap(name ->
                        Stream.of(
                                test(name, "multilayer perceptron with dropout", this::perceptron),
                                test(name, "LSTM training with Adam", this::lstm),
                                test(name, "attention", this::attention),
                                test(name, "16-bit tensors", this::halves),
                                test(name, "products across seams", this::products),
                                test(name, "overwritten arguments", this::overwritten),
                                test(name, "what stays open", this::open),
                                test(name, "random graphs", this::randomGraphs)));
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

    private static float[] random(long seed, int n) {
        Random r = new Random(seed);
        float[] v = new float[n];
        for (int i = 0; i < n; i++) {
            v[i] = (float) r.nextGaussian();
        }
        return v;
    }

    /** The bits of outputs and state after the recording and three replays on other inputs. */
    private static List<int[]> run(
            Device d,
            Graph.Options options,
            Function<Scope, World> world,
            BiFunction<Scope, World, Tensor[]> body,
            Consumer<Graph> look) {
        List<int[]> bits = new ArrayList<>();
        try (Scope scope = d.scope()) {
            World w = world.apply(scope);
            Graph g = Graph.record(scope, options, s -> body.apply(s, w));
            for (int step = 0; step < 4; step++) {
                if (step > 0) {
                    for (int i = 0; i < w.inputs.length; i++) {
                        w.inputs[i].write(random(100 * step + i, w.inputs[i].size()));
                    }
                    long before = d.memory().deviceAllocations();
                    long inUse = d.memory().inUse();
                    g.replay();
                    assertThat(d.memory().deviceAllocations()).isEqualTo(before);
                    assertThat(d.memory().inUse()).isEqualTo(inUse);
                }
                for (Tensor t : g.outputs()) {
                    bits.add(bits(t));
                }
                for (Tensor t : w.state) {
                    bits.add(bits(t));
                }
            }
            look.accept(g);
        }
        return bits;
    }

    private static int[] bits(Tensor t) {
        float[] f = t.toFloats();
        int[] b = new int[f.length];
        for (int i = 0; i < b.length; i++) {
            b[i] = Float.floatToIntBits(f[i]); // one NaN is as good as another
        }
        return b;
    }

    /** Runs it plainly and in all other ways; returns the graph's figures with both. */
    private static void equal(
            Device d,
            Function<Scope, World> world,
            BiFunction<Scope, World, Tensor[]> body,
            Consumer<Graph> look) {
        List<int[]> plain =
                run(
                        d,
                        Graph.Options.PLAIN,
                        world,
                        body,
                        g -> assertThat(g.ops()).isEqualTo(g.size()));
        for (Graph.Options o :
                List.of(BOTH, new Graph.Options(true, false), new Graph.Options(false, true))) {
            List<int[]> other = run(d, o, world, body, o.equals(BOTH) ? look : g -> {});
            assertThat(other).hasSameSizeAs(plain);
            for (int i = 0; i < plain.size(); i++) {
                assertThat(other.get(i)).as("%s, result %s", o, i).isEqualTo(plain.get(i));
            }
        }
    }

    private void perceptron(Device d) {
        equal(
                d,
                s -> {
                    Tensor x = s.tensor(random(1, 20 * 12), 20, 12);
                    Tensor w1 = s.weight(random(2, 30 * 12), 30, 12);
                    Tensor b1 = s.weight(random(3, 30), 30);
                    Tensor w2 = s.weight(random(4, 5 * 30), 5, 30);
                    return new World(new Tensor[] {x}, new Tensor[] {w1, b1, w2});
                },
                (s, w) -> {
                    Tensor hyper = s.tensor(new float[] {0.01f, 1}, 2);
                    Tensor seed = s.tensor(new int[] {7, 9}, 2);
                    Tape tape = s.tape().watch(w.state);
                    Ops ops = tape.ops();
                    Tensor h = ops.linear(w.inputs[0], w.state[0], null);
                    h = ops.add(h, w.state[1]);
                    h = ops.run(Pointwise.of(Exprs.gelu(Exprs.in(0))), h)[0];
                    h = ops.dropout(h, 0.3f, seed);
                    Tensor y = ops.linear(h, w.state[2], null, Activation.TANH, null);
                    Tensor loss = ops.mean(ops.mul(y, y), 0, 1);
                    Gradients g = tape.backward(loss);
                    for (Tensor p : w.state) {
                        s.ops().run(new Sgd(1, 0, false, 0), hyper, p, g.of(p));
                    }
                    return new Tensor[] {loss, y};
                },
                g -> {
                    assertThat(g.ops()).isLessThan(g.size());
                    assertThat(g.memory().kept()).isLessThan(g.memory().recorded() * 3 / 4);
                    assertThat(g.memory().pieces()).isLessThan(g.memory().tensors());
                });
    }

    private void lstm(Device d) {
        int n = 3;
        int in = 4;
        int hidden = 5;
        equal(
                d,
                s -> {
                    Tensor x = s.tensor(random(1, 6 * n * in), 6, n, in);
                    Tensor wIh = s.weight(random(2, 4 * hidden * in), 1, 4 * hidden, in);
                    Tensor wHh = s.weight(random(3, 4 * hidden * hidden), 1, 4 * hidden, hidden);
                    Tensor b = s.weight(random(4, 4 * hidden), 1, 4 * hidden);
                    List<Tensor> state = new ArrayList<>(List.of(wIh, wHh, b));
                    for (int k = 0; k < 2; k++) {
                        for (int i = 0; i < 3; i++) {
                            state.add(s.zeros(state.get(i).shape().toArray()));
                        }
                    }
                    return new World(new Tensor[] {x}, state.toArray(Tensor[]::new));
                },
                (s, w) -> {
                    Tensor lengths = s.tensor(new int[] {6, 4, 1}, n);
                    Tensor hyper = s.tensor(new float[] {0.01f, 1, 10, 1000}, 4);
                    Tensor[] p = Arrays.copyOf(w.state, 3);
                    Tape tape = s.tape().watch(p);
                    Ops ops = tape.ops();
                    Tensor[] out =
                            ops.lstm(
                                    Direction.FORWARD,
                                    w.inputs[0],
                                    lengths,
                                    null,
                                    null,
                                    p[0],
                                    p[1],
                                    p[2],
                                    null);
                    Tensor y = ops.mul(ops.add(out[0], -0.5f), 2);
                    Tensor loss = ops.mean(ops.mul(y, y), 0, 1, 2);
                    Gradients g = tape.backward(loss);
                    List<Tensor> all = new ArrayList<>(List.of(hyper));
                    all.addAll(List.of(p));
                    for (Tensor t : p) {
                        all.add(g.of(t));
                    }
                    all.addAll(List.of(w.state).subList(3, 9));
                    s.ops()
                            .run(
                                    new Adam(3, 0.9f, 0.999f, 1e-8f, 0.01f),
                                    all.toArray(Tensor[]::new));
                    return new Tensor[] {loss};
                },
                g -> assertThat(g.memory().kept()).isLessThan(g.memory().recorded()));
    }

    private void attention(Device d) {
        equal(
                d,
                s -> {
                    Tensor q = s.tensor(random(1, 2 * 5 * 8), 2, 5, 8);
                    Tensor k = s.tensor(random(2, 2 * 7 * 8), 2, 7, 8);
                    return new World(new Tensor[] {q, k}, new Tensor[0]);
                },
                (s, w) -> {
                    Tape tape = s.tape().watch(w.inputs);
                    Ops ops = tape.ops();
                    Tensor q = ops.mul(w.inputs[0], 0.35f);
                    Tensor logits = ops.matmul(q, ops.transpose(w.inputs[1], 0, 2, 1));
                    Tensor p = ops.softmax(ops.add(ops.mul(logits, 0.5f), 1));
                    Tensor y = ops.matmul(p, w.inputs[1]);
                    Tensor flat = ops.reshape(ops.mul(y, y), 10, 8);
                    Tensor loss = ops.mean(ops.exp(ops.mul(flat, -1)), 0, 1);
                    Gradients g = tape.backward(loss);
                    return new Tensor[] {loss, y, g.of(w.inputs[0]), g.of(w.inputs[1])};
                },
                g -> assertThat(g.memory().kept()).isLessThan(g.memory().recorded()));
    }

    private void halves(Device d) {
        equal(
                d,
                s ->
                        new World(
                                new Tensor[] {s.tensor(DType.BFLOAT16, random(1, 300), 300)},
                                new Tensor[0]),
                (s, w) -> {
                    Ops o = s.ops();
                    Tensor y = o.exp(o.mul(o.add(w.inputs[0], w.inputs[0]), 0.3f));
                    Tensor z = (Tensor) s.one(new Cast(DType.FLOAT32), y);
                    return new Tensor[] {o.tanh(o.add(z, 1)), y};
                },
                g -> assertThat(g.ops()).isEqualTo(5)); // tanh(z + 1) alone is one
    }

    /** a * b + c in two ops has two roundings. */
    private void products(Device d) {
        equal(
                d,
                s ->
                        new World(
                                new Tensor[] {
                                    s.tensor(random(1, 1001), 1001),
                                    s.tensor(random(2, 1001), 1001),
                                    s.tensor(random(3, 1001), 1001)
                                },
                                new Tensor[0]),
                (s, w) -> {
                    Ops o = s.ops();
                    Tensor ab = o.mul(w.inputs[0], w.inputs[1]);
                    Tensor square = o.mul(w.inputs[2], w.inputs[2]);
                    Tensor y = o.sub(o.add(ab, w.inputs[2]), square);
                    Expr both = Exprs.add(Exprs.mul(Exprs.in(0), Exprs.in(1)), Exprs.in(2));
                    Tensor z = o.run(Pointwise.of(both), w.inputs)[0];
                    return new Tensor[] {y, o.sub(z, o.mul(w.inputs[0], w.inputs[1]))};
                },
                g -> assertThat(g.ops()).isEqualTo(2));
    }

    /** What reads a weight before the optimizer's step must not be moved behind it. */
    private void overwritten(Device d) {
        equal(
                d,
                s ->
                        new World(
                                new Tensor[] {s.tensor(random(1, 64), 64)},
                                new Tensor[] {s.weight(random(2, 64), 64)}),
                (s, w) -> {
                    Tensor hyper = s.tensor(new float[] {0.1f, 1}, 2);
                    Ops o = s.ops();
                    Tensor before = o.mul(w.state[0], 3);
                    Tensor grad = o.add(w.inputs[0], 0.25f);
                    o.run(new Sgd(1, 0, false, 0), hyper, w.state[0], grad);
                    return new Tensor[] {o.add(before, w.state[0])};
                },
                g -> assertThat(g.ops()).isEqualTo(4));
    }

    /** Where only programs built ahead are there, a fused one would be missing. */
    @Test
    void nothingIsFusedWithoutACompiler() {
        fuses(Tatara.open("jvm").backEnd(), true);
        BackEndDevice jvm = Tatara.open("jvm").backEnd();
        BackEndDevice without =
                (BackEndDevice)
                        Proxy.newProxyInstance(
                                BackEndDevice.class.getClassLoader(),
                                new Class<?>[] {BackEndDevice.class},
                                (p, m, a) ->
                                        m.getName().equals("compiles") ? false : m.invoke(jvm, a));
        fuses(without, false);
    }

    private static void fuses(BackEndDevice backEnd, boolean fused) {
        try (Device d = Device.of(backEnd);
                Scope scope = d.scope()) {
            Tensor x = scope.zeros(3);
            Graph g = Graph.record(scope, BOTH, s -> new Tensor[] {s.ops().exp(s.ops().mul(x, 2))});
            assertThat(g.ops()).isEqualTo(fused ? 1 : 2);
            g.replay();
            assertThat(g.outputs()[0].toFloats()).containsExactly(1, 1, 1);
        }
    }

    private void open(Device d) {
        try (Scope scope = d.scope()) {
            Tensor x = scope.tensor(random(1, 100), 100);
            Tensor[] made = new Tensor[4];
            Graph g =
                    Graph.record(
                            scope,
                            BOTH,
                            s -> {
                                made[0] = s.ops().exp(x);
                                made[1] = scope.ops().mul(made[0], 2); // lives outside
                                made[2] = s.ops().add(made[1], 1).moveTo(scope);
                                made[3] = s.ops().add(made[2], -5); // for nobody
                                return new Tensor[] {s.ops().reshape(made[0], 10, 10)};
                            });
            assertThat(g.ops()).isEqualTo(3);
            for (int i = 0; i < 2; i++) {
                float[] want = scope.ops().exp(x).toFloats();
                assertThat(g.outputs()[0].toFloats()).containsExactly(want);
                float[] twice = made[1].toFloats();
                float[] more = made[2].toFloats();
                for (int k = 0; k < want.length; k++) {
                    assertThat(twice[k]).isEqualTo(want[k] * 2);
                    assertThat(more[k]).isEqualTo(want[k] * 2 + 1);
                }
                x.write(random(9, 100));
                g.replay();
            }
            assertThat(made[0].isClosed()).isTrue();
            assertThat(made[3].isClosed()).isTrue();
            assertThat(g.toString()).contains("4 ops on", "3 after fusing");
        }
    }

    // Random graphs.

    private void randomGraphs(Device d) {
        int fused = 0;
        int shared = 0;
        int graphs = d.info().backEnd().equals("jvm") ? RANDOM_GRAPHS : FEW; // each is compiled
        for (int seed = 0; seed < graphs; seed++) {
            int k = seed;
            int[] saved = new int[2];
            equal(
                    d,
                    s ->
                            new World(
                                    new Tensor[] {
                                        s.tensor(random(k, 6 * 35), 6, 35),
                                        s.tensor(random(k + 1, 35), 35),
                                        s.tensor(random(k + 2, 6), 6, 1),
                                        s.tensor(random(k + 3, 1), 1)
                                    },
                                    new Tensor[] {s.weight(random(k + 4, 35), 35)}),
                    (s, w) -> randomBody(new Random(k), s, w),
                    g -> {
                        saved[0] = g.size() - g.ops();
                        saved[1] = g.memory().tensors() - g.memory().pieces();
                    });
            fused += saved[0];
            shared += saved[1];
        }
        assertThat(fused).isGreaterThan(graphs * 3);
        assertThat(shared).isGreaterThan(graphs * 5);
    }

    private static Tensor[] randomBody(Random r, Scope s, World w) {
        Ops o = s.ops();
        Tensor seed = s.tensor(new int[] {r.nextInt(), 1}, 2);
        Tensor whole = s.tensor(IntStream.range(0, 210).toArray(), 6, 35);
        List<Tensor> pool = new ArrayList<>(List.of(w.inputs));
        pool.add(w.state[0]);
        pool.add(s.full(0.5f, 6, 35));
        pool.add((Tensor) s.one(new Cast(DType.FLOAT32), whole));
        for (int i = 0; i < 25; i++) {
            Tensor x = pick(r, pool);
            Tensor made =
                    switch (r.nextInt(11)) {
                        case 0 -> o.exp(o.mul(x, -0.25f));
                        case 1 -> o.run(Pointwise.of(unary(r)), x)[0];
                        case 2, 3, 4 -> o.run(Pointwise.of(binary(r)), x, pick(r, pool))[0];
                        case 5 -> o.dropout(x, 0.4f, seed);
                        case 6 -> x.shape().rank() > 1 ? o.softmax(x) : o.tanh(x);
                        case 7 -> twice(o, x);
                        case 8 ->
                                o.run(
                                                Pointwise.of(
                                                        Exprs.add(
                                                                Exprs.in(0), Exprs.uniform(1, 3))),
                                                x,
                                                seed)[0];
                        case 9 -> step(s, w, x);
                        default -> s.full(r.nextFloat(), 6, 35);
                    };
            pool.add(made);
        }
        Tensor last = pool.getLast();
        return new Tensor[] {last, pick(r, pool.subList(7, pool.size()))};
    }

    /** Through a view. */
    private static Tensor twice(Ops o, Tensor x) {
        Tensor y = o.reshape(o.mul(x, 1.5f), x.size());
        return o.reshape(o.add(y, y), x.shape().toArray());
    }

    private static Tensor step(Scope s, World w, Tensor x) {
        if (x.shape().equals(w.state[0].shape())) {
            Tensor hyper = s.tensor(new float[] {0.01f, 1}, 2);
            // A gradient of its own: what is written in place may be no other input.
            s.ops().run(new Sgd(1, 0, false, 0), hyper, w.state[0], s.ops().mul(x, 0.5f));
        }
        return s.ops().mul(w.state[0], 0.5f);
    }

    private static Tensor pick(Random r, List<Tensor> pool) {
        return pool.get(r.nextInt(pool.size()));
    }

    private static Expr unary(Random r) {
        UnaryOp[] all = UnaryOp.values();
        return new Expr.Unary(all[r.nextInt(all.length)], Exprs.in(0));
    }

    private static Expr binary(Random r) {
        BinaryOp[] all = BinaryOp.values();
        BinaryOp op = all[r.nextInt(all.length)];
        return r.nextInt(5) == 0
                ? Exprs.select(
                        Exprs.greater(Exprs.in(0), Exprs.constant(0)), Exprs.in(0), Exprs.in(1))
                : new Expr.Binary(op, Exprs.in(0), Exprs.in(1));
    }
}
