package io.tatara.models.network;

import io.tatara.kernels.TataraException;
import io.tatara.kernels.conv.Conv2d;
import io.tatara.kernels.conv.ConvWindow;
import io.tatara.kernels.matmul.Epilogue;
import io.tatara.kernels.pointwise.Activation;
import io.tatara.runtime.Device;
import io.tatara.runtime.Scope;
import io.tatara.runtime.Tensor;
import io.tatara.runtime.io.HostTensor;
import io.tatara.runtime.io.Safetensors;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A network with given weights, for answers: not for training. Batch norms are their running
 * statistics; one that follows a convolution is folded into its weights, one that does not is a
 * convolution of single positions by channel, and a ReLU behind either is its epilogue.
 *
 * <p>Weights have PyTorch's names and layouts: {@code NAME.weight}, {@code NAME.bias}, and of batch
 * norms {@code NAME.running_mean} and {@code NAME.running_var}. Networks over [C, H, W]; WaveNet's
 * layers are not run.
 */
public final class Inference implements AutoCloseable {
    private final Network network;
    private final Map<String, HostTensor> weights;
    private final Scope scope;
    private final Map<Node, Step> steps = new HashMap<>();

    /** What becomes of a node's inputs. */
    @FunctionalInterface
    private interface Step {
        Tensor run(Scope s, List<Tensor> in);
    }

    /**
     * @throws TataraException if a weight is missing or has another shape, or the network has a
     *     layer that is not run
     */
    public Inference(Device device, Network network, Map<String, HostTensor> weights) {
        this.network = network;
        this.weights = weights;
        this.scope = device.scope();
        try {
            Map<Node, List<Node>> readers = new HashMap<>();
            for (Node n : network.nodes()) {
                n.inputs().forEach(x -> readers.merge(x, List.of(n), (a, b) -> List.of(n, n)));
            }
            for (Node n : network.nodes()) {
                if (!steps.containsKey(n)) {
                    prepare(n, readers);
                }
            }
        } catch (RuntimeException e) {
            scope.close();
            throw e;
        }
    }

    /**
     * With the weights of a file.
     *
     * @throws TataraException as the constructor, and if the file cannot be read
     */
    public static Inference load(Device device, Network network, Path safetensors) {
        return new Inference(device, network, Safetensors.read(safetensors).tensors());
    }

    /**
     * The network's output.
     *
     * @param x [N, C, H, W], float32
     * @return [N, classes], of the scope {@code s}
     * @throws TataraException if x has another shape than the network's input
     */
    public Tensor run(Scope s, Tensor x) {
        List<Integer> wanted = network.input().shape();
        boolean fits = x.shape().rank() == wanted.size() + 1;
        for (int i = 0; fits && i < wanted.size(); i++) {
            fits = x.shape().dim(i + 1) == wanted.get(i);
        }
        if (!fits) {
            throw new TataraException(
                    network.name() + " takes [N, " + wanted + "], not " + x.shape());
        }
        Map<Node, Tensor> values = new HashMap<>();
        values.put(network.input(), x);
        for (Node n : network.nodes()) {
            Step step = steps.get(n);
            if (step != null) {
                values.put(n, step.run(s, n.inputs().stream().map(values::get).toList()));
            }
        }
        return values.get(network.output());
    }

    @Override
    public void close() {
        scope.close();
    }

    private float[] weight(String name, int... dims) {
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
        return t.floats();
    }

    /** The one layer that reads x, null where there are several or it is the output. */
    private static Node reader(Node x, Map<Node, List<Node>> readers) {
        List<Node> all = readers.getOrDefault(x, List.of());
        return all.size() == 1 ? all.getFirst() : null;
    }

    private void prepare(Node n, Map<Node, List<Node>> readers) {
        switch (n.kind()) {
            case Kind.Input i -> {}
            case Kind.Conv2d c -> convolution(n, c, readers);
            case Kind.BatchNorm b when n.shape().size() == 1 -> vectorNorm(n);
            case Kind.BatchNorm b -> {
                float[][] a = affine(n);
                int c = n.channels();
                run(n, ConvWindow.UNIT, c, a[0], new int[] {c, 1, 1, 1}, a[1], n, readers);
            }
            case Kind.Dropout d -> steps.put(n, (s, in) -> in.getFirst());
            case Kind.Linear l -> linear(n, l);
            default -> {
                Layers.Step step = Layers.weightless(n).orElseThrow(() -> unknown(n));
                steps.put(n, (s, in) -> step.run(s, s.ops(), in));
            }
        }
    }

    private TataraException unknown(Node n) {
        return new TataraException(
                network.name() + ": " + n.name() + " (" + n.kind() + ") is not run");
    }

    private void convolution(Node n, Kind.Conv2d c, Map<Node, List<Node>> readers) {
        int each = n.inputs().getFirst().channels() / c.groups();
        int[] dims = {c.channels(), each, c.kernel(), c.kernel()};
        float[] w = weight(n.name() + ".weight", dims).clone();
        float[] bias = c.bias() ? weight(n.name() + ".bias", c.channels()).clone() : null;
        Node last = n;
        Node next = reader(n, readers);
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
            last = next;
        }
        run(n, Layers.window(c), c.groups(), w, dims, bias, last, readers);
    }

    /** Scale and shift that a batch norm comes down to. */
    private float[][] affine(Node n) {
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

    /** A convolution for n, and for what follows up to {@code last} and a ReLU behind it. */
    private void run(
            Node n,
            ConvWindow window,
            int groups,
            float[] w,
            int[] dims,
            float[] bias,
            Node last,
            Map<Node, List<Node>> readers) {
        Tensor weight = scope.weight(w, dims);
        Tensor b = bias == null ? null : scope.weight(bias, bias.length);
        Node next = reader(last, readers);
        boolean relu =
                next != null
                        && next.kind() instanceof Kind.Activate a
                        && (a.function() == Activation.RELU || a.function() == Activation.RELU6);
        Epilogue epilogue =
                relu ? new Epilogue(((Kind.Activate) next.kind()).function()) : Epilogue.NONE;
        Conv2d op = new Conv2d(window, groups, epilogue);
        steps.put(n, (s, in) -> s.ops().conv2d(op, in.getFirst(), weight, b, null));
        if (last != n) {
            steps.put(last, (s, in) -> in.getFirst());
        }
        if (relu) {
            steps.put(next, (s, in) -> in.getFirst());
        }
    }

    /** A batch norm of [C]. */
    private void vectorNorm(Node n) {
        float[][] a = affine(n);
        Tensor scale = scope.tensor(a[0], n.channels());
        Tensor shift = scope.tensor(a[1], n.channels());
        steps.put(n, (s, in) -> s.ops().add(s.ops().mul(in.getFirst(), scale), shift));
    }

    private void linear(Node n, Kind.Linear l) {
        int from = n.inputs().getFirst().channels();
        Tensor w =
                scope.weight(weight(n.name() + ".weight", l.features(), from), l.features(), from);
        Tensor b =
                l.bias()
                        ? scope.weight(weight(n.name() + ".bias", l.features()), l.features())
                        : null;
        steps.put(n, (s, in) -> s.ops().linear(in.getFirst(), w, b));
    }
}
