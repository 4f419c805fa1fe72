package io.tatara.bench.peers;

import io.tatara.kernels.Cost;
import io.tatara.kernels.OpEntry;
import io.tatara.kernels.OpTable;
import io.tatara.kernels.Shape;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.check.Case;
import io.tatara.kernels.conv.Conv2d;
import io.tatara.kernels.conv.SeparableConv2d;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * The layers of MobileNet V1 and ResNet-50 as the op's own benchmarks have them, and dilated causal
 * layers: suite "convolution".
 */
final class Convolutions {
    /** Samples of a causal layer: two seconds at 8 kHz. */
    private static final int SAMPLES = 16_000;

    private static final int CHANNELS = 64;
    private static final int SKIP = 128;

    private Convolutions() {}

    /**
     * Layers whose times are added up.
     *
     * @param pattern of their names
     */
    record Sum(String layers, String pattern) {}

    static final List<Sum> SUMS = sums();

    private static List<Sum> sums() {
        List<Sum> all = new ArrayList<>();
        batches(all, "conv mobilenet", "conv-mobilenet.*");
        batches(all, "conv resnet", "conv-resnet.*");
        batches(all, "mobilenet", "(conv|depthwise)-mobilenet.*");
        batches(all, "depthwise", "depthwise.*");
        batches(all, "separable blocks", "separable.*");
        batches(all, "the same by two ops", "parts-separable.*");
        all.add(new Sum("causal", "causal-.*"));
        all.add(new Sum("gated causal", "gated-causal-.*"));
        return List.copyOf(all);
    }

    private static void batches(List<Sum> all, String layers, String pattern) {
        for (int n : new int[] {1, 8}) {
            all.add(new Sum(layers + " batch " + n, pattern + "-batch-" + n));
        }
    }

    /** Batch 1 first. */
    static List<PeerCase> cases() {
        List<PeerCase> all = new ArrayList<>();
        benchmarks("conv2d").forEach(c -> all.add(conv(c)));
        for (Case c : benchmarks("separable_conv2d")) {
            all.add(separable("separable-", Kind.SEPARABLE, c));
            all.add(separable("parts-separable-", Kind.SEPARABLE_PARTS, c));
        }
        all.sort(Comparator.comparingInt(c -> c.size("n")));
        for (int d = 1; d <= 512; d *= 2) {
            double taps = 2.0 * 2 * CHANNELS * CHANNELS * SAMPLES;
            all.add(causal("causal-" + d, Kind.CAUSAL, taps, d));
        }
        for (int d = 1; d <= 512; d *= 8) {
            double products = 2.0 * SAMPLES * CHANNELS * (4.0 * CHANNELS + CHANNELS + SKIP);
            all.add(causal("gated-causal-" + d, Kind.GATED_CAUSAL, products, d));
        }
        return all;
    }

    private static List<Case> benchmarks(String op) {
        OpEntry<?> entry =
                OpTable.all().stream().filter(e -> e.name().equals(op)).findFirst().orElseThrow();
        return entry.cases().get().stream()
                .filter(c -> c.isBench() && c.suite().equals(PeerCase.CONVOLUTION))
                .toList();
    }

    private static PeerCase separable(String name, Kind kind, Case c) {
        SeparableConv2d op = (SeparableConv2d) c.op();
        int m = c.inputs().get(3).spec().shape().dim(0);
        return images(name, kind, c, false, "m", m, "stride", op.window().strideY());
    }

    private static PeerCase causal(String name, Kind kind, double flops, int dilation) {
        return PeerCase.of(
                name,
                kind,
                flops,
                0,
                "c",
                CHANNELS,
                "skip",
                SKIP,
                "t",
                SAMPLES,
                "dilation",
                dilation);
    }

    private static PeerCase conv(Case c) {
        Conv2d op = (Conv2d) c.op();
        TensorSpec w = c.inputs().get(1).spec();
        boolean depthwise = op.groups() > 1;
        return images(
                depthwise ? "depthwise-" : "conv-",
                Kind.CONV,
                c,
                depthwise,
                "m",
                w.shape().dim(0),
                "k",
                w.shape().dim(2),
                "stride",
                op.window().strideY(),
                "groups",
                op.groups());
    }

    /**
     * @param memory whether memory binds
     * @param more sizes besides those of the images
     */
    private static PeerCase images(
            String name, Kind kind, Case c, boolean memory, Object... more) {
        Shape x = c.inputs().getFirst().spec().shape();
        Cost cost = c.op().cost(c.specs());
        List<Object> sizes = new ArrayList<>(List.of("n", x.dim(0), "c", x.dim(1)));
        sizes.addAll(List.of("size", x.dim(2)));
        sizes.addAll(Arrays.asList(more));
        double bytes = memory ? cost.bytes() : 0;
        return PeerCase.of(name + c.name(), kind, cost.flops(), bytes, sizes.toArray());
    }
}
