package io.tatara.models.densenet;

import io.tatara.kernels.TataraException;
import io.tatara.models.network.Network;
import io.tatara.models.network.NetworkBuilder;
import io.tatara.models.network.Node;
import io.tatara.models.network.Options;
import java.util.Map;

/**
 * DenseNet (Huang et al. 2017, sections 3 and 4): composite functions norm, ReLU, convolution;
 * bottlenecks of 4k channels (B); transitions that halve the channels (C). Options: {@code
 * classes}, {@code resolution}, {@code channels} of the input, {@code dropout-per-mille} (CIFAR
 * forms).
 */
public final class DenseNet {
    /** Layers of the four blocks, growth rate, channels of the first convolution. */
    private record Form(int[] blocks, int growth, int first) {}

    private static final Map<Integer, Form> FORMS =
            Map.of(
                    121, new Form(new int[] {6, 12, 24, 16}, 32, 64),
                    169, new Form(new int[] {6, 12, 32, 32}, 32, 64),
                    201, new Form(new int[] {6, 12, 48, 32}, 32, 64),
                    161, new Form(new int[] {6, 12, 36, 24}, 48, 96));

    private static final int BOTTLENECK = 4;

    private DenseNet() {}

    /** DenseNet-121, -169, -201, -161. */
    public static Network imageNet(String name, int layers, Options o) {
        Form form = FORMS.get(layers);
        if (form == null) {
            throw new TataraException("no network '" + name + "': 121, 169, 201 or 161 layers");
        }
        int size = o.whole("resolution", 224, 32);
        NetworkBuilder b = new NetworkBuilder(name, o.whole("channels", 3, 1), size, size);
        int classes = o.whole("classes", 1000, 1);
        Node x = b.conv("features.conv0", b.input(), form.first(), 7, 2);
        x = b.relu("features.relu0", b.batchNorm("features.norm0", x));
        x = b.pool("features.pool0", x, true, 3, 2, 1);
        for (int i = 0; i < form.blocks().length; i++) {
            x = block(b, i + 1, x, form.blocks()[i], form.growth(), true, 0);
            if (i + 1 < form.blocks().length) {
                x = transition(b, i + 1, x, x.channels() / 2);
            }
        }
        return end(b, x, form.blocks().length + 1, classes);
    }

    /**
     * The forms for CIFAR, three blocks on 32 x 32.
     *
     * @param bc with bottlenecks and compression
     * @param layers of weights in all: 3n + 4, with bottlenecks 6n + 4
     */
    public static Network cifar(String name, boolean bc, int layers, int growth, Options o) {
        int each = bc ? 6 : 3;
        if (growth < 1 || layers < each + 4 || (layers - 4) % each != 0) {
            throw new TataraException(
                    name + ": " + layers + " layers are not " + each + "n + 4 (and growth >= 1)");
        }
        int size = o.whole("resolution", 32, 8);
        NetworkBuilder b = new NetworkBuilder(name, o.whole("channels", 3, 1), size, size);
        int classes = o.whole("classes", 10, 1);
        int perMille = o.whole("dropout-per-mille", 0, 0);
        Node x = b.conv("features.conv0", b.input(), bc ? 2 * growth : 16, 3, 1);
        for (int i = 1; i <= 3; i++) {
            x = block(b, i, x, (layers - 4) / each, growth, bc, perMille / 1000f);
            if (i < 3) {
                x = transition(b, i, x, bc ? x.channels() / 2 : x.channels());
            }
        }
        return end(b, x, 4, classes);
    }

    private static Node block(
            NetworkBuilder b,
            int number,
            Node x,
            int layers,
            int growth,
            boolean bottleneck,
            float dropout) {
        for (int i = 1; i <= layers; i++) {
            String at = "features.denseblock" + number + ".denselayer" + i + ".";
            Node y = b.relu(at + "relu1", b.batchNorm(at + "norm1", x));
            if (bottleneck) {
                y = b.conv(at + "conv1", y, BOTTLENECK * growth, 1, 1);
                y = b.relu(at + "relu2", b.batchNorm(at + "norm2", y));
                y = b.conv(at + "conv2", y, growth, 3, 1);
            } else {
                y = b.conv(at + "conv1", y, growth, 3, 1);
            }
            x = b.concat(at + "concat", x, b.dropout(at + "dropout", y, dropout));
        }
        return x;
    }

    private static Node transition(NetworkBuilder b, int number, Node x, int channels) {
        String at = "features.transition" + number + ".";
        Node y = b.relu(at + "relu", b.batchNorm(at + "norm", x));
        return b.pool(at + "pool", b.conv(at + "conv", y, channels, 1, 1), false, 2, 2, 0);
    }

    private static Network end(NetworkBuilder b, Node x, int number, int classes) {
        x = b.relu("relu", b.batchNorm("features.norm" + number, x));
        b.linear("classifier", b.globalAverage("pool", x), classes);
        return b.build();
    }
}
