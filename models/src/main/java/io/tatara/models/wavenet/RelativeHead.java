package io.tatara.models.wavenet;

import io.tatara.kernels.pointwise.Activation;
import io.tatara.kernels.pointwise.Expr;
import io.tatara.kernels.pointwise.Exprs;
import io.tatara.models.nn.Parameters;
import io.tatara.runtime.Ops;
import io.tatara.runtime.Scope;
import io.tatara.runtime.Tensor;
import java.util.Arrays;

/**
 * Logits that follow what the predictors expect: to those of the levels themselves, functions of
 * how far a level is from each expected one are added. LPCNet (Valin & Skoglund 2019, section 3.1)
 * tells of excitations alone, the difference from what is expected; here both are told, since some
 * recordings have steps of their own, whatever is expected.
 *
 * <p>A function of the difference is a sum of waves, Σ_f a_f cos(ω_f (l − e)) + b_f sin(ω_f (l −
 * e)), whose sizes are outputs of the network. Turned by the angles ω_f e, which a table has, they
 * are the sizes of waves over the levels l (as rotary positions are: Su et al., "RoFormer", 2021),
 * so that the shift is exact, by parts of a level too, and products of matrices do the rest.
 */
final class RelativeHead {
    /** Waves from twice the range of all levels down to a few of them. */
    private static final int WAVES = 32;

    private static final double SHORTEST = 5;

    /** a cos − b sin, and a sin + b cos. */
    private static final Expr COSINES =
            Exprs.sub(Exprs.mul(Exprs.in(0), Exprs.in(2)), Exprs.mul(Exprs.in(1), Exprs.in(3)));

    private static final Expr SINES =
            Exprs.add(Exprs.mul(Exprs.in(0), Exprs.in(3)), Exprs.mul(Exprs.in(1), Exprs.in(2)));

    private final int predictors = Prediction.PREDICTORS;
    private final int levels;
    private final float scale;
    private final Tensor weight;
    private final Tensor bias;
    private final float[][] cosines;
    private final float[][] sines;
    private final float[][] cosineOver;
    private final float[][] sineOver;
    private final Tensor cosineOf;
    private final Tensor sineOf;
    private final Tensor cosineAt;
    private final Tensor sineAt;

    RelativeHead(Parameters p, WaveNetConfig c) {
        levels = c.levels();
        int rows = 2 * predictors * WAVES;
        // A step of the weights then changes the logits by no more than one of the last product's.
        scale = (float) (1 / Math.sqrt(rows));
        weight = p.uniform("relative.weight", Math.sqrt(0.3 / c.skip()), rows, c.skip());
        bias = p.full("relative.bias", 0, rows);
        int places = Prediction.places(levels);
        cosines = new float[places][WAVES];
        sines = new float[places][WAVES];
        for (int i = 0; i < places; i++) {
            for (int f = 0; f < WAVES; f++) {
                double longer = (WAVES - 1.0 - f) / (WAVES - 1);
                double wave = SHORTEST * Math.pow(2 * levels / SHORTEST, longer);
                double angle = 2 * Math.PI / wave * i / Prediction.PLACES;
                cosines[i][f] = (float) Math.cos(angle);
                sines[i][f] = (float) Math.sin(angle);
            }
        }
        cosineOver = over(cosines);
        sineOver = over(sines);
        Scope s = p.scope();
        cosineOf = s.tensor(flat(cosines, 1, 1), places, WAVES);
        sineOf = s.tensor(flat(sines, 1, 1), places, WAVES);
        cosineAt = s.tensor(flat(cosines, Prediction.PLACES, scale), levels, WAVES);
        sineAt = s.tensor(flat(sines, Prediction.PLACES, scale), levels, WAVES);
    }

    /** Each wave over the levels, [waves][levels]. */
    private float[][] over(float[][] places) {
        float[][] all = new float[WAVES][levels];
        for (int f = 0; f < WAVES; f++) {
            for (int l = 0; l < levels; l++) {
                all[f][l] = places[l * Prediction.PLACES][f];
            }
        }
        return all;
    }

    private static float[] flat(float[][] rows, int every, float factor) {
        int n = (rows.length - 1) / every + 1;
        float[] all = new float[n * WAVES];
        for (int i = 0; i < n; i++) {
            for (int f = 0; f < WAVES; f++) {
                all[i * WAVES + f] = factor * rows[i * every][f];
            }
        }
        return all;
    }

    /** [2 · predictors · waves, skip]: sizes of the cosines, then of the sines. */
    Tensor weight() {
        return weight;
    }

    Tensor bias() {
        return bias;
    }

    /**
     * @param hidden [n, skip], what the last product sees
     * @param logits [n, levels]
     * @param expected int32 [n, predictors], see {@link Prediction#expected}
     * @return [n, levels]
     */
    Tensor add(Ops ops, Tensor hidden, Tensor logits, Tensor expected) {
        int n = hidden.shape().dim(0);
        Tensor a = sizes(ops, hidden, 0);
        Tensor b = sizes(ops, hidden, predictors * WAVES);
        Tensor cos = ops.embedding(cosineOf, expected, -1);
        Tensor sin = ops.embedding(sineOf, expected, -1);
        Tensor u = ops.sum(ops.pointwise(COSINES, a, b, cos, sin), 1);
        Tensor v = ops.sum(ops.pointwise(SINES, a, b, cos, sin), 1);
        Tensor some = ops.linear(u, cosineAt, null, Activation.NONE, logits);
        return ops.linear(v, sineAt, null, Activation.NONE, some);
    }

    /** Of the cosines, or of the sines behind them, [n, predictors, waves]. */
    private Tensor sizes(Ops ops, Tensor hidden, int from) {
        int to = from + predictors * WAVES;
        Tensor all =
                ops.linear(hidden, ops.slice(weight, 0, from, to), ops.slice(bias, 0, from, to));
        return ops.reshape(all, hidden.shape().dim(0), predictors, WAVES);
    }

    /**
     * As {@link #add}, on the host.
     *
     * @param outputs [n, levels + 2 · predictors · waves], logits and the sizes of waves
     * @param expected [n, predictors]
     * @return [n, levels]
     */
    float[] logits(float[] outputs, int[] expected) {
        int n = expected.length / predictors;
        int sizes = predictors * WAVES;
        float[] all = new float[n * levels];
        float[] sum = new float[levels];
        float[] u = new float[WAVES];
        float[] v = new float[WAVES];
        for (int i = 0; i < n; i++) {
            int from = i * (levels + 2 * sizes);
            Arrays.fill(u, 0);
            Arrays.fill(v, 0);
            for (int p = 0; p < predictors; p++) {
                float[] cos = cosines[expected[i * predictors + p]];
                float[] sin = sines[expected[i * predictors + p]];
                int at = from + levels + p * WAVES;
                for (int f = 0; f < WAVES; f++) {
                    float a = outputs[at + f];
                    float b = outputs[at + sizes + f];
                    u[f] += scale * (a * cos[f] - b * sin[f]);
                    v[f] += scale * (a * sin[f] + b * cos[f]);
                }
            }
            System.arraycopy(outputs, from, sum, 0, levels);
            for (int f = 0; f < WAVES; f++) {
                addWave(sum, u[f], cosineOver[f], v[f], sineOver[f]);
            }
            System.arraycopy(sum, 0, all, i * levels, levels);
        }
        return all;
    }

    /** Rows of numbers next to each other, which the compiler makes vectors of. */
    private static void addWave(float[] sum, float u, float[] cos, float v, float[] sin) {
        for (int l = 0; l < sum.length; l++) {
            sum[l] += u * cos[l] + v * sin[l];
        }
    }
}
