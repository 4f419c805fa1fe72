package io.tatara.models.network;

import io.tatara.kernels.TataraException;
import io.tatara.kernels.conv.SeparableConv2d;
import io.tatara.models.network.Folding.Folded;
import io.tatara.runtime.Device;
import io.tatara.runtime.Scope;
import io.tatara.runtime.Tensor;
import io.tatara.runtime.io.HostTensor;
import io.tatara.runtime.io.Safetensors;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A network with given weights, for answers: not for training. Batch norms are their running
 * statistics; one that follows a convolution is folded into its weights, one that does not is a
 * convolution of single positions by channel, and a ReLU behind either is its epilogue. On the JVM
 * a depthwise convolution and the pointwise one that alone reads it are one op, {@link
 * SeparableConv2d}, which keeps what lies between in fast memory.
 *
 * <p>Weights have PyTorch's names and layouts: {@code NAME.weight}, {@code NAME.bias}, and of batch
 * norms {@code NAME.running_mean} and {@code NAME.running_var}. Networks over [C, H, W]; WaveNet's
 * layers are not run.
 */
public final class Inference implements AutoCloseable {
    private final Network network;
    private final Scope scope;
    private final Folding folding;
    private final boolean pairs;
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
        this.folding = new Folding(network, weights);
        // Not measured on GPUs, whose products of half types go to matrix units.
        this.pairs = device.info().backEnd().equals("jvm");
        this.scope = device.scope();
        try {
            for (Node n : network.nodes()) {
                if (!steps.containsKey(n)) {
                    prepare(n);
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
        Map<String, HostTensor> weights = Safetensors.read(safetensors).tensors();
        try {
            return new Inference(device, network, weights);
        } catch (TataraException e) {
            throw new TataraException(safetensors + ": " + e.getMessage(), e);
        }
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

    private void prepare(Node n) {
        switch (n.kind()) {
            case Kind.Input i -> {}
            case Kind.Conv2d c -> convolution(folding.convolution(n, c));
            case Kind.BatchNorm b when n.shape().size() == 1 -> vectorNorm(n);
            case Kind.BatchNorm b -> single(folding.norm(n));
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

    private void convolution(Folded f) {
        Folded p = pairs ? folding.pointwise(f) : null;
        if (p == null) {
            single(f);
            return;
        }
        SeparableConv2d op =
                new SeparableConv2d(f.op().window(), f.op().epilogue(), p.op().epilogue());
        Tensor depthwise = scope.weight(f.weight(), f.dims());
        Tensor inner = bias(f);
        Tensor pointwise = scope.weight(p.weight(), p.dims());
        Tensor outer = bias(p);
        List<Node> nodes = new ArrayList<>(f.nodes());
        nodes.addAll(p.nodes());
        put(
                nodes,
                (s, in) ->
                        s.ops()
                                .separableConv2d(
                                        op,
                                        in.getFirst(),
                                        depthwise,
                                        inner,
                                        pointwise,
                                        outer,
                                        null));
    }

    private void single(Folded f) {
        Tensor weight = scope.weight(f.weight(), f.dims());
        Tensor bias = bias(f);
        put(f.nodes(), (s, in) -> s.ops().conv2d(f.op(), in.getFirst(), weight, bias, null));
    }

    private Tensor bias(Folded f) {
        return f.bias() == null ? null : scope.weight(f.bias(), f.bias().length);
    }

    /** A step for the first of some nodes, whose result the others hand on. */
    private void put(List<Node> nodes, Step step) {
        nodes.forEach(n -> steps.put(n, (s, in) -> in.getFirst()));
        steps.put(nodes.getFirst(), step);
    }

    /** A batch norm of [C]. */
    private void vectorNorm(Node n) {
        float[][] a = folding.affine(n);
        Tensor scale = scope.tensor(a[0], n.channels());
        Tensor shift = scope.tensor(a[1], n.channels());
        steps.put(n, (s, in) -> s.ops().add(s.ops().mul(in.getFirst(), scale), shift));
    }

    private void linear(Node n, Kind.Linear l) {
        int from = n.inputs().getFirst().channels();
        Tensor w =
                scope.weight(
                        folding.weight(n.name() + ".weight", l.features(), from),
                        l.features(),
                        from);
        Tensor b =
                l.bias()
                        ? scope.weight(
                                folding.weight(n.name() + ".bias", l.features()), l.features())
                        : null;
        steps.put(n, (s, in) -> s.ops().linear(in.getFirst(), w, b));
    }
}
