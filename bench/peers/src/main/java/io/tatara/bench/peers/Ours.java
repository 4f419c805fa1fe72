package io.tatara.bench.peers;

import io.tatara.kernels.Op;
import io.tatara.kernels.causal.CausalConv1d;
import io.tatara.kernels.causal.GatedCausalLayer;
import io.tatara.kernels.conv.Conv2d;
import io.tatara.kernels.conv.ConvWindow;
import io.tatara.kernels.conv.SeparableConv2d;
import io.tatara.kernels.embedding.EmbeddingGradient;
import io.tatara.kernels.matmul.Epilogue;
import io.tatara.kernels.norm.LayerNorm;
import io.tatara.kernels.optimizer.Adam;
import io.tatara.kernels.pointwise.Activation;
import io.tatara.kernels.recurrent.Direction;
import io.tatara.kernels.sdpa.AttentionMask;
import io.tatara.kernels.sdpa.HeadLayout;
import io.tatara.kernels.sdpa.ScaledDotProductAttention;
import io.tatara.kernels.sdpa.ScaledDotProductAttentionGradient;
import io.tatara.models.translator.TranslatorConfig;
import io.tatara.models.translator.TranslatorStep;
import io.tatara.runtime.Device;
import io.tatara.runtime.Ops;
import io.tatara.runtime.Scope;
import io.tatara.runtime.Tape;
import io.tatara.runtime.Tatara;
import io.tatara.runtime.Tensor;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;

/** Our own back ends as a program uses them: tensors of a scope, results from the pool. */
final class Ours implements Contestant {
    private final Device device;

    Ours(String name) {
        device = Tatara.open(name);
    }

    @Override
    public Map<String, String> facts() {
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("device", device.info().id() + ", " + device.info().name());
        facts.putAll(device.info().traits());
        return facts;
    }

    @Override
    public Work prepare(PeerCase c) {
        return switch (c.kind()) {
            case MATMUL, MATMUL_WEIGHT -> matmul(c);
            case LSTM, LSTM_TRAINING -> recurrent(c, 4);
            case GRU, GRU_TRAINING -> recurrent(c, 3);
            case SOFTMAX -> {
                Run r = new Run("Ops.softmax");
                Tensor x = r.normal("x", 1, c.size("rows"), c.size("n"));
                yield r.does(s -> s.ops().softmax(x));
            }
            case CROSS_ENTROPY, CROSS_ENTROPY_TRAINING -> crossEntropy(c);
            case EMBEDDING -> embedding(c);
            case EMBEDDING_GRADIENT -> embeddingGradient(c);
            case ADAM -> adam(c);
            case TRANSLATOR -> new TranslatorRun(c);
            case ATTENTION -> attention(c);
            case ATTENTION_GRADIENT -> attentionGradient(c);
            case LAYER_NORM -> layerNorm(c);
            case CONV -> conv(c);
            case SEPARABLE, SEPARABLE_PARTS -> separable(c);
            case CAUSAL -> causal(c);
            case GATED_CAUSAL -> gatedCausal(c);
        };
    }

    private Work matmul(PeerCase c) {
        int m = c.size("m");
        int n = c.size("n");
        int k = c.size("k");
        boolean constant = c.kind() == Kind.MATMUL_WEIGHT;
        Run r = new Run(constant ? "Ops.matmul by a weight" : "Ops.matmul");
        Tensor a = r.normal("a", 1, m, k);
        Tensor b =
                constant
                        ? r.memory.weight(Inputs.normal("b", 1, k * n), k, n)
                        : r.normal("b", 1, k, n);
        return r.does(s -> s.ops().matmul(a, b));
    }

    private Work recurrent(PeerCase c, int gates) {
        int h = c.size("h");
        int b = c.size("b");
        int t = c.size("t");
        boolean training = c.kind() == Kind.LSTM_TRAINING || c.kind() == Kind.GRU_TRAINING;
        String op = gates == 4 ? "Ops.lstm" : "Ops.gru";
        Run r = new Run(training ? op + " on a tape, and backward" : op);
        double d = RecurrentInputs.deviation(h);
        Tensor x = r.normal("x", 1, t, b, h);
        Tensor wIh = r.weight("wih", d, 1, gates * h, h);
        Tensor wHh = r.weight("whh", d, 1, gates * h, h);
        Tensor bias = r.weight("bias", d, 1, gates * h);
        Tensor zero = r.memory.weight(new float[gates * h], 1, gates * h);
        Function<Ops, Tensor> layer =
                o ->
                        gates == 4
                                ? o.lstm(
                                                Direction.FORWARD,
                                                x,
                                                null,
                                                null,
                                                null,
                                                wIh,
                                                wHh,
                                                bias,
                                                null)[0]
                                : o.gru(Direction.FORWARD, x, null, null, wIh, wHh, bias, zero)[0];
        if (!training) {
            return r.does(s -> layer.apply(s.ops()));
        }
        Tensor dy = r.normal("dy", 1, t, b, h);
        Tensor[] watched =
                gates == 4
                        ? new Tensor[] {wIh, x, wHh, bias}
                        : new Tensor[] {wIh, x, wHh, bias, zero};
        return r.does(s -> {
            Tape tape = s.tape().watch(watched);
            var gradients = tape.backward(layer.apply(tape.ops()), dy);
            return gradients.of(wIh);
        });
    }

