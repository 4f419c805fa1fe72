package io.tatara.models.wavenet;

import io.tatara.kernels.DType;
import io.tatara.kernels.causal.WaveNetGenerate;
import io.tatara.models.audio.AcousticFeatures;
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
    private final Sampling sampling;
    private final List<Told> told;
    private final Prediction[] predictions;
    private final int[] expected;
    private final DType weights;
    private final float[] table;
    private final int[] seen;
    private final Tensor history;
    private final Tensor[] inputs;
    private WaveNetGenerate op;
    private int made;
    private float[] logits;

    /**
     * @param weights what they are kept in: float32, float16 or bfloat16
     * @param scope of all that this holds
     * @param told of each sequence
     * @param samples of each sequence, for their positions
     * @param sampling of which seed and caution count here
     */
    Steps(
            WaveNetConfig config,
            WaveNetModel model,
            DType weights,
            Scope scope,
            List<Told> told,
            int samples,
            Sampling sampling) {
        this.config = config;
        this.weights = weights;
        this.model = model;
        this.scope = scope;
        this.samples = samples;
        this.sampling = sampling;
        this.told = told;
        this.predictions = new Prediction[config.prediction() ? told.size() : 0];
        Arrays.setAll(predictions, i -> new Prediction(config));
        this.expected = new int[predictions.length * Prediction.PREDICTORS];
        Ops ops = scope.ops();
        List<WaveNetModel.Layer> layers = model.layers();
        int n = told.size();
        int r = config.residual();
        int s = config.skip();
        table = model.table(ops, scope).toFloats();
        seen = new int[n * config.kernel()];
        Arrays.fill(seen, -1);
        history = scope.tensor(seen, n, config.kernel());
        int slots = config.dilations().stream().mapToInt(d -> (config.kernel() - 1) * d).sum();
        inputs =
                new Tensor[] {
                    history,
                    scope.zeros(n, slots * r),
                    scope.zeros(DType.INT32, 1),
                    scope.tensor(
                            new int[] {(int) sampling.seed(), (int) (sampling.seed() >>> 32)}, 2),
                    weight(model.levelTable(ops, scope)),
                    weight(model.firstBias()),
                    null,
                    stack(layers, WaveNetModel.Layer::weight, 2 * r, r, config.kernel()),
                    stack(layers, WaveNetModel.Layer::bias, 2 * r),
                    condition(scope, model),
                    stack(layers, WaveNetModel.Layer::residualWeight, r, r),
                    stack(layers, WaveNetModel.Layer::residualBias, r),
                    stack(layers, WaveNetModel.Layer::skipWeight, s, r),
                    stack(layers, WaveNetModel.Layer::skipBias, s),
                    weight(ops.reshape(model.hidden(), s, s)),
                    weight(model.hiddenBias()),
                    weight(model.outputs(ops)),
                    weight(model.outputsBias(ops))
                };
    }

    /** Told to be a weight, so that kernels need not lay it out anew for each sample. */
    private Tensor weight(Tensor t) {
        return scope.weight(weights, t.toFloats(), t.shape().toArray());
    }

    /** The layers' weights below each other; zeros where the last layer has none. */
    private Tensor stack(
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
        return scope.weight(weights, all, shape);
    }

    /** [sequences, layers, 2 · residual]; null where there is no condition. */
    private Tensor condition(Scope scope, WaveNetModel model) {
        int[] all = told.stream().flatMapToInt(t -> Arrays.stream(t.factors())).toArray();
        Tensor rows = model.rows(scope, all, told.size());
        if (rows == null) {
            return null;
        }
        Ops ops = scope.ops();
        List<Tensor> parts = new ArrayList<>();
        for (WaveNetModel.Layer l : model.layers()) {
            Tensor c = model.condition(ops, scope, l, rows);
            parts.add(ops.reshape(c, c.shape().dim(0), 1, c.shape().dim(1)));
        }
        return weight(ops.concat(1, parts.toArray(Tensor[]::new)));
    }

    /**
     * The next levels [sequences, count], each drawn given those before, for models without
     * predictions.
     *
     * @param temperature see {@link WaveNetGenerate}
     */
    int[] make(int count, double temperature) {
        try (Scope s = scope.child()) {
            Tensor[] given = inputs.clone();
            given[6] = added(s, count);
            Tensor[] out = s.ops().waveNetGenerate(op(count, (float) temperature), given);
            logits = out[1].toFloats();
            made += count;
            return out[0].toInts();
        }
    }

    /** The same one for calls that are alike. */
    private WaveNetGenerate op(int count, float temperature) {
        if (op == null || op.count() != count || op.temperature() != temperature) {
            op = new WaveNetGenerate(config.dilations(), count, temperature);
        }
        return op;
    }

    /**
     * What positions, caution, features and predictions of the next samples add to the first
     * convolution; null without them.
     */
    private Tensor added(Scope s, int count) {
        int n = told.size();
        int each = told.getFirst().factors().length;
        int columns = WaveNetModel.columns(config, each) - config.kernel();
        if (columns == 0) {
            return null;
        }
        int[] ids = new int[n * count * columns];
        int local = LocalCondition.COLUMNS;
        int hop = AcousticFeatures.hop(config.rate());
        for (int i = 0, id = 0; i < n; i++) {
            Told of = told.get(i);
            for (int t = 0; t < count; t++) {
                for (int f = 0; f < each && config.positions() > 0; f++) {
                    ids[id++] = WaveNetModel.position(config, of.factors()[f], made + t, samples);
                }
                if (config.noise() > 0) {
                    ids[id++] = WaveNetModel.noise(config) + sampling.strength();
                }
                if (config.features()) {
                    System.arraycopy(of.features(), (made + t) / hop * local, ids, id, local);
                    id += local;
                }
                if (predictions.length > 0) {
                    predictions[i].next(ids, id);
                    predictions[i].expected(expected, i * Prediction.PREDICTORS);
                    id += Prediction.COLUMNS;
                }
            }
        }
        return s.tensor(weights, sums(ids, n * count, columns), n, count, config.residual());
    }

    /**
     * Of the table's rows, added up here: they are few, and ops would cost more than their work.
     */
    private float[] sums(int[] ids, int samples, int columns) {
        int r = config.residual();
        float[] sums = new float[samples * r];
        for (int i = 0; i < ids.length; i++) {
            int to = i / columns * r;
            int from = ids[i] * r;
            for (int c = 0; c < r; c++) {
                sums[to + c] += table[from + c];
            }
        }
        return sums;
    }

    /**
     * The next samples' logits [sequences, levels], when these levels were the samples before.
     *
     * @param levels one a sequence; null before the first sample
     */
    float[] next(int[] levels) {
        if (levels != null) {
            // Instead of the ones that the last call drew.
            int taps = config.kernel();
            System.arraycopy(seen, 1, seen, 0, seen.length - 1);
            for (int n = 0; n < levels.length; n++) {
                seen[(n + 1) * taps - 1] = levels[n];
            }
            history.write(seen);
            for (int n = 0; n < predictions.length; n++) {
                predictions[n].push(levels[n]);
            }
        }
        make(1, 0);
        return model.logits(logits, expected);
    }
}
