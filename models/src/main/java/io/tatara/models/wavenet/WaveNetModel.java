package io.tatara.models.wavenet;

import io.tatara.kernels.causal.GatedCausalLayer;
import io.tatara.kernels.pointwise.Activation;
import io.tatara.kernels.pointwise.Expr;
import io.tatara.kernels.pointwise.Exprs;
import io.tatara.models.audio.MuLaw;
import io.tatara.models.nn.Noise;
import io.tatara.models.nn.Parameters;
import io.tatara.runtime.Ops;
import io.tatara.runtime.Scope;
import io.tatara.runtime.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * The network that {@link WaveNet} describes, with weights: levels of the samples before to the
 * logits of each next one. The first convolution's input is one-hot, so it is read as a table. Each
 * layer's condition is the sum of rows of a table of its own, one row for each factor of a label.
 */
final class WaveNetModel {
    /** A layer's weights; the table of conditions is null where there are none. */
    record Layer(
            int dilation,
            Tensor weight,
            Tensor bias,
            Tensor conditions,
            Tensor residualWeight,
            Tensor residualBias,
            Tensor skipWeight,
            Tensor skipBias) {}

    private static final Map<String, Integer> HIDDEN =
            Map.of(
                    "filter_gate.weight", 2,
                    "residual.weight", 1,
                    "skip.weight", 1,
                    "head.1.weight", 1,
                    "relative.weight", 2);

    static final String NOISE = "noise.weight";
    static final String FEATURES = "features.weight";

    /** The shortest period of such a weight is a sixteenth of all levels. */
    private static final double LOG_TURNS = Math.log(32);

    /** The largest gain takes a sample of 1/128 to where tanh bends. */
    private static final double LOG_GAIN = Math.log(128);

    /** y + x − seen. */
    private static final Expr PUT_BACK =
            Exprs.add(Exprs.in(0), Exprs.sub(Exprs.in(1), Exprs.in(2)));

    /** The row of a factor that the network is not told. */
    static final int UNKNOWN = -1;

    private final WaveNetConfig config;
    private final Tensor first;
    private final Tensor firstBias;
    private final Tensor positions;
    private final Tensor prediction;
    private final Tensor noise;
    private final Tensor features;
    private final List<Layer> layers = new ArrayList<>();
    private final Tensor hidden;
    private final Tensor hiddenBias;
    private final Tensor last;
    private final Tensor lastBias;
    private final RelativeHead relative;

    /**
     * @param values number of values of all factors of the labels together, 0 for no condition
     */
    WaveNetModel(Parameters p, WaveNetConfig c, int values) {
        config = c;
        int r = c.residual();
        int k = c.kernel();
        first = p.uniform("causal.weight", Math.sqrt(3.0 / k), r, c.levels(), k);
        firstBias = p.full("causal.bias", 0, r);
        positions =
                c.positions() == 0
                        ? null
                        : p.uniform("positions.weight", 0.3, values * c.positions(), r);
        prediction =
                c.prediction()
                        ? p.uniform("prediction.weight", 0.1, Prediction.rows(c.levels()), r)
                        : null;
        noise = c.noise() > 0 ? p.uniform(NOISE, 0.1, Disturbance.STRENGTHS + 1, r) : null;
        features = c.features() ? p.uniform(FEATURES, 0.05, LocalCondition.ROWS, r) : null;
        int count = c.stacks() * c.layers();
        // The sum over all layers begins with the spread of one.
        double part = Math.sqrt(3.0 / r / count);
        for (int i = 0; i < count; i++) {
            Parameters q = p.under("stacks." + i / c.layers() + "." + i % c.layers());
            boolean end = i == count - 1;
            layers.add(
                    new Layer(
                            1 << i % c.layers(),
                            q.uniform("filter_gate.weight", Math.sqrt(3.0 / (r * k)), 2 * r, r, k),
                            q.full("filter_gate.bias", 0, 2 * r),
                            values == 0 ? null : q.uniform("condition.weight", 0.1, values, 2 * r),
                            end ? null : q.uniform("residual.weight", part, r, r, 1),
                            end ? null : q.full("residual.bias", 0, r),
                            q.uniform("skip.weight", part, c.skip(), r, 1),
                            q.full("skip.bias", 0, c.skip())));
        }
        int s = c.skip();
        hidden = p.uniform("head.1.weight", Math.sqrt(6.0 / s), s, s, 1);
        hiddenBias = p.full("head.1.bias", 0, s);
        last = p.uniform("head.3.weight", Math.sqrt(3.0 / s), c.levels(), s, 1);
        lastBias = p.full("head.3.bias", 0, c.levels());
        relative = c.prediction() ? new RelativeHead(p, c) : null;
        beginSmooth(c.seed());
    }

