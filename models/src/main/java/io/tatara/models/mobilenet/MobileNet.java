package io.tatara.models.mobilenet;

import io.tatara.models.network.Network;
import io.tatara.models.network.NetworkBuilder;
import io.tatara.models.network.Node;
import io.tatara.models.network.Options;

/**
 * MobileNet V1 (Howard et al. 2017, table 1) and V2 (Sandler et al. 2018, table 2). Options: {@code
 * width}, the multiplier α of the channels; {@code resolution}, rows and columns of the input (the
 * paper's resolution multiplier ρ is this by 224); {@code classes}; {@code channels} of the input;
 * {@code first-stride}, that of the first convolution: 1 leaves small pictures (28 x 28, 32 x 32)
 * room for the strides that follow; of V1 {@code middle}, the number of its like blocks of 512
 * channels: 5, and 0 in the paper's shallow form (table 5).
 */
public final class MobileNet {
    /**
     * Channels, strides and numbers of V1's separable convolutions; the middle ones' number is 0.
     */
    private static final int[][] V1 = {
        {64, 1, 1},
        {128, 2, 1},
        {128, 1, 1},
        {256, 2, 1},
        {256, 1, 1},
        {512, 2, 1},
        {512, 1, 0},
        {1024, 2, 1},
        {1024, 1, 1}
    };

    /** V2's bottlenecks: expansion, channels, repeats, stride of the first. */
    private static final int[][] V2 = {
        {1, 16, 1, 1},
        {6, 24, 2, 2},
        {6, 32, 3, 2},
        {6, 64, 4, 2},
        {6, 96, 3, 1},
        {6, 160, 3, 2},
        {6, 320, 1, 1}
    };

    private MobileNet() {}

    private static NetworkBuilder input(String name, Options o) {
        int size = o.whole("resolution", 224, 8);
        return new NetworkBuilder(name, o.whole("channels", 3, 1), size, size);
    }

    public static Network v1(String name, Options o) {
        double width = o.share("width", 1, 8);
        NetworkBuilder b = input(name, o);
        int classes = o.whole("classes", 1000, 1);
        int stride = o.whole("first-stride", 2, 1);
        Node x = b.conv("features.0.conv", b.input(), scaled(32, width), 3, stride);
        x = b.relu("features.0.relu", b.batchNorm("features.0.norm", x));
        int middle = o.whole("middle", 5, 0);
        int at = 1;
        for (int[] s : V1) {
            int repeats = s[2] == 0 ? middle : s[2];
            for (int i = 0; i < repeats; i++) {
                x = separable(b, "features." + at++ + ".", x, scaled(s[0], width), s[1]);
            }
        }
        b.linear("classifier", b.globalAverage("pool", x), classes);
        return b.build();
    }

    private static Node separable(NetworkBuilder b, String at, Node x, int channels, int stride) {
        Node y = b.depthwise(at + "depthwise", x, 3, stride);
        y = b.relu(at + "relu1", b.batchNorm(at + "norm1", y));
        y = b.conv(at + "pointwise", y, channels, 1, 1);
        return b.relu(at + "relu2", b.batchNorm(at + "norm2", y));
    }

    private static int scaled(int channels, double width) {
        return Math.max(1, (int) (channels * width));
    }

    public static Network v2(String name, Options o) {
        double width = o.share("width", 1, 8);
        NetworkBuilder b = input(name, o);
        int classes = o.whole("classes", 1000, 1);
        int stride = o.whole("first-stride", 2, 1);
        Node x = b.conv("features.0.0", b.input(), divisible(32 * width), 3, stride);
        x = b.relu6("features.0.2", b.batchNorm("features.0.1", x));
        int at = 1;
        for (int[] s : V2) {
            for (int i = 0; i < s[2]; i++) {
                String block = "features." + at++ + ".conv.";
                x = bottleneck(b, block, x, s[0], divisible(s[1] * width), i == 0 ? s[3] : 1);
            }
        }
        String last = "features." + at;
        x = b.conv(last + ".0", x, divisible(1280 * Math.max(1, width)), 1, 1);
        x = b.relu6(last + ".2", b.batchNorm(last + ".1", x));
        x = b.dropout("classifier.0", b.globalAverage("pool", x), 0.2f);
        b.linear("classifier.1", x, classes);
        return b.build();
    }

    private static Node bottleneck(
            NetworkBuilder b, String at, Node x, int expansion, int channels, int stride) {
        Node y = x;
        int i = 0;
        if (expansion != 1) {
            y = b.conv(at + i + ".0", y, x.channels() * expansion, 1, 1);
            y = b.relu6(at + i + ".2", b.batchNorm(at + i + ".1", y));
            i++;
        }
        y = b.depthwise(at + i + ".0", y, 3, stride);
        y = b.relu6(at + i + ".2", b.batchNorm(at + i + ".1", y));
        y = b.conv(at + (i + 1), y, channels, 1, 1);
        y = b.batchNorm(at + (i + 2), y);
        return stride == 1 && channels == x.channels() ? b.add(at + "add", x, y) : y;
    }

    /** The nearest multiple of 8 that is at most a tenth smaller. */
    private static int divisible(double channels) {
        int c = Math.max(8, (int) (channels + 4) / 8 * 8);
        return c < 0.9 * channels ? c + 8 : c;
    }
}
