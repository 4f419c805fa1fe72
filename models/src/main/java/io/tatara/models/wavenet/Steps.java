package io.tatara.models.wavenet;

import io.tatara.kernels.DType;
import io.tatara.kernels.causal.WaveNetGenerate;
import io.tatara.runtime.Ops;
import io.tatara.runtime.Scope;
import io.tatara.runtime.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;

/**
 * The network one sample after the other, for some sequences together, from queues of what its
 * layers saw, so that a sample costs the same whatever the receptive field. Its logits are those of
 * {@link WaveNetModel#forward}.
 */
final class Steps {
    private final WaveNetConfig config;
    private final WaveNetModel model;
    private final Scope scope;
    private final int samples;
    private final int[][] factors;
    private final Tensor table;
    private final Tensor history;
    private final Tensor[] inputs;
    private int made;
    private float[] logits;

    /**
     * @param scope of all that this holds
     * @param factors [sequences][factors], rows of the tables of conditions
     * @param samples of each sequence, for their positions
     * @param seed of the random numbers
     */
    Steps(
            WaveNetConfig config,
            WaveNetModel model,
            Scope scope,
            int[][] factors,
            int samples,
            long seed) {
        this.config = config;
        this.model = model;
        this.scope = scope;
        this.samples = samples;
        this.factors = factors;
        Ops ops = scope.ops();
        List<WaveNetModel.Layer> layers = model.layers();
        int n = factors.length;
        int r = config.residual();
        int s = config.skip();
        table = model.table(ops, scope);
        int[] none = new int[n * config.kernel()];
        Arrays.fill(none, -1);
        history = scope.tensor(none, n, config.kernel());
        int slots = config.dilations().stream().mapToInt(d -> (config.kernel() - 1) * d).sum();
        inputs =
                new Tensor[] {
                    history,
                    scope.zeros(n, slots * r),
                    scope.zeros(DType.INT32, 1),
                    scope.tensor(new int[] {(int) seed, (int) (seed >>> 32)}, 2),
                    model.levelTable(ops),
                    model.firstBias(),
                    null,
                    stack(scope, layers, WaveNetModel.Layer::weight, 2 * r, r, config.kernel()),
                    stack(scope, layers, WaveNetModel.Layer::bias, 2 * r),
                    condition(scope, layers, factors),
                    stack(scope, layers, WaveNetModel.Layer::residualWeight, r, r),
                    stack(scope, layers, WaveNetModel.Layer::residualBias, r),
                    stack(scope, layers, WaveNetModel.Layer::skipWeight, s, r),
                    stack(scope, layers, WaveNetModel.Layer::skipBias, s),
                    ops.reshape(model.hidden(), s, s),
                    model.hiddenBias(),
                    ops.reshape(model.last(), config.levels(), s),
                    model.lastBias()
                };
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
     * The next levels [sequences, count], each drawn given those before.
     *
     * @param temperature see {@link WaveNetGenerate}
     */
    int[] make(int count, double temperature) {
        try (Scope s = scope.child()) {
            Tensor[] given = inputs.clone();
            given[6] = positions(s, count);
            WaveNetGenerate op =
                    new WaveNetGenerate(config.dilations(), count, (float) temperature);
            Tensor[] out = s.ops().waveNetGenerate(op, given);
            logits = out[1].toFloats();
            made += count;
            return out[0].toInts();
        }
    }

    /** What the positions of the next samples add to the first convolution; null without them. */
    private Tensor positions(Scope s, int count) {
        int each = factors[0].length;
        if (WaveNetModel.columns(config, each) == config.kernel()) {
            return null;
        }
        int[] ids = new int[factors.length * count * each];
        for (int i = 0; i < ids.length; i++) {
            int row = factors[i / each / count][i % each];
            ids[i] = WaveNetModel.position(config, row, made + i / each % count, samples);
        }
        Tensor rows = s.tensor(ids, factors.length, count, each);
        return s.ops().sum(s.ops().embedding(table, rows, WaveNetModel.before(config)), 2);
    }

    /**
     * The next samples' logits [sequences, levels], when these levels were the samples before.
     *
     * @param levels one a sequence; null before the first sample
     */
    float[] next(int[] levels) {
        if (levels != null) {
            // Instead of the ones that the last call drew.
            int[] before = history.toInts();
            int taps = config.kernel();
            for (int n = 0; n < levels.length; n++) {
                before[(n + 1) * taps - 1] = levels[n];
            }
            history.write(before);
        }
        make(1, 0);
        return logits;
    }
}
