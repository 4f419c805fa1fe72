package io.tatara.models.vision;

import io.tatara.models.network.Inference;
import io.tatara.runtime.Device;
import io.tatara.runtime.Scope;
import io.tatara.runtime.Tensor;

/**
 * What a network says to pictures.
 *
 * @param answers the class with the largest logit, of each
 * @param loss mean cross-entropy in nats
 */
record Scoring(int[] answers, double loss) {
    private static final int BATCH = 250;

    /** Of a batch's pictures, so that large ones do not fill the memory. */
    private static final int MOST_VALUES = 1 << 20;

    /** Takes the logits of a picture: those of its classes from {@code at} on. */
    interface Answers {
        void of(int picture, float[] logits, int at, int classes);
    }

    static Scoring of(Device device, Inference net, Normalization n, Images images) {
        int[] answers = new int[images.count()];
        double[] loss = {0};
        each(
                device,
                net,
                n,
                images,
                (i, logits, at, classes) -> {
                    answers[i] = largest(logits, at, classes);
                    loss[0] -= logProbability(logits, at, classes, images.labels()[i]);
                });
        return new Scoring(answers, loss[0] / Math.max(1, answers.length));
    }

    /** Runs the network on all pictures, some at a time. */
    static void each(Device device, Inference net, Normalization n, Images images, Answers to) {
        int batch = Math.clamp(MOST_VALUES / images.each(), 1, BATCH);
        for (int from = 0; from < images.count(); from += batch) {
            int count = Math.min(batch, images.count() - from);
            try (Scope s = device.scope()) {
                float[] x = n.apply(images, from, count);
                Tensor pictures =
                        s.tensor(x, count, images.channels(), images.height(), images.width());
                float[] logits = net.run(s, pictures).toFloats();
                int classes = logits.length / count;
                for (int i = 0; i < count; i++) {
                    to.of(from + i, logits, i * classes, classes);
                }
            }
        }
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
