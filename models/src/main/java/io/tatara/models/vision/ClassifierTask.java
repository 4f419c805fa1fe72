package io.tatara.models.vision;

import io.tatara.models.network.Inference;
import io.tatara.models.network.TrainableNetwork;
import io.tatara.models.train.TrainingTask;
import io.tatara.runtime.Device;
import io.tatara.runtime.Scope;
import io.tatara.runtime.Tape;
import io.tatara.runtime.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/** A classifier's training: cross-entropy of the labels, judged by pictures that are held back. */
final class ClassifierTask implements TrainingTask<ImageBatch> {
    static final String ACCURACY = "validationAccuracy";
    static final String LOSS = "validationLoss";
    private static final int NO_LABEL = -1;

    private final Device device;
    private final TrainableNetwork network;
    private final ClassifierConfig config;
    private final Normalization normalization;
    private final Augmentation augmentation;
    private final Images train;
    private final Images validation;

    ClassifierTask(Device device, TrainableNetwork network, ClassifierConfig config, Split split) {
        this.device = device;
        this.network = network;
        this.config = config;
        this.normalization = split.normalization();
        this.augmentation = new Augmentation(config.shift(), config.flip());
        this.train = split.train();
        this.validation = split.validation();
    }

    /** Numbers 0 … n − 1 in an order that depends on the seed alone. */
    static int[] shuffled(int n, long seed) {
        int[] order = new int[n];
        for (int i = 0; i < n; i++) {
            order[i] = i;
        }
        SplittableRandom r = new SplittableRandom(seed);
        for (int i = n - 1; i > 0; i--) {
            int j = r.nextInt(i + 1);
            int t = order[i];
            order[i] = order[j];
            order[j] = t;
        }
        return order;
    }

    /** Steps of an epoch: whole batches, or one of all pictures where they are fewer. */
    static int steps(int pictures, int batch) {
        return Math.max(1, pictures / batch);
    }

    @Override
    public List<ImageBatch> batches(int epoch) {
        int[] order = shuffled(train.count(), config.seed() * 0x9E3779B97F4A7C15L + epoch + 1);
        int size = Math.min(config.batch(), order.length);
        List<ImageBatch> all = new ArrayList<>();
        for (int i = 0; i < steps(order.length, config.batch()); i++) {
            all.add(new ImageBatch(Arrays.copyOfRange(order, i * size, (i + 1) * size), epoch));
        }
        return all;
    }

    @Override
    public double weight(ImageBatch batch) {
        return batch.numbers().length;
    }

    @Override
    public Tensor loss(Tape tape, ImageBatch batch, long step) {
        Scope s = tape.scope();
        int[] numbers = batch.numbers();
        float[] pixels =
                augmentation.apply(train, normalization, numbers, config.seed(), batch.epoch());
        int[] labels = Arrays.stream(numbers).map(i -> train.labels()[i]).toArray();
        Tensor x =
                s.tensor(pixels, numbers.length, train.channels(), train.height(), train.width());
        return tape.ops()
                .crossEntropy(
                        network.forward(tape, x, step),
                        s.tensor(labels, labels.length),
                        NO_LABEL,
                        (float) config.labelSmoothing());
    }

    @Override
    public Evaluation evaluate(int epoch) {
        Scoring s = score(validation);
        Map<String, Double> metrics = new LinkedHashMap<>();
        metrics.put(LOSS, s.loss());
        metrics.put(ACCURACY, s.accuracy(validation.labels()));
        return new Evaluation(metrics, List.of());
    }

    /** What the network as it is now says, its batch norms by their running statistics. */
    Scoring score(Images images) {
        try (Inference net =
                new Inference(device, network.network(), network.parameters().save())) {
            return Scoring.of(device, net, normalization, images);
        }
    }
}