    private static float scale(PeerCase c) {
        return (float) (1 / Math.sqrt(c.size("d")));
    }

    private static AttentionMask mask(PeerCase c) {
        return c.causal() ? AttentionMask.CAUSAL : AttentionMask.NONE;
    }

    private static Tensor heads(Run r, PeerCase c, String name) {
        return r.normal(name, 1, 1, c.size("h"), c.size("t"), c.size("d"));
    }

    private static Op forward(PeerCase c) {
        return new ScaledDotProductAttention(scale(c), mask(c), HeadLayout.HEADS_FIRST);
    }

    private Work attention(PeerCase c) {
        Op op = forward(c);
        Run r = new Run("ScaledDotProductAttention");
        Tensor q = heads(r, c, "q");
        Tensor k = heads(r, c, "k");
        Tensor v = heads(r, c, "v");
        return r.does(s -> s.ops().run(op, q, k, v, null, null)[0]);
    }

    private Work attentionGradient(PeerCase c) {
        Op op =
                new ScaledDotProductAttentionGradient(
                        scale(c), mask(c), HeadLayout.HEADS_FIRST, false);
        Run r = new Run("ScaledDotProductAttentionGradient");
        Tensor q = heads(r, c, "q");
        Tensor k = heads(r, c, "k");
        Tensor v = heads(r, c, "v");
        Tensor dy = heads(r, c, "dy");
        Tensor[] kept = r.memory.ops().run(forward(c), q, k, v, null, null);
        Tensor[] in = {q, k, v, null, null, kept[0], kept[1], dy, null};
        return r.does(s -> s.ops().run(op, in)[0]);
    }

    private Work layerNorm(PeerCase c) {
        int n = c.size("n");
        Op op = new LayerNorm(1e-5f, 0);
        Run r = new Run("LayerNorm");
        Tensor x = r.normal("x", 1, c.size("rows"), n);
        Tensor scale = r.weight("scale", 1, n);
        Tensor bias = r.weight("bias", 1, n);
        return r.does(s -> s.ops().run(op, x, null, scale, bias, null)[0]);
    }

    private Work conv(PeerCase c) {
        int k = c.size("k");
        int m = c.size("m");
        int groups = c.size("groups");
        ConvWindow window = ConvWindow.UNIT.stride(c.size("stride")).pad(k / 2);
        Conv2d op = new Conv2d(window, groups, new Epilogue(Activation.RELU));
        Run r = new Run("Ops.conv2d with relu, weights as such");
        Tensor x = r.normal("x", 1, c.size("n"), c.size("c"), c.size("size"), c.size("size"));
        int depth = c.size("c") / groups;
        Tensor w = r.weight("w", deviation(depth * k * k), m, depth, k, k);
        Tensor b = r.weight("b", 1, m);
        return r.does(s -> s.ops().run(op, x, w, b, null)[0]);
    }

    private Work separable(PeerCase c) {
        int n = c.size("c");
        int m = c.size("m");
        boolean one = c.kind() == Kind.SEPARABLE;
        Epilogue relu = new Epilogue(Activation.RELU);
        ConvWindow window = ConvWindow.UNIT.stride(c.size("stride")).pad(1);
        Run r = new Run(one ? "Ops.separableConv2d" : "Ops.conv2d twice");
        Tensor x = r.normal("x", 1, c.size("n"), n, c.size("size"), c.size("size"));
        Tensor w = r.weight("w", deviation(9), n, 1, 3, 3);
        Tensor b = r.weight("b", 1, n);
        Tensor pointwise = r.weight("pointwise", deviation(n), m, n, 1, 1);
        Tensor bias = r.weight("bias", 1, m);
        if (one) {
            SeparableConv2d op = new SeparableConv2d(window, relu, relu);
            return r.does(s -> s.ops().separableConv2d(op, x, w, b, pointwise, bias, null));
        }
        Conv2d first = new Conv2d(window, n, relu);
        Conv2d second = new Conv2d(ConvWindow.UNIT, 1, relu);
        return r.does(s -> {
            Tensor z = s.ops().conv2d(first, x, w, b, null);
            return s.ops().conv2d(second, z, pointwise, bias, null);
        });
    }

    /** Of weights whose products with normal numbers are about normal. */
    static double deviation(int terms) {
        return 1 / Math.sqrt(terms);
    }

    private Work causal(PeerCase c) {
        int n = c.size("c");
        Run r = new Run("CausalConv1d, weights as such");
        Op op = new CausalConv1d(c.size("dilation"), false);
        Tensor x = r.normal("x", 1, 1, n, c.size("t"));
        Tensor w = r.weight("w", deviation(2 * n), n, n, 2);
        Tensor b = r.weight("b", 1, n);
        return r.does(s -> s.ops().run(op, x, w, b, null)[0]);
    }

