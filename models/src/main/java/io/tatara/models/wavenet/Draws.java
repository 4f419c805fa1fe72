package io.tatara.models.wavenet;

import io.tatara.kernels.DType;
import io.tatara.kernels.pointwise.Philox;
import io.tatara.runtime.Scope;
import java.util.ArrayList;
import java.util.List;

/**
 * Sequences whose levels are drawn here from the logits of {@link Steps}, a sample a call: those of
 * models with predictions, which need each sample before the next can be made, those with a floor
 * of probabilities, and those drawn towards their labels. The latter are computed twice, told the
 * label and not, and the logits are unlabelled + guidance · (labelled − unlabelled), so a guidance
 * above 1 takes what the label makes likelier than that alone would (Ho and Salimans,
 * "Classifier-free diffusion guidance", 2022; of softmaxes: Sanchez et al., "Stay on topic with
 * classifier-free guidance", 2023).
 */
final class Draws {
    private final Steps steps;
    private final int sequences;
    private final int copies;
    private final int levels;
    private final Sampling sampling;
    private int[] latest;
    private int made;

    /** As {@link Steps}. */
    Draws(
            WaveNetConfig config,
            WaveNetModel model,
            DType weights,
            Scope scope,
            List<Told> told,
            int samples,
            Sampling sampling) {
        this.sampling = sampling;
        sequences = told.size();
        copies = sampling.guidance() == 1 ? 1 : 2;
        levels = config.levels();
        List<Told> all = new ArrayList<>(told);
        if (copies > 1) {
            told.forEach(t -> all.add(t.unknown(config)));
        }
        steps = new Steps(config, model, weights, scope, all, samples, sampling);
    }

    /** As {@link Steps#make}, [sequences, count]. */
    int[] make(int count) {
        int[] all = new int[sequences * count];
        for (int t = 0; t < count; t++) {
            float[] logits = steps.next(latest);
            latest = new int[copies * sequences];
            for (int i = 0; i < sequences; i++) {
                int level = draw(i, guide(logits, i));
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
            guided[l] = unlabelled + sampling.guidance() * (labelled - unlabelled);
        }
        return guided;
    }

    /** With the random numbers of {@link io.tatara.kernels.causal.WaveNetGenerate}. */
    private int draw(int sequence, double[] logits) {
        int best = 0;
        for (int l = 1; l < levels; l++) {
            best = logits[l] > logits[best] ? l : best;
        }
        if (sampling.temperature() == 0) {
            return best;
        }
        double top = logits[best];
        double all = 0;
        for (int l = 0; l < levels; l++) {
            logits[l] = Math.exp((logits[l] - top) / sampling.temperature());
            all += logits[l];
        }
        double sum = 0;
        for (int l = 0; l < levels; l++) {
            sum += Math.max(0, logits[l] - sampling.floor() * all);
            logits[l] = sum;
        }
        if (sum == 0) {
            return best;
        }
        int seed0 = (int) sampling.seed();
        int seed1 = (int) (sampling.seed() >>> 32);
        double place = Philox.uniform(seed0, seed1, sequence, made) * sum;
        int level = 0;
        while (level < levels - 1 && !(logits[level] > place)) {
            level++;
        }
        return level;
    }
}
