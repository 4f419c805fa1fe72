package io.tatara.models.network;

import io.tatara.kernels.TataraException;
import io.tatara.kernels.conv.Conv2d;
import io.tatara.kernels.conv.ConvWindow;
import io.tatara.kernels.matmul.Epilogue;
import io.tatara.kernels.pointwise.Activation;
import io.tatara.runtime.io.HostTensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Makes convolutions of a network's layers: batch norms are their running statistics; one that
 * follows a convolution is folded into its weights, one that does not is a convolution of single
 * positions by channel, and a ReLU behind either is its epilogue.
 */
final class Folding {
    private final Network network;
    private final Map<String, HostTensor> weights;
    private final Map<Node, List<Node>> readers = new HashMap<>();

    /**
     * A convolution and the layers that it does.
     *
     * @param dims of its weight
     * @param bias null for none
     * @param nodes in order; only the last one's result is seen by others
     */
    record Folded(Conv2d op, float[] weight, int[] dims, float[] bias, List<Node> nodes) {}

    Folding(Network network, Map<String, HostTensor> weights) {
        this.network = network;
        this.weights = weights;
        for (Node n : network.nodes()) {
            n.inputs().forEach(x -> readers.computeIfAbsent(x, k -> new ArrayList<>()).add(n));
        }
    }

    /**
     * A copy of a weight.
     *
     * @throws TataraException if it is missing or has another shape
     */
    float[] weight(String name, int... dims) {
        HostTensor t = weights.get(name);
        if (t == null) {
            throw new TataraException(network.name() + ": no weight '" + name + "'");
        }
        if (!Arrays.equals(t.spec().shape().toArray(), dims)) {
            throw new TataraException(
                    "%s: weight '%s' is %s, it must be %s"
                            .formatted(
                                    network.name(), name, t.spec().shape(), Arrays.toString(dims)));
        }
        return t.floats().clone();
    }

    /** The one layer that reads x, null where there are several or it is the output. */
    private Node reader(Node x) {
        List<Node> all = readers.getOrDefault(x, List.of());
        return all.size() == 1 ? all.getFirst() : null;
    }

    /** Scale and shift that a batch norm comes down to. */
    float[][] affine(Node n) {
        int c = n.channels();
        float[] scale = weight(n.name() + ".weight", c);
        float[] shift = weight(n.name() + ".bias", c);
        float[] mean = weight(n.name() + ".running_mean", c);
        float[] variance = weight(n.name() + ".running_var", c);
        float[][] a = new float[2][c];
        for (int i = 0; i < c; i++) {
            a[0][i] = (float) (scale[i] / Math.sqrt((double) variance[i] + Layers.EPSILON));
            a[1][i] = Math.fma(-mean[i], a[0][i], shift[i]);
        }
        return a;
    }

    /** A convolution and what follows it. */
    Folded convolution(Node n, Kind.Conv2d c) {
        int each = n.inputs().getFirst().channels() / c.groups();
        int[] dims = {c.channels(), each, c.kernel(), c.kernel()};
        float[] w = weight(n.name() + ".weight", dims);
        float[] bias = c.bias() ? weight(n.name() + ".bias", c.channels()) : null;
        List<Node> nodes = new ArrayList<>(List.of(n));
        Node next = reader(n);
        if (next != null && next.kind() instanceof Kind.BatchNorm) {
            float[][] a = affine(next);
            bias = bias == null ? new float[c.channels()] : bias;
            int row = w.length / c.channels();
            for (int m = 0; m < c.channels(); m++) {
                bias[m] = Math.fma(bias[m], a[0][m], a[1][m]);
                for (int i = 0; i < row; i++) {
                    w[m * row + i] *= a[0][m];
                }
            }
            nodes.add(next);
        }
        return withEpilogue(Layers.window(c), c.groups(), w, dims, bias, nodes);
    }

    /** A batch norm of [C, H, W] and what follows it. */
    Folded norm(Node n) {
        float[][] a = affine(n);
        int c = n.channels();
        List<Node> nodes = new ArrayList<>(List.of(n));
        return withEpilogue(ConvWindow.UNIT, c, a[0], new int[] {c, 1, 1, 1}, a[1], nodes);
    }

    /**
     * The pointwise convolution that alone reads what a depthwise one gives, null for none, or
     * where the depthwise one makes several channels of each: the op for pairs makes one.
     */
    Folded pointwise(Folded depthwise) {
        Node next = reader(depthwise.nodes().getLast());
        boolean pair =
                depthwise.nodes().getFirst().depthwise()
                        && depthwise.op().groups() == depthwise.dims()[0]
                        && next != null;
        return pair
                        && next.pointwise()
                        && next.kind() instanceof Kind.Conv2d c
                        && c.stride() == 1
                        && c.padding() == 0
                ? convolution(next, c)
                : null;
    }

    private Folded withEpilogue(
            ConvWindow window, int groups, float[] w, int[] dims, float[] bias, List<Node> nodes) {
        Epilogue epilogue = Epilogue.NONE;
        Node next = reader(nodes.getLast());
        if (next != null
                && next.kind() instanceof Kind.Activate a
                && (a.function() == Activation.RELU || a.function() == Activation.RELU6)) {
            epilogue = new Epilogue(a.function());
            nodes.add(next);
        }
        return new Folded(new Conv2d(window, groups, epilogue), w, dims, bias, nodes);
    }
}
