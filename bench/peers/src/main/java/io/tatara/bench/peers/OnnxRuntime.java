package io.tatara.bench.peers;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import io.tatara.kernels.TataraException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** ONNX Runtime's CPU provider: one-node models, weights as constants, outputs allocated before. */
final class OnnxRuntime implements Contestant {
    /** Ours: i, f, g, o; ONNX: i, o, f, c. */
    private static final int[] LSTM_ORDER = {0, 3, 1, 2};

    /** Ours: r, z, n; ONNX: z, r, h. */
    private static final int[] GRU_ORDER = {1, 0, 2};

    private static final long[] ONE = {1};
    private static final long[] SCALAR = {};

    private final OrtEnvironment env = OrtEnvironment.getEnvironment();
    private final int threads;

    OnnxRuntime(int threads) {
        this.threads = threads;
    }

    @Override
    public Map<String, String> facts() {
        return Map.of("version", env.getVersion(), "threads", Integer.toString(threads));
    }

    @Override
    public Work prepare(PeerCase c) {
        try {
            return switch (c.kind()) {
                case MATMUL, MATMUL_WEIGHT -> matmul(c);
                case LSTM -> recurrent(c, "LSTM", 4, LSTM_ORDER);
                case GRU -> recurrent(c, "GRU", 3, GRU_ORDER);
                case ATTENTION -> attention(c);
                case SOFTMAX -> softmax(c);
                case LAYER_NORM -> layerNorm(c);
                case CROSS_ENTROPY -> crossEntropy(c);
                case EMBEDDING -> embedding(c);
                case CONV -> conv(c);
                case SEPARABLE -> separable(c);
                case CAUSAL -> causal(c);
                case GATED_CAUSAL -> gatedCausal(c);
                default -> null; // it does not train
            };
        } catch (OrtException e) {
            throw new TataraException("ONNX Runtime: " + e.getMessage(), e);
        }
    }

    private Work matmul(PeerCase c) throws OrtException {
        int m = c.size("m");
        int n = c.size("n");
        int k = c.size("k");
        Session s = new Session();
        s.input("a", Inputs.normal("a", 1, m * k), m, k);
        boolean constant = c.kind() == Kind.MATMUL_WEIGHT;
        if (constant) {
            s.model.constant("b", Inputs.normal("b", 1, k * n), k, n);
        } else {
            s.input("b", Inputs.normal("b", 1, k * n), k, n);
        }
        s.output("y", m, n);
        s.model.node("MatMul", List.of("a", "b"), List.of("y"));
        return s.open(constant ? "MatMul, b a constant of the model" : "MatMul, two inputs");
    }

    private Work recurrent(PeerCase c, String op, int gates, int[] order) throws OrtException {
        int h = c.size("h");
        int b = c.size("b");
        int t = c.size("t");
        Session s = new Session();
        s.input("x", Inputs.normal("x", 1, t * b * h), t, b, h);
        double d = RecurrentInputs.deviation(h);
        float[] w = RecurrentInputs.reorder(Inputs.normal("wih", d, gates * h * h), order);
        float[] r = RecurrentInputs.reorder(Inputs.normal("whh", d, gates * h * h), order);
        s.model.constant("w", w, 1, gates * h, h);
        s.model.constant("r", r, 1, gates * h, h);
        float[] bias = new float[2 * gates * h];
        float[] bi = RecurrentInputs.reorder(Inputs.normal("bias", d, gates * h), order);
        System.arraycopy(bi, 0, bias, 0, gates * h);
        s.model.constant("b", bias, 1, 2 * gates * h);
        s.output("y", t, 1, b, h);
        Map<String, Object> attributes = new LinkedHashMap<>();
        attributes.put("hidden_size", (long) h);
        if (op.equals("GRU")) {
            attributes.put("linear_before_reset", 1L);
        }
        s.model.node(op, List.of("x", "w", "r", "b"), List.of("y"), attributes);
        return s.open(op + ", weights constants of the model");
    }

