package io.tatara.runtime.oracle;

import static org.assertj.core.api.Assertions.assertThat;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import io.tatara.kernels.Op;
import io.tatara.kernels.matmul.Epilogue;
import io.tatara.kernels.matmul.MatMul;
import io.tatara.kernels.pointwise.Activation;
import io.tatara.kernels.recurrent.Direction;
import io.tatara.kernels.recurrent.GruSequence;
import io.tatara.kernels.recurrent.LstmSequence;
import io.tatara.kernels.recurrent.RnnSequence;
import io.tatara.kernels.softmax.Softmax;
import io.tatara.runtime.Device;
import io.tatara.runtime.Scope;
import io.tatara.runtime.Tatara;
import io.tatara.runtime.Tensor;
import io.tatara.runtime.spi.DeviceInfo;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Matmul, softmax, RNN, LSTM and GRU of every device on this machine against ONNX Runtime: an
 * oracle that shares no line and no author with ours.
 */
class OnnxOracleTest {
    private static final int T = 7;
    private static final int N = 5;
    private static final int I = 6;
    private static final int H = 9;

    private final SplittableRandom random = new SplittableRandom(11);

    static Stream<String> devices() {
        return Tatara.devices().stream().map(DeviceInfo::id);
    }

    /** A named array on its way to both sides. */
    record Array(String name, float[] f, int[] i, long... dims) {
        static final Array NONE = new Array("", null, null);
    }

    private Array normal(String name, double deviation, long... dims) {
        return normal(random, name, deviation, dims);
    }

    static Array normal(SplittableRandom random, String name, double deviation, long... dims) {
        int n = 1;
        for (long d : dims) {
            n *= (int) d;
        }
        float[] f = new float[n];
        for (int k = 0; k < n; k++) {
            f[k] = (float) (deviation * random.nextGaussian());
        }
        return new Array(name, f, null, dims);
    }

    static Map<String, float[]> oracle(
            String op, List<Array> in, List<String> outputs, Map<String, Object> attributes)
            throws OrtException {
        OrtEnvironment env = OrtEnvironment.getEnvironment();
        List<Map.Entry<String, Integer>> names = new ArrayList<>();
        Map<String, OnnxTensor> feed = new LinkedHashMap<>();
        for (Array a : in) {
            names.add(Map.entry(a.name(), a.i() == null ? OnnxModel.FLOAT : OnnxModel.INT32));
            if (a.f() != null) {
                feed.put(a.name(), OnnxTensor.createTensor(env, FloatBuffer.wrap(a.f()), a.dims()));
            } else if (a.i() != null) {
                feed.put(a.name(), OnnxTensor.createTensor(env, IntBuffer.wrap(a.i()), a.dims()));
            }
        }
        try (OrtSession session = env.createSession(OnnxModel.of(op, names, outputs, attributes));
                OrtSession.Result result = session.run(feed)) {
            Map<String, float[]> out = new LinkedHashMap<>();
            for (String o : outputs) {
                FloatBuffer b = ((OnnxTensor) result.get(o).orElseThrow()).getFloatBuffer();
                float[] v = new float[b.remaining()];
                b.get(v);
                out.put(o, v);
            }
            return out;
        } finally {
            feed.values().forEach(OnnxTensor::close);
        }
    }

    static List<float[]> ours(String device, Op op, Array... in) {
        try (Device d = Tatara.open(device);
                Scope s = d.scope()) {
            Tensor[] t = new Tensor[in.length];
            for (int k = 0; k < in.length; k++) {
                Array a = in[k];
                int[] dims =
                        a == null
                                ? null
                                : java.util.Arrays.stream(a.dims())
                                        .mapToInt(Math::toIntExact)
                                        .toArray();
                t[k] =
                        a == null
                                ? null
                                : a.f() != null ? s.tensor(a.f(), dims) : s.tensor(a.i(), dims);
            }
            List<float[]> out = new ArrayList<>();
            for (Tensor y : s.emit(op, t)) {
                // Indices are not asked for: the oracle's output is real numbers.
                out.add(y.dtype().isFloating() ? y.toFloats() : null);
            }
            return out;
        }
    }

