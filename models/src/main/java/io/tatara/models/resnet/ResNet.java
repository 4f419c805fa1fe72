package io.tatara.models.resnet;

import io.tatara.kernels.TataraException;
import io.tatara.models.network.Network;
import io.tatara.models.network.NetworkBuilder;
import io.tatara.models.network.Node;
import io.tatara.models.network.Options;
import io.tatara.models.resnet.Block.Order;
import io.tatara.models.resnet.Block.Shortcut;
import java.util.Map;

/**
 * ResNet for ImageNet and for CIFAR (He et al. 2016a, table 1 and section 4.2), pre-activation (He
 * et al. 2016b) and wide (Zagoruyko and Komodakis 2016). Options: {@code classes}, {@code
 * resolution}, {@code channels} of the input.
 */
public final class ResNet {
    private static final Map<Integer, int[]> IMAGE_NET =
            Map.of(
                    18, new int[] {2, 2, 2, 2},
                    34, new int[] {3, 4, 6, 3},
                    50, new int[] {3, 4, 6, 3},
                    101, new int[] {3, 4, 23, 3},
                    152, new int[] {3, 8, 36, 3});

    private ResNet() {}

    /** ResNet-18 … 152 for 224 x 224; ResNet-20, 32, 44, 56 … (6n + 2) for 32 x 32. */
    public static Network plain(String name, int layers, Options o) {
        int[] stages = IMAGE_NET.get(layers);
        if (stages == null) {
            int n = blocks(name, layers, 6, 2);
            Block block = Block.basic(Order.AFTER, Shortcut.SUBSAMPLE);
            return cifar(name, o, block, n, 16, new int[] {16, 32, 64}, true);
        }
        Block block =
                layers < 50
                        ? Block.basic(Order.AFTER, Shortcut.PROJECTION)
                        : Block.bottleneck(Order.AFTER, Shortcut.PROJECTION);
        int size = o.whole("resolution", 224, 32);
        NetworkBuilder b = new NetworkBuilder(name, o.whole("channels", 3, 1), size, size);
        int classes = o.whole("classes", 1000, 1);
        Node x = b.conv("conv1", b.input(), 64, 7, 2);
        x = b.relu("relu", b.batchNorm("bn1", x));
        x = b.pool("maxpool", x, true, 3, 2, 1);
        for (int s = 0; s < stages.length; s++) {
            for (int i = 0; i < stages[s]; i++) {
                String at = "layer" + (s + 1) + "." + i + ".";
                x = block.add(b, at, x, 64 << s, s > 0 && i == 0 ? 2 : 1);
            }
        }
        b.linear("fc", b.globalAverage("avgpool", x), classes);
        return b.build();
    }

    /** Pre-activation on 32 x 32: 6n + 2 layers, with bottlenecks 9n + 2. */
    public static Network preActivation(String name, boolean bottleneck, int layers, Options o) {
        int n = blocks(name, layers, bottleneck ? 9 : 6, 2);
        Block block =
                bottleneck
                        ? Block.bottleneck(Order.BEFORE, Shortcut.BARE_PROJECTION)
                        : Block.basic(Order.BEFORE, Shortcut.BARE_PROJECTION);
        return cifar(name, o, block, n, 16, new int[] {16, 32, 64}, false);
    }

    /** WideResNet on 32 x 32: 6n + 4 layers, k times as many channels. */
    public static Network wide(String name, int layers, int k, Options o) {
        int n = blocks(name, layers, 6, 4);
        if (k < 1 || k > 1000) {
            throw new TataraException(name + ": a width of " + k);
        }
        float dropout = o.whole("dropout-per-mille", 0, 0) / 1000f;
        Block block = new Block(false, Order.BEFORE, Shortcut.BARE_PROJECTION, 1, dropout);
        return cifar(name, o, block, n, 16, new int[] {16 * k, 32 * k, 64 * k}, false);
    }

    static int blocks(String name, int layers, int each, int rest) {
        if (layers < each + rest || (layers - rest) % each != 0 || layers > 10_000) {
            throw new TataraException(
                    name + ": " + layers + " layers are not " + each + "n + " + rest);
        }
        return (layers - rest) / each;
    }

    private static Network cifar(
            String name, Options o, Block block, int n, int first, int[] widths, boolean after) {
        int size = o.whole("resolution", 32, 8);
        NetworkBuilder b = new NetworkBuilder(name, o.whole("channels", 3, 1), size, size);
        int classes = o.whole("classes", 10, 1);
        Node x = b.conv("conv1", b.input(), first, 3, 1);
        if (after) {
            x = b.relu("relu", b.batchNorm("bn1", x));
        }
        for (int s = 0; s < widths.length; s++) {
            for (int i = 0; i < n; i++) {
                String at = "layer" + (s + 1) + "." + i + ".";
                x = block.add(b, at, x, widths[s], s > 0 && i == 0 ? 2 : 1);
            }
        }
        if (!after) {
            x = b.relu("relu", b.batchNorm("bn1", x));
        }
        b.linear(after ? "linear" : "fc", b.globalAverage("avgpool", x), classes);
        return b.build();
    }
}