    /** By the fastest of its three operators for the size, as they were measured. */
    private Work attention(PeerCase c) throws OrtException {
        int h = c.size("h");
        int t = c.size("t");
        int d = c.size("d");
        if (c.causal() && t <= 1024) {
            return headsFirst(h, t, d);
        }
        Session s = new Session();
        List<String> in = List.of("q", "k", "v");
        for (String name : in) {
            // All heads of a position together.
            float[] rows = Inputs.normal(name, 1, h * t * d);
            s.input(name, swapped(rows, h, t, d), 1, t, h * d);
        }
        s.output("y", 1, t, h * d);
        s.result = y -> swapped(y, t, h, d);
        if (!c.causal()) {
            String op = "com.microsoft.MultiHeadAttention";
            s.model.node(op, in, List.of("y"), Map.of("num_heads", (long) h));
            return s.open(op);
        }
        s.input("last", OnnxTensor.createTensor(env, IntBuffer.wrap(new int[] {t - 1}), ONE), ONE);
        s.input("total", OnnxTensor.createTensor(env, IntBuffer.wrap(new int[] {t}), SCALAR));
        s.output("keys", 1, h, t, d);
        s.output("values", 1, h, t, d);
        String op = "com.microsoft.GroupQueryAttention";
        s.model.node(
                op,
                List.of("q", "k", "v", "", "", "last", "total"),
                List.of("y", "keys", "values"),
                Map.of("num_heads", (long) h, "kv_num_heads", (long) h));
        return s.open(op + ", which also fills its cache");
    }

    private Work headsFirst(int h, int t, int d) throws OrtException {
        Session s = new Session();
        List<String> in = List.of("q", "k", "v");
        for (String name : in) {
            s.input(name, Inputs.normal(name, 1, h * t * d), 1, h, t, d);
        }
        s.output("y", 1, h, t, d);
        s.model.node("Attention", in, List.of("y"), Map.of("is_causal", 1L));
        return s.open("Attention, causal");
    }

    /** [a, b, d] to [b, a, d]. */
    private static float[] swapped(float[] x, int a, int b, int d) {
        float[] y = new float[x.length];
        for (int i = 0; i < a; i++) {
            for (int j = 0; j < b; j++) {
                System.arraycopy(x, (i * b + j) * d, y, (j * a + i) * d, d);
            }
        }
        return y;
    }

    private Work conv(PeerCase c) throws OrtException {
        int n = c.size("n");
        int in = c.size("c");
        int size = c.size("size");
        int m = c.size("m");
        int k = c.size("k");
        int stride = c.size("stride");
        int groups = c.size("groups");
        int depth = in / groups;
        Session s = new Session();
        s.input("x", Inputs.normal("x", 1, n * in * size * size), n, in, size, size);
        double d = Ours.deviation(depth * k * k);
        s.model.constant("w", Inputs.normal("w", d, m * depth * k * k), m, depth, k, k);
        s.model.constant("b", Inputs.normal("b", 1, m), m);
        int out = (size + 2 * (k / 2) - k) / stride + 1;
        s.output("y", n, m, out, out);
        conv(s, List.of("x", "w", "b"), "y", k, stride, groups);
        return s.open("Conv and Relu, weights constants of the model");
    }

    private static void conv(
            Session s, List<String> in, String y, int k, long stride, long groups) {
        long pad = k / 2;
        s.model.node(
                "Conv",
                in,
                List.of(y + "_sums"),
                Map.of(
                        "pads", List.of(pad, pad, pad, pad),
                        "strides", List.of(stride, stride),
                        "group", groups));
        s.model.node("Relu", List.of(y + "_sums"), List.of(y));
    }

