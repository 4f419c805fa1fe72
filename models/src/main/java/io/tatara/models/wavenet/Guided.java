package io.tatara.models.wavenet;

import io.tatara.kernels.pointwise.Philox;
import io.tatara.runtime.Scope;
import java.util.Arrays;

/**
 * Sequences drawn towards their labels: each is computed twice, told its label and not, and the
 * logits are unlabelled + guidance · (labelled − unlabelled), so a guidance above 1 takes what the
 * label makes likelier than that alone would (Ho and Salimans, "Classifier-free diffusion
 * guidance", 2022; of softmaxes: Sanchez et al., "Stay on topic with classifier-free guidance",
 * 2023). The draws are those of {@link Steps} otherwise.
 */
final class Guided {
    private final Steps steps;
    private final int sequences;
    private final int levels;
    private final double guidance;
    private final int seed0;
    private final int seed1;
    private int[] latest;
    private int made;

    /** As {@link Steps}. */
    Guided(
            WaveNetConfig config,
            WaveNetModel model,
            Scope scope,
            int[][] factors,
            int samples,
            double guidance,
            long seed) {
        sequences = factors.length;
        levels = config.levels();
        this.guidance = guidance;
        seed0 = (int) seed;
        seed1 = (int) (seed >>> 32);
        int[][] both = Arrays.copyOf(factors, 2 * sequences);
        int[] unknown = new int[factors[0].length];
        Arrays.fill(unknown, WaveNetModel.UNKNOWN);
        Arrays.fill(both, sequences, both.length, unknown);
        steps = new Steps(config, model, scope, both, samples, seed);
    }

    /** As {@link Steps#make}, [sequences, count]; each sample is a call of its own. */
    int[] make(int count, double temperature) {
        int[] all = new int[sequences * count];
        for (int t = 0; t < count; t++) {
            float[] logits = steps.next(latest);
            latest = new int[2 * sequences];
            for (int i = 0; i < sequences; i++) {
                int level = draw(i, guide(logits, i), temperature);
                latest[i] = level;
                latest[sequences + i] = level;
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
            double unlabelled = logits[(sequences + sequence) * levels + l];
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
