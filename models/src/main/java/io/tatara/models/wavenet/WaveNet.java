package io.tatara.models.wavenet;

import io.tatara.models.network.Network;
import io.tatara.models.network.NetworkBuilder;
import io.tatara.models.network.Node;
import io.tatara.models.network.Options;

/**
 * WaveNet (van den Oord et al. 2016, sections 2.1 to 2.4): stacks of gated causal convolutions
 * whose dilation doubles, with residual and skip connections, and a softmax over µ-law levels.
 * Options: {@code stacks}, {@code layers} of each, {@code kernel}, {@code residual} and {@code
 * skip} channels, {@code levels} of the µ-law, {@code samples} of the input.
 */
public final class WaveNet {
    private WaveNet() {}

    /** Samples that an output depends on. */
    public static long receptiveField(int stacks, int layers, int kernel) {
        return 1 + (kernel - 1L) * (1 + stacks * ((1L << layers) - 1));
    }

    public static Network describe(String name, Options o) {
        int stacks = o.whole("stacks", 2, 1);
        int layers = o.whole("layers", 10, 1);
        int kernel = o.whole("kernel", 2, 1);
        int residual = o.whole("residual", 64, 1);
        int skip = o.whole("skip", 128, 1);
        int levels = o.whole("levels", 256, 2);
        NetworkBuilder b = new NetworkBuilder(name, levels, o.whole("samples", 8000, 1));
        Node x = b.causal("causal", b.input(), residual, kernel, 1);
        Node sum = null;
        for (int s = 0; s < stacks; s++) {
            for (int i = 0; i < layers; i++) {
                String at = "stacks." + s + "." + i + ".";
                Node z =
                        b.causal(at + "filter_gate", x, 2 * residual, kernel, 1 << Math.min(i, 30));
                z = b.gate(at + "gated", z);
                Node part = b.causal(at + "skip", z, skip, 1, 1);
                sum = sum == null ? part : b.add(at + "skip_add", sum, part);
                boolean last = s == stacks - 1 && i == layers - 1;
                if (!last) {
                    x = b.add(at + "add", x, b.causal(at + "residual", z, residual, 1, 1));
                }
            }
        }
        Node y = b.causal("head.1", b.relu("head.0", sum), skip, 1, 1);
        b.causal("head.3", b.relu("head.2", y), levels, 1, 1);
        return b.build();
    }
}
