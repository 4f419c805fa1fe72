package io.tatara.runtime.oracle;

import static io.tatara.runtime.oracle.OnnxOracleTest.oracle;
import static io.tatara.runtime.oracle.OnnxOracleTest.ours;
import static io.tatara.runtime.oracle.OnnxOracleTest.same;

import ai.onnxruntime.OrtException;
import io.tatara.kernels.causal.CausalConv1d;
import io.tatara.kernels.conv.Conv2d;
import io.tatara.kernels.conv.Conv2dDataGradient;
import io.tatara.kernels.conv.ConvWindow;
import io.tatara.kernels.pool.AveragePool;
import io.tatara.kernels.pool.MaxPool;
import io.tatara.kernels.pool.PoolWindow;
import io.tatara.kernels.pool.Upsample;
import io.tatara.kernels.pool.UpsampleMode;
import io.tatara.runtime.Device;
import io.tatara.runtime.Scope;
import io.tatara.runtime.Tatara;
import io.tatara.runtime.Tensor;
import io.tatara.runtime.oracle.OnnxOracleTest.Array;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Convolution, pooling, up-sampling and norms of images against ONNX Runtime. */
class OnnxImageOracleTest {
    private final SplittableRandom random = new SplittableRandom(12);

    static Stream<String> devices() {
        return OnnxOracleTest.devices();
    }

    private Array normal(String name, long... dims) {
        return OnnxOracleTest.normal(random, name, 1, dims);
    }

    private static List<Long> list(long... x) {
        return java.util.Arrays.stream(x).boxed().toList();
    }

    @ParameterizedTest
    @MethodSource("devices")
    void conv(String device) throws OrtException {
        // Channels in and out, groups, kernel, stride, dilation.
        int[][] sizes = {
            {5, 7, 1, 3, 1, 1},
            {6, 9, 3, 3, 2, 1},
            {4, 8, 4, 3, 1, 2},
            {8, 8, 8, 5, 2, 1},
            {16, 24, 1, 1, 1, 1},
            {3, 16, 1, 7, 2, 1}
        };
        for (int[] s : sizes) {
            Array x = normal("x", 2, s[0], 19, 23);
            Array w = normal("w", s[1], s[0] / s[2], s[3], s[3]);
            Array b = normal("b", s[1]);
            Map<String, Object> attributes =
                    Map.of(
                            "group", (long) s[2],
                            "strides", list(s[4], s[4]),
                            "dilations", list(s[5], s[5]),
                            "pads", list(1, 2, 0, 1));
            ConvWindow window = ConvWindow.UNIT.stride(s[4]).dilation(s[5]).pad(1, 0, 2, 1);
            same(
                    "conv " + java.util.Arrays.toString(s),
                    ours(device, new Conv2d(window, s[2]), x, w, b).getFirst(),
                    oracle("Conv", List.of(x, w, b), List.of("y"), attributes).get("y"));
        }
    }

    @ParameterizedTest
    @MethodSource("devices")
    void transposedConv(String device) throws OrtException {
        Array x = normal("x", 2, 6, 7, 9);
        Array w = normal("w", 6, 4, 3, 3);
        Map<String, Object> attributes =
                Map.of(
                        "group", 2L,
                        "strides", list(2, 2),
                        "pads", list(1, 1, 1, 1),
                        "output_padding", list(1, 0));
        ConvWindow window = ConvWindow.UNIT.stride(2).pad(1);
        same(
                "transposed conv",
                ours(device, new Conv2dDataGradient(window, 2, 14, 17), x, w).getFirst(),
                oracle("ConvTranspose", List.of(x, w), List.of("y"), attributes).get("y"));
    }

    @ParameterizedTest
    @MethodSource("devices")
    void causalConv(String device) throws OrtException {
        Array x = normal("x", 2, 5, 61);
        Array w = normal("w", 7, 5, 3);
        Array b = normal("b", 7);
        Map<String, Object> attributes = Map.of("dilations", list(8), "pads", list(16, 0));
        same(
                "causal conv",
                ours(device, new CausalConv1d(8, false), x, w, b).getFirst(),
                oracle("Conv", List.of(x, w, b), List.of("y"), attributes).get("y"));
    }