    private Work separable(PeerCase c) throws OrtException {
        int n = c.size("n");
        int in = c.size("c");
        int size = c.size("size");
        int m = c.size("m");
        int stride = c.size("stride");
        int out = (size - 1) / stride + 1;
        Session s = new Session();
        s.input("x", Inputs.normal("x", 1, n * in * size * size), n, in, size, size);
        s.model.constant("w", Inputs.normal("w", Ours.deviation(9), in * 9), in, 1, 3, 3);
        s.model.constant("b", Inputs.normal("b", 1, in), in);
        double d = Ours.deviation(in);
        s.model.constant("pointwise", Inputs.normal("pointwise", d, m * in), m, in, 1, 1);
        s.model.constant("bias", Inputs.normal("bias", 1, m), m);
        s.output("y", n, m, out, out);
        conv(s, List.of("x", "w", "b"), "z", 3, stride, in);
        conv(s, List.of("z", "pointwise", "bias"), "y", 1, 1, 1);
        return s.open("Conv, Relu, Conv, Relu, weights constants of the model");
    }

    private static void causal(Session s, PeerCase c, int m, String y) {
        int n = c.size("c");
        s.model.constant("w", Inputs.normal("w", Ours.deviation(2 * n), m * n * 2), m, n, 2);
        s.model.constant("b", Inputs.normal("b", 1, m), m);
        long d = c.size("dilation");
        s.model.node(
                "Conv",
                List.of("x", "w", "b"),
                List.of(y),
                Map.of("pads", List.of(d, 0L), "dilations", List.of(d)));
    }

    private Work causal(PeerCase c) throws OrtException {
        int n = c.size("c");
        int t = c.size("t");
        Session s = new Session();
        s.input("x", Inputs.normal("x", 1, n * t), 1, n, t);
        causal(s, c, n, "y");
        s.output("y", 1, n, t);
        return s.open("Conv, weights constants of the model");
    }

    private Work gatedCausal(PeerCase c) throws OrtException {
        int n = c.size("c");
        int t = c.size("t");
        int skip = c.size("skip");
        Session s = new Session();
        s.input("x", Inputs.normal("x", 1, n * t), 1, n, t);
        causal(s, c, 2 * n, "a");
        s.model.node(
                "Split", List.of("a"), List.of("f", "g"), Map.of("axis", 1L, "num_outputs", 2L));
        s.model.node("Tanh", List.of("f"), List.of("tanh"));
        s.model.node("Sigmoid", List.of("g"), List.of("sigmoid"));
        s.model.node("Mul", List.of("tanh", "sigmoid"), List.of("z"));
        double d = Ours.deviation(n);
        s.model.constant("wr", Inputs.normal("residual", d, n * n), n, n, 1);
        s.model.constant("br", Inputs.normal("residualBias", 1, n), n);
        s.model.constant("ws", Inputs.normal("skip", d, skip * n), skip, n, 1);
        s.model.constant("bs", Inputs.normal("skipBias", 1, skip), skip);
        s.model.node("Conv", List.of("z", "wr", "br"), List.of("r"));
        s.model.node("Add", List.of("x", "r"), List.of("next"));
        s.model.node("Conv", List.of("z", "ws", "bs"), List.of("y"));
        s.output("y", 1, skip, t);
        s.output("next", 1, n, t);
        return s.open("Conv, Split, Tanh, Sigmoid, Mul, two Conv, Add; weights constants");
    }

    private Work softmax(PeerCase c) throws OrtException {
        Session s = rows(c);
        s.model.node("Softmax", List.of("x"), List.of("y"), Map.of("axis", -1L));
        return s.open("Softmax");
    }

    private Work layerNorm(PeerCase c) throws OrtException {
        int n = c.size("n");
        Session s = rows(c);
        s.model.constant("scale", Inputs.normal("scale", 1, n), n);
        s.model.constant("bias", Inputs.normal("bias", 1, n), n);
        List<String> in = List.of("x", "scale", "bias");
        s.model.node("LayerNormalization", in, List.of("y"), Map.of("epsilon", 1e-5f));
        return s.open("LayerNormalization");
    }

    private Session rows(PeerCase c) throws OrtException {
        int rows = c.size("rows");
        int n = c.size("n");
        Session s = new Session();
        s.input("x", Inputs.normal("x", 1, rows * n), rows, n);
        s.output("y", rows, n);
        return s;
    }