    /**
     * Weights [levels][rows] of which those of neighbouring levels are near each other: each row is
     * a sine over the levels, with a period and phase of its own. What is learned of a level then
     * holds for those around it from the first step on.
     */
    private static float[][] waves(int levels, int rows, double size, SplittableRandom random) {
        float[][] all = new float[levels][rows];
        for (int i = 0; i < rows; i++) {
            double turns = Math.exp(random.nextDouble() * LOG_TURNS) / 2;
            double phase = random.nextDouble();
            for (int l = 0; l < levels; l++) {
                double angle = 2 * Math.PI * (turns * l / (levels - 1.0) + phase);
                all[l][i] = (float) (size * Math.sqrt(2) * Math.sin(angle));
            }
        }
        return all;
    }

    /**
     * Smooth weights for all levels, which come in and go out in different layouts. Each channel
     * sees one tap (or one predictor), so that the samples can be told apart, and every other one
     * the amplitude instead of a wave, so that a linear prediction is near.
     */
    private void beginSmooth(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        int r = config.residual();
        int k = config.kernel();
        int sources = k + (prediction == null ? 0 : Prediction.PREDICTORS);
        float[][] in = waves(config.levels(), r, 1, random);
        for (int c = 0; c < r; c++) {
            if (c / sources % 2 == 0) {
                amplitude(in, c, random);
            }
        }
        float[] values = new float[r * config.levels() * k];
        for (int c = 0; c < r; c++) {
            int source = c % sources;
            for (int l = 0; l < config.levels() && source < k; l++) {
                values[(c * config.levels() + l) * k + source] = in[l][c];
            }
        }
        first.write(values);
        if (prediction != null) {
            prediction.write(Prediction.begin(in, waves(Prediction.widths(), r, 0.3, random), k));
        }
        int s = config.skip();
        float[][] out = waves(config.levels(), s, Math.sqrt(1.0 / s), random);
        values = new float[config.levels() * s];
        for (int i = 0; i < config.levels(); i++) {
            System.arraycopy(out[i], 0, values, i * s, s);
        }
        last.write(values);
    }

    /** A row tanh(gain · sample) of mean square one, with a gain of its own. */
    private void amplitude(float[][] all, int row, SplittableRandom random) {
        MuLaw law = new MuLaw(config.levels());
        double gain = Math.exp(random.nextDouble() * LOG_GAIN);
        double square = 0;
        for (int l = 0; l < config.levels(); l++) {
            all[l][row] = (float) Math.tanh(gain * law.decode(l));
            square += all[l][row] * all[l][row];
        }
        float scale = (float) Math.sqrt(config.levels() / square);
        for (int l = 0; l < config.levels(); l++) {
            all[l][row] *= scale;
        }
    }

    /**
     * Of how many matrices a weight is, by its name, that map channels to others, or to the waves
     * of {@link RelativeHead}.
     */
    static int matrices(String name) {
        return HIDDEN.entrySet().stream()
                .filter(e -> name.endsWith(e.getKey()))
                .mapToInt(Map.Entry::getValue)
                .sum();
    }

    List<Layer> layers() {
        return layers;
    }

    /** The id that stands for "before the first sample". */
    static int before(WaveNetConfig c) {
        return c.kernel() * c.levels();
    }

    /** The first row of the predictions. */
    static int prediction(WaveNetConfig c) {
        return before(c) + 1;
    }

    /** The row of no {@link Disturbance}; those of its strengths are behind it. */
    static int noise(WaveNetConfig c) {
        return prediction(c) + (c.prediction() ? Prediction.rows(c.levels()) : 0);
    }

