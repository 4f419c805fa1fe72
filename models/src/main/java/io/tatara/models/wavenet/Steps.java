package io.tatara.models.wavenet;

import io.tatara.kernels.DType;
import io.tatara.runtime.Graph;
import io.tatara.runtime.Ops;
import io.tatara.runtime.Scope;
import io.tatara.runtime.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;

/**
 * The network one sample at a time, for some sequences together, from queues of what its layers
 * saw: a recorded graph, so that a sample costs one replay whatever the receptive field. Gives the
 * logits of {@link WaveNetModel#forward}.
 */
final class Steps {
    private final WaveNetConfig config;
    private final int sequences;
    private final int samples;
    private final int[][] factors;
    private final int columns;
    private final int[] ids;
    private final Tensor input;
    private final Graph graph;
    private int made;

    /**
     * @param scope of all that this holds
     * @param factors [sequences][factors], rows of the tables of conditions
     * @param samples of each sequence, for their positions
     */
    Steps(WaveNetConfig config, WaveNetModel model, Scope scope, int[][] factors, int samples) {
        this.config = config;
        this.sequences = factors.length;
        this.samples = samples;
        this.factors = factors;
        this.columns = WaveNetModel.columns(config, factors[0].length);
        this.ids = new int[sequences * columns];
        Arrays.fill(ids, WaveNetModel.before(config));
        this.input = scope.tensor(ids, sequences, columns);
        Ops ops = scope.ops();
        List<WaveNetModel.Layer> layers = model.layers();
        int count = layers.size();
        int r = config.residual();
        Tensor table = model.table(ops, scope);
        Tensor weight = stack(scope, layers, WaveNetModel.Layer::weight, 2 * r, r, config.kernel());
        Tensor bias = stack(scope, layers, WaveNetModel.Layer::bias, 2 * r);
        Tensor residual = stack(scope, layers, WaveNetModel.Layer::residualWeight, r, r);
        Tensor residualBias = stack(scope, layers, WaveNetModel.Layer::residualBias, r);
        Tensor skip = stack(scope, layers, WaveNetModel.Layer::skipWeight, config.skip(), r);
        Tensor skipBias = stack(scope, layers, WaveNetModel.Layer::skipBias, config.skip());
        Tensor condition = condition(scope, layers, factors);
        List<Integer> dilations = config.dilations();
        int slots = dilations.stream().mapToInt(d -> (config.kernel() - 1) * d).sum();
        Tensor queue = scope.zeros(sequences, slots * r);
        Tensor next = scope.zeros(DType.INT32, count);
        this.graph =
                Graph.record(
                        scope,
                        s -> {
                            Ops o = s.ops();
                            Tensor x = model.embed(o, table, input);
                            Tensor sum =
                                    o.waveNetStep(
                                                    dilations,
                                                    x,
                                                    queue,
                                                    next,
                                                    weight,
                                                    bias,
                                                    condition,
                                                    residual,
                                                    residualBias,
                                                    skip,
                                                    skipBias)[0];
                            return new Tensor[] {model.head(o, sum)};
                        });
        // The recording was a step too.
        queue.write(new float[queue.size()]);
        next.write(new int[count]);
    }

    /** The layers' weights below each other; zeros where the last layer has none. */
    private static Tensor stack(
            Scope scope,
            List<WaveNetModel.Layer> layers,
            Function<WaveNetModel.Layer, Tensor> part,
            int... dims) {
        int size = Arrays.stream(dims).reduce(1, Math::multiplyExact);
        float[] all = new float[Math.multiplyExact(size, layers.size())];
        for (int i = 0; i < layers.size(); i++) {
            Tensor t = part.apply(layers.get(i));
            if (t != null) {
                System.arraycopy(t.toFloats(), 0, all, i * size, size);
            }
        }
        int[] shape = new int[dims.length + 1];
        shape[0] = layers.size();
        System.arraycopy(dims, 0, shape, 1, dims.length);
        return scope.weight(all, shape);
    }

    /** [sequences, layers, 2 · residual]; null where there is no condition. */
    private static Tensor condition(Scope scope, List<WaveNetModel.Layer> layers, int[][] factors) {
        if (factors[0].length == 0) {
            return null;
        }
        Ops ops = scope.ops();
        int[] rows = Arrays.stream(factors).flatMapToInt(Arrays::stream).toArray();
        Tensor ids = scope.tensor(rows, factors.length, factors[0].length);
        List<Tensor> parts = new ArrayList<>();
        for (WaveNetModel.Layer l : layers) {
            Tensor c = WaveNetModel.condition(ops, l, ids);
            parts.add(ops.reshape(c, c.shape().dim(0), 1, c.shape().dim(1)));
        }
        return ops.concat(1, parts.toArray(Tensor[]::new));
    }

    /**
     * The next samples' logits [sequences, levels], when these levels were the samples before.
     *
     * @param levels one a sequence; null before the first sample
     */
    float[] next(int[] levels) {
        for (int n = 0; n < sequences; n++) {
            if (levels != null) {
                shift(n * columns, levels[n]);
            }
            for (int k = config.kernel(); k < columns; k++) {
                int row = factors[n][k - config.kernel()];
                ids[n * columns + k] = WaveNetModel.position(config, row, made, samples);
            }
        }
        input.write(ids);
        made++;
        graph.replay();
        return graph.outputs()[0].toFloats();
    }

    /** The taps move on by a sample: the last one sees the level. */
    private void shift(int at, int level) {
        int taps = config.kernel();
        for (int k = 0; k < taps - 1; k++) {
            int seen = ids[at + k + 1];
            ids[at + k] = seen == WaveNetModel.before(config) ? seen : seen - config.levels();
        }
        ids[at + taps - 1] = level + (taps - 1) * config.levels();
    }
}