    static void same(String what, float[] got, float[] want) {
        assertThat(got).as(what).hasSameSizeAs(want);
        double diff = 0;
        double norm = 0;
        for (int k = 0; k < got.length; k++) {
            diff += Math.pow(got[k] - want[k], 2);
            norm += Math.pow(want[k], 2);
        }
        assertThat(Math.sqrt(diff)).as(what).isLessThanOrEqualTo(2e-6 * Math.sqrt(norm));
    }

    @ParameterizedTest
    @MethodSource("devices")
    void matmul(String device) throws OrtException {
        Array a = normal("a", 1, 3, 17, 41);
        Array b = normal("b", 1, 3, 41, 29);
        float[] want = oracle("MatMul", List.of(a, b), List.of("y"), Map.of()).get("y");
        same(
                "matmul",
                ours(
                                device,
                                new MatMul(false, false, new Epilogue(Activation.NONE)),
                                a,
                                b,
                                null,
                                null)
                        .get(0),
                want);
    }

    @ParameterizedTest
    @MethodSource("devices")
    void softmax(String device) throws OrtException {
        Array x = normal("x", 4, 13, 37);
        Map<String, Object> axis = Map.of("axis", -1L);
        same(
                "softmax",
                ours(device, new Softmax(false), x, null).get(0),
                oracle("Softmax", List.of(x), List.of("y"), axis).get("y"));
        same(
                "log-softmax",
                ours(device, new Softmax(true), x, null).get(0),
                oracle("LogSoftmax", List.of(x), List.of("y"), axis).get("y"));
    }

    private static String label(Direction d) {
        return switch (d) {
            case FORWARD -> "forward";
            case REVERSE -> "reverse";
            case BIDIRECTIONAL -> "bidirectional";
        };
    }

    private static int count(Direction d) {
        return d == Direction.BIDIRECTIONAL ? 2 : 1;
    }

    private static final Array LENGTHS = new Array("lengths", null, new int[] {7, 3, 1, 6, 2}, N);

    /** [T, D, N, H] of ONNX to our [T, N, D·H]. */
    private static float[] timeMajor(float[] y, int d) {
        float[] r = new float[y.length];
        for (int t = 0; t < T; t++) {
            for (int k = 0; k < d; k++) {
                for (int n = 0; n < N; n++) {
                    System.arraycopy(
                            y, ((t * d + k) * N + n) * H, r, (t * N + n) * d * H + k * H, H);
                }
            }
        }
        return r;
    }

    /** Blocks of H rows of each direction in another order. */
    private static Array gates(String name, Array a, int gates, int... order) {
        int d = (int) a.dims()[0];
        int block = a.f().length / d / gates;
        float[] r = new float[a.f().length];
        for (int k = 0; k < d; k++) {
            for (int g = 0; g < gates; g++) {
                System.arraycopy(
                        a.f(), (k * gates + order[g]) * block, r, (k * gates + g) * block, block);
            }
        }
        return new Array(name, r, null, a.dims());
    }

    /** Two bias vectors of each direction behind each other. */
    private static Array pair(String name, Array first, Array second) {
        int d = (int) first.dims()[0];
        int block = first.f().length / d;
        float[] r = new float[2 * first.f().length];
        for (int k = 0; k < d; k++) {
            System.arraycopy(first.f(), k * block, r, 2 * k * block, block);
            if (second != null) {
                System.arraycopy(second.f(), k * block, r, (2 * k + 1) * block, block);
            }
        }
        return new Array(name, r, null, d, 2L * block);
    }