    /** The first row of {@link LocalCondition}. */
    static int features(WaveNetConfig c) {
        return noise(c) + (c.noise() > 0 ? Disturbance.STRENGTHS + 1 : 0);
    }

    /**
     * The row that tells in which part of a label's sounds a sample is; that of zeros where the
     * label is unknown.
     */
    static int position(WaveNetConfig c, int factor, long sample, int samples) {
        if (factor == UNKNOWN) {
            return before(c);
        }
        int first = features(c) + (c.features() ? LocalCondition.ROWS : 0);
        return first + factor * c.positions() + (int) (sample * c.positions() / samples);
    }

    /** Ids of a sample: the taps', those of all that {@link #embed} is told. */
    static int columns(WaveNetConfig c, int factors) {
        return c.kernel()
                + (c.positions() == 0 ? 0 : factors)
                + (c.noise() > 0 ? 1 : 0)
                + (c.features() ? LocalCondition.COLUMNS : 0)
                + (c.prediction() ? Prediction.COLUMNS : 0);
    }

    Tensor firstBias() {
        return firstBias;
    }

    Tensor hidden() {
        return hidden;
    }

    Tensor hiddenBias() {
        return hiddenBias;
    }

    /**
     * The last product's weights [outputs, skip]: those of the logits, and behind them those that
     * the {@link RelativeHead} makes more of, see {@link #logits}.
     */
    Tensor outputs(Ops ops) {
        Tensor own = ops.reshape(last, config.levels(), config.skip());
        return relative == null ? own : ops.concat(0, own, relative.weight());
    }

    /** [outputs]. */
    Tensor outputsBias(Ops ops) {
        return relative == null ? lastBias : ops.concat(0, lastBias, relative.bias());
    }

    /**
     * The logits [n, levels] that follow from the {@link #outputs} [n, outputs].
     *
     * @param expected [n, predictors] of {@link Prediction#expected}; empty without predictions
     */
    float[] logits(float[] outputs, int[] expected) {
        return relative == null ? outputs : relative.logits(outputs, expected);
    }

    /** The first convolution's rows of each tap's levels, [taps · levels, residual]. */
    Tensor levelTable(Ops ops) {
        return ops.reshape(
                ops.transpose(first, 2, 1, 0),
                config.kernel() * config.levels(),
                config.residual());
    }

    /** As the other, each tap's rows filled up with zeros to the number of {@link #outputs}. */
    Tensor levelTable(Ops ops, Scope scope) {
        Tensor rows = levelTable(ops);
        if (relative == null) {
            return rows;
        }
        int r = config.residual();
        int more = relative.bias().shape().dim(0);
        Tensor taps = ops.reshape(rows, config.kernel(), config.levels(), r);
        Tensor filled = ops.concat(1, taps, scope.zeros(config.kernel(), more, r));
        return ops.reshape(filled, config.kernel() * (config.levels() + more), r);
    }

    /**
     * The first convolution as a table: taps · levels rows, one of zeros, those of predictions, of
     * noise, of features and of the positions, [rows, residual].
     */
    Tensor table(Ops ops, Scope scope) {
        Tensor rows = levelTable(ops);
        Tensor zeros = scope.zeros(1, config.residual());
        List<Tensor> parts = new ArrayList<>(List.of(rows, zeros));
        if (prediction != null) {
            parts.add(prediction);
        }
        if (noise != null) {
            parts.add(noise);
        }
        if (features != null) {
            parts.add(features);
        }
        if (positions != null) {
            parts.add(positions);
        }
        return ops.concat(0, parts.toArray(Tensor[]::new));
    }

    /**
     * The first convolution.
     *
     * @param ids int32 [..., columns]: level + tap · levels of the sample that each tap sees, or
     *     {@link #before}; where there are positions the {@link #position} for each factor; where
     *     there is {@link #noise} how strong it is; where there are {@link #features} and
     *     predictions theirs
     * @return [..., residual]
     */
    Tensor embed(Ops ops, Tensor table, Tensor ids) {
        int taps = ids.shape().rank() - 1;
        return ops.add(ops.sum(ops.embedding(table, ids, before(config)), taps), firstBias);
    }

