package io.tatara.models.resnet;

import io.tatara.kernels.TataraException;
import io.tatara.models.network.Network;
import io.tatara.models.network.NetworkBuilder;
import io.tatara.models.network.Node;
import io.tatara.models.network.Options;
import io.tatara.models.resnet.Block.Order;
import io.tatara.models.resnet.Block.Shortcut;

/**
 * PyramidNet (Han et al. 2017) on 32 x 32: every block is wider than the one before it, by α in
 * all, added in equal steps (equation 2). Options as {@link ResNet}'s.
 */
public final class PyramidNet {
    private static final int FIRST = 16;

    private PyramidNet() {}

    /**
     * @param layers 6n + 2, with bottlenecks 9n + 2
     * @param alpha channels of the last block beyond the first 16
     */
    public static Network of(String name, boolean bottleneck, int layers, int alpha, Options o) {
        int n = ResNet.blocks(name, layers, bottleneck ? 9 : 6, 2);
        if (alpha < 1 || alpha > 100_000) {
            throw new TataraException(name + ": an alpha of " + alpha);
        }
        Block block =
                bottleneck
                        ? Block.bottleneck(Order.PYRAMID, Shortcut.AVERAGE)
                        : Block.basic(Order.PYRAMID, Shortcut.AVERAGE);
        int size = o.whole("resolution", 32, 8);
        NetworkBuilder b = new NetworkBuilder(name, o.whole("channels", 3, 1), size, size);
        int classes = o.whole("classes", 10, 1);
        Node x = b.batchNorm("bn1", b.conv("conv1", b.input(), FIRST, 3, 1));
        double width = FIRST;
        for (int s = 0; s < 3; s++) {
            for (int i = 0; i < n; i++) {
                width += (double) alpha / (3 * n);
                String at = "layer" + (s + 1) + "." + i + ".";
                x = block.add(b, at, x, (int) Math.rint(width), s > 0 && i == 0 ? 2 : 1);
            }
        }
        x = b.relu("relu", b.batchNorm("bn_final", x));
        b.linear("fc", b.globalAverage("avgpool", x), classes);
        return b.build();
    }
}
