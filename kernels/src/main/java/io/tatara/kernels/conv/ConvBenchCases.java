package io.tatara.kernels.conv;

import io.tatara.kernels.DType;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.check.Case;
import io.tatara.kernels.matmul.Epilogue;
import io.tatara.kernels.pointwise.Activation;
import java.util.ArrayList;
import java.util.List;

/**
 * The layers of MobileNet V1 1.0/224 (Howard et al. 2017, table 1) and of ResNet-50 (He et al.
 * 2015, table 1, with the stride in the 3 × 3 layer as is usual) as benchmarks, each distinct layer
 * once; suite "convolution". The forward layers have bias and relu, as after batch normalization
 * has been folded into them. Suite "convolution-large" has what fills a GPU: batches of 64, in
 * float32 and in float16, of the depthwise layers and of some of the others, and batches of 8 of
 * the latter in both 16-bit types.
 */
final class ConvBenchCases {
    static final String SUITE = "convolution";
    private static final String LARGE = "convolution-large";
    private static final int LARGE_BATCH = 64;

    /** Dense layers of the large suite. */
    private static final List<String> DENSE =
            List.of(
                    "mobilenet-64-112-pw-128",
                    "mobilenet-256-28-pw-256",
                    "mobilenet-512-14-pw-512",
                    "resnet-first",
                    "resnet-64-3x3",
                    "resnet-128-3x3",
                    "resnet-256-3x3",
                    "resnet-512-3x3",
                    "resnet-128-3x3-stride-2");

    /** Channels in and out, extent of the image, taps, stride, groups. */
    private record Layer(String name, int c, int m, int size, int k, int stride, int groups) {
        ConvWindow window() {
            return ConvWindow.UNIT.stride(stride).pad(k / 2);
        }

        TensorSpec x(int n) {
            return TensorSpec.f32(n, c, size, size);
        }

        TensorSpec weight() {
            return TensorSpec.f32(m, c / groups, k, k);
        }

        TensorSpec y(int n) {
            int out = window().outWidth(size, k);
            return TensorSpec.f32(n, m, out, out);
        }
    }

    private ConvBenchCases() {}

    private static List<Layer> layers() {
        List<Layer> all = new ArrayList<>();
        all.add(new Layer("mobilenet-first", 3, 32, 224, 3, 2, 1));
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
            String name = "mobilenet-" + b[0] + "-" + b[2];
            all.add(new Layer(name + "-dw" + b[3], b[0], b[0], b[2], 3, b[3], b[0]));
            all.add(new Layer(name + "-pw-" + b[1], b[0], b[1], b[2] / b[3], 1, 1, 1));
        }
        all.add(new Layer("resnet-first", 3, 64, 224, 7, 2, 1));
        int[][] stages = {{64, 56, 64}, {128, 56, 256}, {256, 28, 512}, {512, 14, 1024}};
        for (int[] t : stages) {
            int width = t[0];
            int stride = width == 64 ? 1 : 2;
            int out = t[1] / stride;
            String name = "resnet-" + width;
            all.add(new Layer(name + "-reduce-first", t[2], width, t[1], 1, 1, 1));
            if (stride == 2) {
                all.add(new Layer(name + "-3x3-stride-2", width, width, t[1], 3, 2, 1));
            }
            all.add(new Layer(name + "-project", t[2], 4 * width, t[1], 1, stride, 1));
            all.add(new Layer(name + "-reduce", 4 * width, width, out, 1, 1, 1));
            all.add(new Layer(name + "-3x3", width, width, out, 3, 1, 1));
            all.add(new Layer(name + "-expand", width, 4 * width, out, 1, 1, 1));
        }
        return all;
    }

    private interface Maker {
        Case of(Layer l, int n, String name);
    }

    private static List<Case> each(Maker maker) {
        List<Case> cases = new ArrayList<>();
        for (Layer l : layers()) {
            for (int n : new int[] {1, 8}) {
                cases.add(maker.of(l, n, l.name() + "-batch-" + n).bench(SUITE));
            }
            if (DENSE.contains(l.name())) {
                Case c = maker.of(l, 8, l.name() + "-batch-8");
                cases.add(c.as(DType.FLOAT16).bench(LARGE));
                cases.add(c.as(DType.BFLOAT16).bench(LARGE));
            }
            if (l.groups() > 1 || DENSE.contains(l.name())) {
                Case c = maker.of(l, LARGE_BATCH, l.name() + "-batch-" + LARGE_BATCH);
                cases.add(c.bench(LARGE));
                cases.add(c.as(DType.FLOAT16).bench(LARGE));
            }
        }
        return cases;
    }

    static List<Case> conv() {
        Epilogue relu = new Epilogue(Activation.RELU);
        return each((l, n, name) ->
                Case.of(name, new Conv2d(l.window(), l.groups(), relu))
                        .in(l.x(n))
                        .in(l.weight())
                        .in(TensorSpec.f32(l.m()))
                        .absent());
    }

    static List<Case> data() {
        return each((l, n, name) -> {
            ConvWindow v = l.window();
            return Case.of(name, new Conv2dDataGradient(v, l.groups(), l.size(), l.size()))
                    .in(l.y(n))
                    .in(l.weight());
        });
    }

    static List<Case> weight() {
        return each((l, n, name) -> {
            ConvWindow v = l.window();
            return Case.of(name, new Conv2dWeightGradient(v, l.groups(), l.k(), l.k()))
                    .in(l.x(n))
                    .in(l.y(n));
        });
    }
}