    private Work crossEntropy(PeerCase c) throws OrtException {
        int rows = c.size("rows");
        int n = c.size("n");
        Session s = new Session();
        s.input("x", Inputs.normal("x", 1, rows * n), rows, n);
        s.input("labels", Inputs.indices("labels", n, rows), rows);
        s.output("y");
        s.model.node("SoftmaxCrossEntropyLoss", List.of("x", "labels"), List.of("y"));
        return s.open("SoftmaxCrossEntropyLoss");
    }

    private Work embedding(PeerCase c) throws OrtException {
        int v = c.size("v");
        int d = c.size("d");
        int ids = c.size("ids");
        Session s = new Session();
        s.model.constant("table", Inputs.normal("table", 1, v * d), v, d);
        s.input("ids", Inputs.indices("ids", v, ids), ids);
        s.output("y", ids, d);
        s.model.node("Gather", List.of("table", "ids"), List.of("y"));
        return s.open("Gather, the table a constant of the model");
    }

    /** A model with its inputs and its output. */
    private final class Session implements Work {
        final OnnxModel model = new OnnxModel();
        private final Map<String, OnnxTensor> in = new LinkedHashMap<>();
        private final Map<String, OnnxTensor> out = new LinkedHashMap<>();
        private OrtSession session;
        private String how = "";
        private java.util.function.UnaryOperator<float[]> result = y -> y;

        void input(String name, float[] values, long... dims) throws OrtException {
            FloatBuffer b = floats(values.length).put(values).rewind();
            in.put(name, OnnxTensor.createTensor(env, b, dims));
            model.input(name, OnnxModel.FLOAT, dims);
        }

        void input(String name, int[] values, long... dims) throws OrtException {
            LongBuffer b =
                    ByteBuffer.allocateDirect(8 * values.length)
                            .order(ByteOrder.nativeOrder())
                            .asLongBuffer();
            b.put(Inputs.longs(values)).rewind();
            in.put(name, OnnxTensor.createTensor(env, b, dims));
            model.input(name, OnnxModel.INT64, dims);
        }

        /** An int32 input that is made already. */
        void input(String name, OnnxTensor tensor, long... dims) {
            in.put(name, tensor);
            model.input(name, OnnxModel.INT32, dims);
        }

        void output(String name, long... dims) throws OrtException {
            int size = 1;
            for (long d : dims) {
                size *= (int) d;
            }
            out.put(name, OnnxTensor.createTensor(env, floats(size), dims));
            model.output(name, OnnxModel.FLOAT, dims);
        }

        private static FloatBuffer floats(int size) {
            return ByteBuffer.allocateDirect(4 * size)
                    .order(ByteOrder.nativeOrder())
                    .asFloatBuffer();
        }

        Session open(String description) throws OrtException {
            how = description;
            try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
                options.setIntraOpNumThreads(threads);
                options.setInterOpNumThreads(1);
                options.setOptimizationLevel(OrtSession.SessionOptions.OptLevel.ALL_OPT);
                session = env.createSession(model.bytes(), options);
            }
            return this;
        }

        @Override
        public void run() {
            try (OrtSession.Result r = session.run(in, out)) {
                assert r != null;
            } catch (OrtException e) {
                throw new TataraException("ONNX Runtime: " + e.getMessage(), e);
            }
        }

        @Override
        public float[] result() {
            FloatBuffer b = out.get("y").getFloatBuffer();
            float[] y = new float[b.remaining()];
            b.get(y);
            return result.apply(y);
        }

        @Override
        public String how() {
            return how;
        }

        @Override
        public void close() {
            in.values().forEach(OnnxTensor::close);
            out.values().forEach(OnnxTensor::close);
            try {
                session.close();
            } catch (OrtException e) {
                throw new TataraException("ONNX Runtime: " + e.getMessage(), e);
            }
        }
    }
}