    @ParameterizedTest
    @MethodSource("devices")
    void lstmWithPeepholesAndRaggedBatch(String device) throws OrtException {
        for (Direction direction : Direction.values()) {
            int d = count(direction);
            Array x = normal("x", 1, T, N, I);
            Array w = normal("w", 0.4, d, 4 * H, I);
            Array r = normal("r", 0.4, d, 4 * H, H);
            Array b = normal("b", 0.4, d, 4 * H);
            Array h0 = normal("h0", 1, d, N, H);
            Array c0 = normal("c0", 1, d, N, H);
            Array p = normal("p", 0.4, d, 3 * H);
            // Ours: i, f, g, o and peepholes i, f, o; ONNX: i, o, f, c and i, o, f.
            int[] order = {0, 3, 1, 2};
            Map<String, float[]> want =
                    oracle(
                            "LSTM",
                            List.of(
                                    x,
                                    gates("w", w, 4, order),
                                    gates("r", r, 4, order),
                                    pair("b", gates("b", b, 4, order), null),
                                    LENGTHS,
                                    h0,
                                    c0,
                                    gates("p", p, 3, 0, 2, 1)),
                            List.of("y", "yh", "yc"),
                            Map.of("hidden_size", (long) H, "direction", label(direction)));
            Array peephole = new Array("p", p.f(), null, d, 3, H);
            List<float[]> got =
                    ours(
                            device,
                            new LstmSequence(direction, 0),
                            x,
                            LENGTHS,
                            h0,
                            c0,
                            w,
                            r,
                            b,
                            peephole);
            same(direction + " y", got.get(0), timeMajor(want.get("y"), d));
            same(direction + " hN", got.get(1), want.get("yh"));
            same(direction + " cN", got.get(2), want.get("yc"));
        }
    }

    @ParameterizedTest
    @MethodSource("devices")
    void gruInBothConventions(String device) throws OrtException {
        for (Direction direction : Direction.values()) {
            for (boolean after : new boolean[] {true, false}) {
                int d = count(direction);
                Array x = normal("x", 1, T, N, I);
                Array w = normal("w", 0.4, d, 3 * H, I);
                Array r = normal("r", 0.4, d, 3 * H, H);
                Array bi = normal("bi", 0.4, d, 3 * H);
                Array bh = normal("bh", 0.4, d, 3 * H);
                Array h0 = normal("h0", 1, d, N, H);
                // Ours: r, z, n; ONNX: z, r, h.
                int[] order = {1, 0, 2};
                Map<String, float[]> want =
                        oracle(
                                "GRU",
                                List.of(
                                        x,
                                        gates("w", w, 3, order),
                                        gates("r", r, 3, order),
                                        pair(
                                                "b",
                                                gates("bi", bi, 3, order),
                                                gates("bh", bh, 3, order)),
                                        LENGTHS,
                                        h0),
                                List.of("y", "yh"),
                                Map.of(
                                        "hidden_size",
                                        (long) H,
                                        "direction",
                                        label(direction),
                                        "linear_before_reset",
                                        after ? 1L : 0L));
                List<float[]> got =
                        ours(
                                device,
                                new GruSequence(after, direction, 0),
                                x,
                                LENGTHS,
                                h0,
                                w,
                                r,
                                bi,
                                bh);
                same(direction + " y", got.get(0), timeMajor(want.get("y"), d));
                same(direction + " hN", got.get(1), want.get("yh"));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("devices")
    void simpleRecurrence(String device) throws OrtException {
        Map<Activation, String> names =
                Map.of(
                        Activation.TANH,
                        "Tanh",
                        Activation.RELU,
                        "Relu",
                        Activation.SIGMOID,
                        "Sigmoid");
        for (Map.Entry<Activation, String> e : names.entrySet()) {
            int d = 2;
            Array x = normal("x", 1, T, N, I);
            Array w = normal("w", 0.3, d, H, I);
            Array r = normal("r", 0.3, d, H, H);
            Array b = normal("b", 0.3, d, H);
            Array h0 = normal("h0", 1, d, N, H);
            Map<String, float[]> want =
                    oracle(
                            "RNN",
                            List.of(x, w, r, pair("b", b, null), LENGTHS, h0),
                            List.of("y", "yh"),
                            Map.of(
                                    "hidden_size",
                                    (long) H,
                                    "direction",
                                    "bidirectional",
                                    "activations",
                                    List.of(e.getValue(), e.getValue())));
            List<float[]> got =
                    ours(
                            device,
                            new RnnSequence(e.getKey(), Direction.BIDIRECTIONAL, 0),
                            x,
                            LENGTHS,
                            h0,
                            w,
                            r,
                            b);
            same(e.getKey() + " y", got.get(0), timeMajor(want.get("y"), d));
            same(e.getKey() + " hN", got.get(1), want.get("yh"));
        }
    }
}
