package io.tatara.models.vision;

import io.tatara.models.network.Inference;
import io.tatara.runtime.Device;
import io.tatara.runtime.Scope;

/**
 * What a network says to pictures.
 *
 * @param answers the class with the largest logit, of each
 * @param loss mean cross-entropy in nats
 */
record Scoring(int[] answers, double loss) {
    private static final int BATCH = 250;

    static Scoring of(Device device, Inference net, Normalization n, Images images) {
        int[] answers = new int[images.count()];
        double loss = 0;
        for (int from = 0; from < answers.length; from += BATCH) {
            int count = Math.min(BATCH, answers.length - from);
            try (Scope s = device.scope()) {
                float[] logits = logits(s, net, n, images, from, count);
                int classes = logits.length / count;
                for (int i = 0; i < count; i++) {
                    answers[from + i] = largest(logits, i * classes, classes);
                    loss -= logProbability(logits, i * classes, classes, images.labels()[from + i]);
                }
            }
        }
        return new Scoring(answers, loss / Math.max(1, answers.length));
    }

    static float[] logits(
            Scope s, Inference net, Normalization n, Images images, int from, int count) {
        float[] x = n.apply(images, from, count);
        return net.run(s, s.tensor(x, count, images.channels(), images.height(), images.width()))
                .toFloats();
    }

    static int largest(float[] x, int at, int n) {
        int best = 0;
        for (int i = 1; i < n; i++) {
            best = x[at + i] > x[at + best] ? i : best;
        }
        return best;
    }

    /** Logarithm of the softmax. */
    static double logProbability(float[] x, int at, int n, int label) {
        double most = x[at + largest(x, at, n)];
        double sum = 0;
        for (int i = 0; i < n; i++) {
            sum += Math.exp(x[at + i] - most);
        }
        return x[at + label] - most - Math.log(sum);
    }

    /** Part of the labels that the answers are; 0 of none. */
    double accuracy(int[] labels) {
        int right = 0;
        for (int i = 0; i < labels.length; i++) {
            right += labels[i] == answers[i] ? 1 : 0;
        }
        return (double) right / Math.max(1, labels.length);
    }
}
