package io.tatara.models.wavenet;

import io.tatara.kernels.DType;
import io.tatara.kernels.pointwise.Philox;
import io.tatara.runtime.Scope;
import java.util.Arrays;

/**
 * Sequences whose levels are drawn here from the logits of {@link Steps}, a sample a call: those of
 * models with predictions, which need each sample before the next can be made, and those drawn
 * towards their labels. The latter are computed twice, told the label and not, and the logits are
 * unlabelled + guidance · (labelled − unlabelled), so a guidance above 1 takes what the label makes
 * likelier than that alone would (Ho and Salimans, "Classifier-free diffusion guidance", 2022; of
 * softmaxes: Sanchez et al., "Stay on topic with classifier-free guidance", 2023).
 */
final class Draws {
    private final Steps steps;
    private final int sequences;
    private final int copies;
    private final int levels;
    private final double guidance;
    private final int seed0;
    private final int seed1;
    private int[] latest;
    private int made;

    /** As {@link Steps}. */
    Draws(
            WaveNetConfig config,
            WaveNetModel model,
            DType weights,
            Scope scope,
            int[][] factors,
            int samples,
            double guidance,
            long seed) {
        sequences = factors.length;
        copies = guidance == 1 ? 1 : 2;
        levels = config.levels();
        this.guidance = guidance;
        seed0 = (int) seed;
        seed1 = (int) (seed >>> 32);
        int[][] all = Arrays.copyOf(factors, copies * sequences);
        int[] unknown = new int[factors[0].length];
        Arrays.fill(unknown, WaveNetModel.UNKNOWN);
        Arrays.fill(all, sequences, all.length, unknown);
        steps = new Steps(config, model, weights, scope, all, samples, seed);
    }

    /** As {@link Steps#make}, [sequences, count]. */
    int[] make(int count, double temperature) {
        int[] all = new int[sequences * count];
        for (int t = 0; t < count; t++) {
            float[] logits = steps.next(latest);
            latest = new int[copies * sequences];
            for (int i = 0; i < sequences; i++) {
                int level = draw(i, guide(logits, i), temperature);
                for (int c = 0; c < copies; c++) {
                    latest[c * sequences + i] = level;
                }
                all[i * count + t] = level;
            }
            made++;
        }
        return all;
    }

    private double[] guide(float[] logits, int sequence) {
        double[] guided = new double[levels];
        for (int l = 0; l < levels; l++) {
            double labelled = logits[sequence * levels + l];
            double unlabelled = logits[((copies - 1) * sequences + sequence) * levels + l];
            guided[l] = unlabelled + guidance * (labelled - unlabelled);
        }
        return guided;
    }

    /** With the random numbers of {@link io.tatara.kernels.causal.WaveNetGenerate}. */
    private int draw(int sequence, double[] logits, double temperature) {
        int best = 0;
        for (int l = 1; l < levels; l++) {
            best = logits[l] > logits[best] ? l : best;
        }
        if (temperature == 0) {
            return best;
        }
        double top = logits[best];
        double sum = 0;
        for (int l = 0; l < levels; l++) {
            sum += Math.exp((logits[l] - top) / temperature);
            logits[l] = sum;
        }
        double place = Philox.uniform(seed0, seed1, sequence, made) * sum;
        int level = 0;
        while (level < levels - 1 && !(logits[level] > place)) {
            level++;
        }
        return level;
    }
}
