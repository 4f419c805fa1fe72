package io.tatara.models.network;

import io.tatara.kernels.TataraException;
import io.tatara.kernels.pointwise.Activation;
import java.util.ArrayList;
import java.util.List;

/** Builds a {@link Network} layer by layer; each method checks shapes and gives the new layer. */
public final class NetworkBuilder {
    /** The deepest network of a paper has some thousands. */
    private static final int MOST_LAYERS = 100_000;

    private final String name;
    private final List<Node> nodes = new ArrayList<>();
    private long parameters;
    private long multiplyAdds;

    /**
     * @param shape of one sample: [C, H, W] or [C, T]
     */
    public NetworkBuilder(String name, int... shape) {
        this.name = name;
        List<Integer> s = new ArrayList<>();
        for (int d : shape) {
            require(d > 0, "an input of " + d + " along an axis");
            s.add(d);
        }
        nodes.add(new Node("input", new Kind.Input(), List.of(), s));
    }

    public Node input() {
        return nodes.getFirst();
    }

    private void require(boolean that, String what) {
        if (!that) {
            throw new TataraException(name + ": " + what);
        }
    }

    private Node put(String layer, Kind kind, List<Node> inputs, List<Integer> shape) {
        for (int d : shape) {
            require(d > 0, layer + " (" + kind + ") of " + inputs.getFirst().shape() + " is empty");
        }
        Node n = new Node(layer, kind, inputs, shape);
        require(nodes.size() < MOST_LAYERS, "more than " + MOST_LAYERS + " layers");
        try {
            parameters = Math.addExact(parameters, n.parameters());
            multiplyAdds = Math.addExact(multiplyAdds, n.multiplyAdds());
        } catch (ArithmeticException e) {
            require(
                    false,
                    layer + " (" + kind + ") of " + inputs.getFirst().shape() + " is too large");
        }
        nodes.add(n);
        return n;
    }

    private static int out(int in, int kernel, int stride, int padding, int dilation) {
        return Math.floorDiv(in + 2 * padding - dilation * (kernel - 1) - 1, stride) + 1;
    }

    /** Plain convolution without bias; padding keeps the size where the stride is 1. */
    public Node conv(String layer, Node x, int channels, int kernel, int stride) {
        return conv(layer, x, new Kind.Conv2d(channels, kernel, stride, kernel / 2, 1, 1, false));
    }

    /** Each channel by a filter of its own, without bias. */
    public Node depthwise(String layer, Node x, int kernel, int stride) {
        int c = x.channels();
        return conv(layer, x, new Kind.Conv2d(c, kernel, stride, kernel / 2, 1, c, false));
    }

    public Node conv(String layer, Node x, Kind.Conv2d c) {
        require(x.shape().size() == 3, layer + " needs [C, H, W], not " + x.shape());
        require(c.channels() > 0, layer + ": " + c.channels() + " channels");
        require(
                x.channels() % c.groups() == 0 && c.channels() % c.groups() == 0,
                layer + ": " + c.groups() + " groups of " + x.channels() + " channels");
        int h = out(x.shape().get(1), c.kernel(), c.stride(), c.padding(), c.dilation());
        int w = out(x.shape().get(2), c.kernel(), c.stride(), c.padding(), c.dilation());
        return put(layer, c, List.of(x), List.of(c.channels(), h, w));
    }

    public Node causal(String layer, Node x, int channels, int kernel, int dilation) {
        require(x.shape().size() == 2, layer + " needs [C, T], not " + x.shape());
        Kind k = new Kind.CausalConv1d(channels, kernel, dilation, true);
        return put(layer, k, List.of(x), List.of(channels, x.shape().get(1)));
    }

    public Node batchNorm(String layer, Node x) {
        return put(layer, new Kind.BatchNorm(), List.of(x), x.shape());
    }

    public Node relu(String layer, Node x) {
        return activate(layer, x, Activation.RELU);
    }

    public Node relu6(String layer, Node x) {
        return activate(layer, x, Activation.RELU6);
    }

    public Node activate(String layer, Node x, Activation f) {
        return put(layer, new Kind.Activate(f), List.of(x), x.shape());
    }

    public Node gate(String layer, Node x) {
        require(x.channels() % 2 == 0, layer + " of " + x.channels() + " channels");
        List<Integer> shape = new ArrayList<>(x.shape());
        shape.set(0, x.channels() / 2);
        return put(layer, new Kind.Gate(), List.of(x), shape);
    }

    public Node pool(String layer, Node x, boolean max, int kernel, int stride, int padding) {
        int h = out(x.shape().get(1), kernel, stride, padding, 1);
        int w = out(x.shape().get(2), kernel, stride, padding, 1);
        return put(
                layer,
                new Kind.Pool(max, kernel, stride, padding),
                List.of(x),
                List.of(x.channels(), h, w));
    }

    public Node globalAverage(String layer, Node x) {
        return put(layer, new Kind.GlobalAverage(), List.of(x), List.of(x.channels()));
    }

    public Node flatten(String layer, Node x) {
        int size = Math.toIntExact(x.channels() * x.positions());
        return put(layer, new Kind.Flatten(), List.of(x), List.of(size));
    }

    public Node linear(String layer, Node x, int features) {
        require(x.shape().size() == 1, layer + " needs [C], not " + x.shape());
        require(features > 0, layer + ": " + features + " features");
        return put(layer, new Kind.Linear(features, true), List.of(x), List.of(features));
    }

    public Node add(String layer, Node a, Node b) {
        require(a.shape().equals(b.shape()), layer + " of " + a.shape() + " and " + b.shape());
        return put(layer, new Kind.Add(), List.of(a, b), a.shape());
    }

    public Node concat(String layer, Node a, Node b) {
        List<Integer> shape = new ArrayList<>(a.shape());
        shape.set(0, a.channels() + b.channels());
        require(
                a.shape()
                        .subList(1, a.shape().size())
                        .equals(b.shape().subList(1, b.shape().size())),
                layer + " of " + a.shape() + " and " + b.shape());
        return put(layer, new Kind.Concat(), List.of(a, b), shape);
    }

    public Node padChannels(String layer, Node x, int channels, int front) {
        require(channels >= x.channels() + front, layer + ": fewer channels than there are");
        List<Integer> shape = new ArrayList<>(x.shape());
        shape.set(0, channels);
        return put(layer, new Kind.PadChannels(channels, front), List.of(x), shape);
    }

    public Node subsample(String layer, Node x, int stride) {
        int h = (x.shape().get(1) - 1) / stride + 1;
        int w = (x.shape().get(2) - 1) / stride + 1;
        return put(layer, new Kind.Subsample(stride), List.of(x), List.of(x.channels(), h, w));
    }

    public Node dropout(String layer, Node x, float probability) {
        require(probability >= 0 && probability < 1, "a dropout of " + probability);
        return probability == 0
                ? x
                : put(layer, new Kind.Dropout(probability), List.of(x), x.shape());
    }

    /** What was built; the last layer is the output. */
    public Network build() {
        return new Network(name, nodes);
    }
}