    @ParameterizedTest
    @MethodSource("devices")
    void pools(String device) throws OrtException {
        Array x = normal("x", 2, 3, 17, 20);
        PoolWindow window = PoolWindow.square(3, 2, 1);
        Map<String, Object> attributes =
                Map.of(
                        "kernel_shape", list(3, 3),
                        "strides", list(2, 2),
                        "pads", list(1, 1, 1, 1));
        same(
                "max pool",
                ours(device, new MaxPool(window), x).getFirst(),
                oracle("MaxPool", List.of(x), List.of("y"), attributes).get("y"));
        for (boolean counted : new boolean[] {false, true}) {
            Map<String, Object> all = new java.util.HashMap<>(attributes);
            all.put("count_include_pad", counted ? 1L : 0L);
            same(
                    "average pool, padding counted: " + counted,
                    ours(device, new AveragePool(window, counted), x).getFirst(),
                    oracle("AveragePool", List.of(x), List.of("y"), all).get("y"));
        }
    }

    @ParameterizedTest
    @MethodSource("devices")
    void upsampling(String device) throws OrtException {
        Array x = normal("x", 2, 3, 5, 7);
        Array scales = new Array("scales", new float[] {1, 1, 2, 3}, null, 4);
        for (UpsampleMode mode : UpsampleMode.values()) {
            Map<String, Object> attributes =
                    switch (mode) {
                        case NEAREST ->
                                Map.of(
                                        "mode", "nearest",
                                        "nearest_mode", "floor",
                                        "coordinate_transformation_mode", "asymmetric");
                        case BILINEAR ->
                                Map.of(
                                        "mode", "linear",
                                        "coordinate_transformation_mode", "half_pixel");
                        case BILINEAR_ALIGNED ->
                                Map.of(
                                        "mode", "linear",
                                        "coordinate_transformation_mode", "align_corners");
                    };
            same(
                    "up-sampling " + mode,
                    ours(device, new Upsample(mode, 10, 21), x).getFirst(),
                    oracle("Resize", List.of(x, Array.NONE, scales), List.of("y"), attributes)
                            .get("y"));
        }
    }

    @ParameterizedTest
    @MethodSource("devices")
    void norms(String device) throws OrtException {
        Array x = normal("x", 3, 6, 5, 7);
        Array scale = normal("scale", 6);
        Array shift = normal("shift", 6);
        Array mean = normal("mean", 6);
        Array variance = new Array("variance", new float[] {1, 2, 0.5f, 3, 0.1f, 9}, null, 6);
        List<Array> in = List.of(x, scale, shift, mean, variance);
        Map<String, Object> epsilon = Map.of("epsilon", 1e-5f);
        try (Device d = Tatara.open(device);
                Scope s = d.scope()) {
            Tensor t = s.tensor(x.f(), 3, 6, 5, 7);
            Tensor a = s.tensor(scale.f(), 6);
            Tensor b = s.tensor(shift.f(), 6);
            same(
                    "batch norm of inference",
                    s.ops()
                            .batchNormInference(
                                    t,
                                    a,
                                    b,
                                    s.tensor(mean.f(), 6),
                                    s.tensor(variance.f(), 6),
                                    1e-5f)
                            .toFloats(),
                    oracle("BatchNormalization", in, List.of("y"), epsilon).get("y"));
            same(
                    "instance norm",
                    s.ops().groupNorm(t, 6, a, b, 1e-5f).toFloats(),
                    oracle("InstanceNormalization", in.subList(0, 3), List.of("y"), epsilon)
                            .get("y"));
            same(
                    "group norm",
                    s.ops().groupNorm(t, 3, a, b, 1e-5f).toFloats(),
                    oracle(
                                    "GroupNormalization",
                                    in.subList(0, 3),
                                    List.of("y"),
                                    Map.of("epsilon", 1e-5f, "num_groups", 3L))
                            .get("y"));
        }
    }
}
