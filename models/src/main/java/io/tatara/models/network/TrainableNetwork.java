package io.tatara.models.network;

import io.tatara.kernels.TataraException;
import io.tatara.kernels.batchnorm.BatchNorm;
import io.tatara.kernels.optimizer.Sgd;
import io.tatara.models.nn.Noise;
import io.tatara.models.nn.Parameters;
import io.tatara.runtime.Device;
import io.tatara.runtime.Ops;
import io.tatara.runtime.Scope;
import io.tatara.runtime.Tape;
import io.tatara.runtime.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A network of images with weights that are being trained: its forward pass as training has it,
 * with the batch's own statistics in batch norms (the running ones are brought up to date on the
 * way) and with dropout. Convolutions begin as He et al. 2015 (equation 10, by fan-in) have them,
 * drawn uniformly; scales of norms at 1, shifts and biases at 0. {@link Parameters#save} gives what
 * {@link Inference} and PyTorch take.
 *
 * <p>Networks over [C, H, W]; WaveNet's layers are not run.
 */
public final class TrainableNetwork implements AutoCloseable {
    /** Share of a batch in the running statistics. */
    private static final float MOMENTUM = 0.1f;

    private final Network network;
    private final long seed;
    private final Parameters parameters;

    /**
     * @param seed of the weights and of dropout
     * @throws TataraException if the network has a layer that is not trained here
     */
    public TrainableNetwork(Device device, Network network, long seed) {
        this.network = network;
        this.seed = seed;
        this.parameters = new Parameters(device, seed);
        try {
            network.nodes().forEach(this::make);
        } catch (RuntimeException e) {
            parameters.close();
            throw e;
        }
    }

    /** A pass over a batch: where its ops go, and what it leaves behind. */
    private record Pass(Scope scope, Ops ops, long step, List<Tensor> old, List<Tensor> change) {}

    private void make(Node n) {
        Parameters p = parameters.under(n.name());
        int c = n.channels();
        switch (n.kind()) {
            case Kind.Conv2d k -> {
                int each = n.inputs().getFirst().channels() / k.groups();
                int fan = each * k.kernel() * k.kernel();
                p.uniform("weight", Math.sqrt(6.0 / fan), c, each, k.kernel(), k.kernel());
                if (k.bias()) {
                    p.full("bias", 0, c);
                }
            }
            case Kind.BatchNorm b -> {
                p.full("weight", 1, c);
                p.full("bias", 0, c);
                p.buffer("running_mean", 0, c);
                p.buffer("running_var", 1, c);
            }
            case Kind.Linear l -> {
                int from = n.inputs().getFirst().channels();
                p.uniform("weight", Math.sqrt(1.0 / from), c, from);
                if (l.bias()) {
                    p.full("bias", 0, c);
                }
            }
            case Kind.CausalConv1d k -> throw untrained(n);
            case Kind.Gate g -> throw untrained(n);
            default -> {}
        }
    }

    private TataraException untrained(Node n) {
        return new TataraException(
                network.name() + ": " + n.name() + " (" + n.kind() + ") is not trained here");
    }

    public Network network() {
        return network;
    }

    /** Weights and running statistics, by PyTorch's names. */
    public Parameters parameters() {
        return parameters;
    }

    /**
     * The output for a batch, through the tape. Changes the running statistics.
     *
     * @param x [N, C, H, W], float32
     * @param step of training, for dropout
     * @return [N, classes]
     */
    public Tensor forward(Tape tape, Tensor x, long step) {
        Pass pass = new Pass(tape.scope(), tape.ops(), step, new ArrayList<>(), new ArrayList<>());
        Map<Node, Tensor> values = new HashMap<>();
        for (Node n : network.nodes()) {
            List<Tensor> in = n.inputs().stream().map(values::get).toList();
            values.put(n, n == network.input() ? x : layer(pass, n, in));
        }
        updateStatistics(pass);
        return values.get(network.output());
    }

    /** All running statistics in one launch: a step of length 1 against old - new. */
    private static void updateStatistics(Pass pass) {
        if (pass.old.isEmpty()) {
            return;
        }
        int n = pass.old.size();
        Tensor[] in = new Tensor[1 + 2 * n];
        in[0] = pass.scope.full(1, 2);
        for (int i = 0; i < n; i++) {
            in[1 + i] = pass.old.get(i);
            in[1 + n + i] = pass.change.get(i);
        }
        pass.scope.ops().run(new Sgd(n, 0, false, 0), in);
    }

    private Tensor layer(Pass pass, Node n, List<Tensor> in) {
        Ops ops = pass.ops;
        Tensor x = in.getFirst();
        return switch (n.kind()) {
            case Kind.Conv2d c ->
                    ops.conv2d(
                            x,
                            parameter(n, "weight"),
                            c.bias() ? parameter(n, "bias") : null,
                            Layers.window(c),
                            c.groups());
            case Kind.BatchNorm b -> batchNorm(pass, n, x);
            case Kind.Linear l ->
                    ops.linear(x, parameter(n, "weight"), l.bias() ? parameter(n, "bias") : null);
            case Kind.Dropout d -> {
                int at = network.nodes().indexOf(n);
                yield Noise.of(pass.scope, d.probability(), seed + at, pass.step).drop(ops, x);
            }
            default ->
                    Layers.weightless(n).orElseThrow(() -> untrained(n)).run(pass.scope, ops, in);
        };
    }

    private Tensor parameter(Node n, String name) {
        return parameters.get(n.name() + "." + name);
    }

    private Tensor batchNorm(Pass pass, Node n, Tensor x) {
        Tensor mean = parameter(n, "running_mean");
        Tensor variance = parameter(n, "running_var");
        Tensor[] out =
                pass.ops.batchNorm(
                        new BatchNorm(Layers.EPSILON, MOMENTUM),
                        x,
                        parameter(n, "weight"),
                        parameter(n, "bias"),
                        mean,
                        variance);
        // What the statistics become is no part of the loss: not through the tape.
        Ops plain = pass.scope.ops();
        pass.old.add(mean);
        pass.change.add(plain.sub(mean, out[2]));
        pass.old.add(variance);
        pass.change.add(plain.sub(variance, out[3]));
        return out[0];
    }

    @Override
    public void close() {
        parameters.close();
    }
}
