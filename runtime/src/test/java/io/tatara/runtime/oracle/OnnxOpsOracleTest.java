package io.tatara.runtime.oracle;

import static io.tatara.runtime.oracle.OnnxOracleTest.oracle;
import static io.tatara.runtime.oracle.OnnxOracleTest.ours;
import static io.tatara.runtime.oracle.OnnxOracleTest.same;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.onnxruntime.OrtException;
import io.tatara.kernels.Op;
import io.tatara.kernels.OpTable;
import io.tatara.kernels.embedding.Embedding;
import io.tatara.kernels.layout.Gather;
import io.tatara.kernels.norm.LayerNorm;
import io.tatara.kernels.pointwise.Expr;
import io.tatara.kernels.pointwise.Exprs;
import io.tatara.kernels.pointwise.Pointwise;
import io.tatara.kernels.sdpa.AttentionMask;
import io.tatara.kernels.sdpa.HeadLayout;
import io.tatara.kernels.sdpa.ScaledDotProductAttention;
import io.tatara.kernels.softmax.CrossEntropy;
import io.tatara.kernels.softmax.Reduction;
import io.tatara.runtime.oracle.OnnxOracleTest.Array;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Cross-entropy, index work and activations of every device against ONNX Runtime. */
class OnnxOpsOracleTest {
    private final SplittableRandom random = new SplittableRandom(5);

    static Stream<String> devices() {
        return OnnxOracleTest.devices();
    }

    private Array normal(String name, long... dims) {
        int n = 1;
        for (long d : dims) {
            n *= (int) d;
        }
        float[] f = new float[n];
        for (int k = 0; k < n; k++) {
            f[k] = (float) (3 * random.nextGaussian());
        }
        return new Array(name, f, null, dims);
    }

    @ParameterizedTest
    @MethodSource("devices")
    void crossEntropyWithIgnoredLabels(String device) throws OrtException {
        Array x = normal("x", 9, 41);
        int[] ids = random.ints(9, 0, 41).toArray();
        ids[2] = -1;
        ids[7] = -1;
        Array labels = new Array("labels", null, ids, 9);
        for (Reduction r : Reduction.values()) {
            Map<String, Object> attributes =
                    Map.of("ignore_index", -1L, "reduction", r.name().toLowerCase());
            float[] want =
                    oracle("SoftmaxCrossEntropyLoss", List.of(x, labels), List.of("y"), attributes)
                            .get("y");
            same(r + " loss", ours(device, new CrossEntropy(-1, 0, r), x, labels).get(0), want);
        }
    }

    @ParameterizedTest
    @MethodSource("devices")
    void attentionOfGroupedHeads(String device) throws OrtException {
        Array q = normal("q", 2, 4, 13, 16);
        Array k = normal("k", 2, 2, 13, 16);
        Array v = normal("v", 2, 2, 13, 16);
        for (AttentionMask mask : List.of(AttentionMask.NONE, AttentionMask.CAUSAL)) {
            long causal = mask == AttentionMask.CAUSAL ? 1 : 0;
            Map<String, Object> attributes = Map.of("is_causal", causal);
            float[] want = oracle("Attention", List.of(q, k, v), List.of("y"), attributes).get("y");
            // Its scale by default: one over the root of the head's size.
            Op op = new ScaledDotProductAttention(0.25f, mask, HeadLayout.HEADS_FIRST);
            boolean there = device.startsWith("jvm") || !OpTable.of(op).gpu().isEmpty();
            assumeTrue(there, "the op has no kernels for GPUs");
            same(mask.name(), ours(device, op, q, k, v, null, null).get(0), want);
        }
    }

    @ParameterizedTest
    @MethodSource("devices")
    void layerNorm(String device) throws OrtException {
        Array x = normal("x", 6, 75);
        Array scale = normal("scale", 75);
        Array shift = normal("shift", 75);
        // Its epsilon by default: 1e-5.
        List<Array> in = List.of(x, scale, shift);
        float[] want = oracle("LayerNormalization", in, List.of("y"), Map.of()).get("y");
        same("y", ours(device, new LayerNorm(1e-5f, 0), x, null, scale, shift, null).get(0), want);
    }

    @ParameterizedTest
    @MethodSource("devices")
    void embeddingAndGather(String device) throws OrtException {
        Array x = normal("x", 17, 6);
        Array rows = new Array("i", null, new int[] {3, 16, 0, 3}, 4);
        Array columns = new Array("i", null, new int[] {5, 0, 5}, 3);
        float[] want = oracle("Gather", List.of(x, rows), List.of("y"), Map.of()).get("y");
        same("embedding", ours(device, new Embedding(-1), x, rows).get(0), want);
        same("gather of rows", ours(device, new Gather(0), x, rows).get(0), want);
        same(
                "gather of columns",
                ours(device, new Gather(1), x, columns).get(0),
                oracle("Gather", List.of(x, columns), List.of("y"), Map.of("axis", 1L)).get("y"));
    }

    @ParameterizedTest
    @MethodSource("devices")
    void activations(String device) throws OrtException {
        Expr in = new Expr.Input(0);
        Map<String, Expr> ops =
                Map.of(
                        "Gelu", Exprs.gelu(in),
                        "Sigmoid", Exprs.sigmoid(in),
                        "Tanh", Exprs.tanh(in),
                        "Elu", Exprs.elu(in, 1),
                        "Relu", Exprs.relu(in));
        Array x = normal("x", 7, 53);
        for (var e : ops.entrySet()) {
            float[] want = oracle(e.getKey(), List.of(x), List.of("y"), Map.of()).get("y");
            same(e.getKey(), ours(device, new Pointwise(e.getValue(), 1), x).get(0), want);
        }
    }
}
