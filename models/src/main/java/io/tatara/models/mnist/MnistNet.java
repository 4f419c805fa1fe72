package io.tatara.models.mnist;

import io.tatara.models.network.Kind;
import io.tatara.models.network.Network;
import io.tatara.models.network.NetworkBuilder;
import io.tatara.models.network.Node;
import io.tatara.models.network.Options;

/**
 * Three 3 x 3 convolutions of 8, 16 and 24 channels without padding, a batch norm, and two linear
 * layers of 32 features and of the classes, the last normed too: a network for MNIST's 28 x 28
 * digits, with the names of the Burn project's example, whose weights it takes. Options: {@code
 * classes}, {@code resolution}, {@code channels} of the input.
 */
public final class MnistNet {
    private static final int[] CHANNELS = {8, 16, 24};
    private static final int FEATURES = 32;

    private MnistNet() {}

    public static Network of(String name, Options o) {
        int size = o.whole("resolution", 28, 8);
        NetworkBuilder b = new NetworkBuilder(name, o.whole("channels", 1, 1), size, size);
        Node x = b.input();
        for (int i = 0; i < CHANNELS.length; i++) {
            Kind.Conv2d c = new Kind.Conv2d(CHANNELS[i], 3, 1, 0, 1, 1, true);
            x = b.relu("relu" + (i + 1), b.conv("conv" + (i + 1), x, c));
        }
        x = b.flatten("flatten", b.batchNorm("norm1", x));
        x = b.relu("relu4", b.linear("fc1", x, FEATURES));
        b.batchNorm("norm2", b.linear("fc2", x, o.whole("classes", 10, 1)));
        return b.build();
    }
}
