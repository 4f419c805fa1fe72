package io.tatara.kernels.conv;

import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.check.Case;
import io.tatara.kernels.check.Data;
import io.tatara.kernels.matmul.Epilogue;
import io.tatara.kernels.pointwise.Activation;
import java.util.ArrayList;
import java.util.List;

/** Depthwise-separable blocks; as benchmarks those of MobileNet V1. */
final class SeparableCases {
    private static final Epilogue RELU = new Epilogue(Activation.RELU);

    private SeparableCases() {}

    /** {n, c, h, w, m, kh, kw}. */
    private static Case of(String name, ConvWindow v, Epilogue f, Epilogue g, Data data, int... d) {
        SeparableConv2d op = new SeparableConv2d(v, f, g);
        return Case.of(name, op)
                .in(TensorSpec.f32(d[0], d[1], d[2], d[3]), data)
                .in(TensorSpec.f32(d[1], 1, d[5], d[6]), data)
                .in(TensorSpec.f32(d[1]), data)
                .in(TensorSpec.f32(d[4], d[1], 1, 1), data)
                .in(TensorSpec.f32(d[4]), data)
                .reduction(d[1] * d[5] * d[6]);
    }

    private static TensorSpec y(ConvWindow v, int... d) {
        return TensorSpec.f32(d[0], d[4], v.outHeight(d[2], d[5]), v.outWidth(d[3], d[6]));
    }

    static List<Case> all() {
        List<Case> all = new ArrayList<>();
        ConvWindow same = ConvWindow.UNIT.pad(1);
        Data normal = Data.normal();
        all.add(of("one", ConvWindow.UNIT, RELU, RELU, normal, 1, 1, 1, 1, 1, 1, 1));
        all.add(of("padded", same, RELU, RELU, normal, 2, 3, 5, 6, 4, 3, 3));
        all.add(of("valid", ConvWindow.UNIT, RELU, RELU, normal, 2, 5, 6, 7, 9, 3, 2));
        all.add(of("stride 2", same.stride(2), RELU, RELU, normal, 2, 6, 9, 8, 5, 3, 3));
        ConvWindow odd = ConvWindow.UNIT.pad(2, 3, 1, 4).dilation(2, 1).stride(1, 2);
        all.add(of("dilated 5 x 4", odd, RELU, Epilogue.NONE, normal, 1, 4, 9, 7, 3, 5, 4));
        all.add(of("larger", same, RELU, RELU, normal, 3, 37, 21, 19, 41, 3, 3));
        all.add(of("larger stride 2", same.stride(2), RELU, RELU, normal, 2, 33, 40, 41, 70, 3, 3));
        all.add(
                of("integers", same, RELU, RELU, Data.integers(-3, 3), 2, 17, 12, 13, 20, 3, 3)
                        .exact());
        for (Activation f : Activation.values()) {
            Epilogue e = new Epilogue(f);
            all.add(of("inner " + f, same, e, Epilogue.NONE, normal, 1, 3, 4, 5, 4, 3, 3));
        }
        int[] d = {2, 8, 6, 7, 8, 3, 3};
        all.add(of("residual", same, RELU, Epilogue.NONE, normal, d).in(y(same, d), normal));
        SeparableConv2d plain = new SeparableConv2d(same, Epilogue.NONE, Epilogue.NONE);
        all.add(
                Case.of("without biases", plain)
                        .in(TensorSpec.f32(1, 3, 5, 4))
                        .in(TensorSpec.f32(3, 1, 3, 3))
                        .absent()
                        .in(TensorSpec.f32(2, 3, 1, 1))
                        .reduction(27));
        double[] special = {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY};
        all.add(
                Case.of("specials", new SeparableConv2d(same, RELU, RELU))
                        .in(TensorSpec.f32(1, 4, 9, 9), normal.sprinkled(97, special))
                        .in(TensorSpec.f32(4, 1, 3, 3))
                        .in(TensorSpec.f32(4))
                        .in(TensorSpec.f32(6, 4, 1, 1))
                        .in(TensorSpec.f32(6))
                        .reduction(36));
        int[][] blocks = {
            {32, 64, 112, 1},
            {64, 128, 112, 2},
            {128, 128, 56, 1},
            {128, 256, 56, 2},
            {256, 256, 28, 1},
            {256, 512, 28, 2},
            {512, 512, 14, 1},
            {512, 1024, 14, 2},
            {1024, 1024, 7, 1}
        };
        for (int[] b : blocks) {
            for (int n : new int[] {1, 8}) {
                String name = "mobilenet-%d-%d-%d-batch-%d".formatted(b[0], b[2], b[1], n);
                ConvWindow v = same.stride(b[3]);
                all.add(
                        of(name, v, RELU, RELU, normal, n, b[0], b[2], b[2], b[1], 3, 3)
                                .bench(ConvBenchCases.SUITE));
            }
        }
        return Case.withHalves(all, "padded", "larger stride 2", "residual");
    }
}