    /**
     * The rows of some sequences' factors as {@link #condition} takes them, int32 [N, factors];
     * null where there is no condition.
     *
     * @param factors N times those of {@link VoiceData#rows}, or {@link #UNKNOWN}
     */
    Tensor rows(Scope scope, int[] factors, int n) {
        if (factors.length == 0) {
            return null;
        }
        int shift = mayBeUnknown() ? 1 : 0;
        int[] rows = Arrays.stream(factors).map(f -> f + shift).toArray();
        return scope.tensor(rows, n, factors.length / n);
    }

    private boolean mayBeUnknown() {
        return config.labelDropout() > 0;
    }

    /**
     * A layer's condition [N, 2 · residual] of some {@link #rows}. An unknown label adds nothing:
     * its row is one of zeros before the others.
     */
    Tensor condition(Ops ops, Scope scope, Layer layer, Tensor rows) {
        if (rows == null) {
            return null;
        }
        Tensor table = layer.conditions;
        if (mayBeUnknown()) {
            table = ops.concat(0, scope.zeros(1, table.shape().dim(1)), table);
        }
        return ops.sum(ops.embedding(table, rows, mayBeUnknown() ? 0 : -1), 1);
    }

    /** From the skip sum [n, skip] to logits [n, levels]. */
    private Tensor head(Ops ops, Tensor skip, Tensor expected, Noise noise) {
        Tensor w = ops.reshape(hidden, config.skip(), config.skip());
        Tensor h =
                ops.linear(noise.drop(ops, ops.relu(skip)), w, hiddenBias, Activation.RELU, null);
        Tensor logits = ops.linear(h, ops.reshape(last, config.levels(), config.skip()), lastBias);
        return relative == null ? logits : relative.add(ops, h, logits, expected);
    }

    /** As the other, without dropout. */
    Tensor forward(Ops ops, Scope scope, Tensor ids, Tensor expected, Tensor rows) {
        return forward(ops, scope, ids, expected, rows, Noise.NONE);
    }

    /**
     * Logits of whole sequences, computed in parallel.
     *
     * <p>Dropout is on what each layer's gates see, and on what the head sees. The residual path is
     * left whole: what were dropped there would be missing for all layers above, and a sample could
     * not be told from its neighbours any more.
     *
     * @param ids int32 [N, T, columns], see {@link #embed}
     * @param expected int32 [N, T, predictors] of {@link Prediction#expected}; null without
     *     predictions
     * @param rows see {@link #rows}
     * @return [N · T, levels]
     */
    Tensor forward(Ops ops, Scope scope, Tensor ids, Tensor expected, Tensor rows, Noise noise) {
        int n = ids.shape().dim(0);
        int t = ids.shape().dim(1);
        Tensor x = ops.transpose(embed(ops, table(ops, scope), ids), 0, 2, 1);
        Tensor skip = null;
        for (Layer l : layers) {
            // Nobody sees what the last layer hands on.
            boolean end = l.residualWeight == null;
            int r = config.residual();
            Tensor seen = noise.drop(ops, x);
            Tensor[] out =
                    ops.gatedCausalLayer(
                            new GatedCausalLayer(l.dilation, true, false),
                            seen,
                            l.weight,
                            l.bias,
                            condition(ops, scope, l, rows),
                            end ? scope.zeros(r, r) : ops.reshape(l.residualWeight, r, r),
                            l.residualBias,
                            ops.reshape(l.skipWeight, config.skip(), r),
                            l.skipBias,
                            skip,
                            null);
            // The layer handed on what it saw; what was dropped is put back.
            x = seen == x || end ? out[0] : ops.pointwise(PUT_BACK, out[0], x, seen);
            skip = out[1];
        }
        Tensor sum = ops.reshape(ops.transpose(skip, 0, 2, 1), n * t, config.skip());
        Tensor places =
                relative == null ? null : ops.reshape(expected, n * t, Prediction.PREDICTORS);
        return head(ops, sum, places, noise);
    }
}