    private Work gatedCausal(PeerCase c) {
        int n = c.size("c");
        int skip = c.size("skip");
        Run r = new Run("GatedCausalLayer, weights as such");
        Op op = new GatedCausalLayer(c.size("dilation"), false, false);
        Tensor x = r.normal("x", 1, 1, n, c.size("t"));
        Tensor w = r.weight("w", deviation(2 * n), 2 * n, n, 2);
        Tensor b = r.weight("b", 1, 2 * n);
        Tensor residual = r.weight("residual", deviation(n), n, n);
        Tensor residualBias = r.weight("residualBias", 1, n);
        Tensor skipWeight = r.weight("skip", deviation(n), skip, n);
        Tensor skipBias = r.weight("skipBias", 1, skip);
        Tensor[] in = {x, w, b, null, residual, residualBias, skipWeight, skipBias, null, null};
        return r.does(s -> s.ops().run(op, in)[1]);
    }

    private Work crossEntropy(PeerCase c) {
        int rows = c.size("rows");
        int n = c.size("n");
        boolean training = c.kind() == Kind.CROSS_ENTROPY_TRAINING;
        Run r = new Run("Ops.crossEntropy" + (training ? " on a tape, and backward" : ""));
        Tensor x = r.normal("x", 1, rows, n);
        Tensor labels = r.memory.tensor(Inputs.indices("labels", n, rows), rows);
        return r.does(s -> {
            if (!training) {
                return s.ops().crossEntropy(x, labels, -1, 0);
            }
            Tape tape = s.tape().watch(x);
            return tape.backward(tape.ops().crossEntropy(x, labels, -1, 0)).of(x);
        });
    }

    private Work embedding(PeerCase c) {
        int v = c.size("v");
        int ids = c.size("ids");
        Run r = new Run("Ops.embedding");
        Tensor table = r.weight("table", 1, v, c.size("d"));
        Tensor index = r.memory.tensor(Inputs.indices("ids", v, ids), ids);
        return r.does(s -> s.ops().embedding(table, index, -1));
    }

    private Work embeddingGradient(PeerCase c) {
        int v = c.size("v");
        int ids = c.size("ids");
        Run r = new Run("EmbeddingGradient");
        Tensor dy = r.normal("dy", 1, ids, c.size("d"));
        Tensor index = r.memory.tensor(Inputs.indices("ids", v, ids), ids);
        var op = new EmbeddingGradient(v, -1);
        return r.does(s -> s.ops().run(op, index, dy)[0]);
    }

    private Work adam(PeerCase c) {
        int count = c.size("tensors");
        int n = c.size("n");
        Run r = new Run("Adam");
        Tensor[] in = new Tensor[1 + 4 * count];
        float[] hyper = {1e-3f, 1, (float) (1 / (1 - 0.9)), (float) (1 / (1 - 0.999))};
        in[0] = r.memory.tensor(hyper, 4);
        for (int i = 0; i < count; i++) {
            in[1 + i] = r.normal("p" + i, 1, n);
            in[1 + count + i] = r.normal("g" + i, 1, n);
            in[1 + 2 * count + i] = r.memory.zeros(n);
            in[1 + 3 * count + i] = r.memory.zeros(n);
        }
        var op = new Adam(count, 0.9f, 0.999f, 1e-8f, 0);
        return r.does(s -> s.ops().run(op, in)[0]);
    }

    /** Inputs, and what is done with them. */
    private final class Run implements Work {
        private final String how;
        private final Scope memory = device.scope();
        private Function<Scope, Tensor> body;
        private float[] first;

        Run(String how) {
            this.how = how;
        }

        Tensor normal(String name, double deviation, int... dims) {
            return memory.tensor(values(name, deviation, dims), dims);
        }

        Tensor weight(String name, double deviation, int... dims) {
            return memory.weight(values(name, deviation, dims), dims);
        }

        private static float[] values(String name, double deviation, int... dims) {
            int size = Arrays.stream(dims).reduce(1, Math::multiplyExact);
            return Inputs.normal(name, deviation, size);
        }

        Run does(Function<Scope, Tensor> work) {
            body = work;
            return this;
        }

        @Override
        public void run() {
            try (Scope step = memory.child()) {
                Tensor y = body.apply(step);
                device.synchronize();
                if (first == null) {
                    first = y.toFloats();
                }
            }
        }

        @Override
        public float[] result() {
            return first;
        }

        @Override
        public String how() {
            return how;
        }

        @Override
        public void close() {
            memory.close();
        }
    }

    private final class TranslatorRun implements Work {
        private final TranslatorStep step;

        TranslatorRun(PeerCase c) {
            TranslatorConfig config = TranslatorConfig.defaults();
            step = new TranslatorStep(device, config, c.size("source"), c.size("target"));
        }

        @Override
        public void run() {
            step.run();
            device.synchronize();
        }

        @Override
        public float[] result() {
            return new float[0]; // weights and dropout are drawn by each library for itself
        }

        @Override
        public String how() {
            return "TranslatorStep: loss, gradients, clipping, Adam";
        }

        @Override
        public void close() {
            step.close();
        }
    }
}
