package io.tatara.models.wavenet;

import io.tatara.kernels.softmax.Reduction;
import io.tatara.models.nn.Noise;
import io.tatara.models.train.Ahead;
import io.tatara.models.train.TrainingTask;
import io.tatara.models.wavenet.Recording.Window;
import io.tatara.runtime.Device;
import io.tatara.runtime.Ops;
import io.tatara.runtime.Scope;
import io.tatara.runtime.Tape;
import io.tatara.runtime.Tensor;
import io.tatara.runtime.spi.DeviceInfo;
import java.util.List;
import java.util.Map;

/** WaveNet's training: cross-entropy of the next level, in nats a sample. */
final class WaveNetTask implements TrainingTask<List<Window>> {
    static final String HELD_OUT = "heldOutLoss";

    private final Device device;
    private final WaveNetConfig config;
    private final WaveNetModel model;
    private final List<Recording> train;
    private final List<List<Window>> heldOut;
    private Ahead<List<Window>, WindowBatch> ahead;

    /**
     * @param config with the recordings' rate
     */
    WaveNetTask(Device device, WaveNetConfig config, WaveNetModel model, Recordings recordings) {
        this.device = device;
        this.config = config;
        this.model = model;
        this.train = recordings.train();
        this.heldOut = WindowBatch.sorted(config, recordings.heldOut());
        this.ahead = ahead(List.of());
    }

    @Override
    public List<List<Window>> batches(int epoch) {
        List<List<Window>> batches = WindowBatch.shuffled(config, train, epoch);
        ahead = ahead(batches);
        return batches;
    }

    private Ahead<List<Window>, WindowBatch> ahead(List<List<Window>> batches) {
        boolean sameProcessors = device.info().kind() == DeviceInfo.Kind.CPU;
        return new Ahead<>(batches, b -> WindowBatch.of(config, b), sameProcessors);
    }

    @Override
    public double weight(List<Window> batch) {
        return WindowBatch.counted(batch);
    }

    @Override
    public Tensor loss(Tape tape, List<Window> batch, long step) {
        Noise noise = Noise.of(tape.scope(), (float) config.dropout(), config.seed(), step);
        return loss(tape.scope(), tape.ops(), ahead.get(batch), noise, Reduction.MEAN);
    }

    private Tensor loss(Scope scope, Ops ops, WindowBatch b, Noise noise, Reduction reduction) {
        Tensor ids = scope.tensor(b.ids(), b.size(), b.length(), b.columns());
        Tensor rows = model.rows(scope, b.factors(), b.size());
        Tensor logits = model.forward(ops, scope, ids, b.expected(scope), rows, noise);
        Tensor labels = scope.tensor(b.labels(), b.labels().length);
        return ops.crossEntropy(logits, labels, WindowBatch.IGNORE, 0, reduction);
    }

    /** Every sample of the recordings held out is predicted once, from all that it depends on. */
    @Override
    public Evaluation evaluate(int epoch) {
        double sum = 0;
        long count = 0;
        Ahead<List<Window>, WindowBatch> coming = ahead(heldOut);
        for (List<Window> windows : heldOut) {
            try (Scope scope = device.scope()) {
                WindowBatch b = coming.get(windows);
                sum += loss(scope, scope.ops(), b, Noise.NONE, Reduction.SUM).item();
                count += WindowBatch.counted(windows);
            }
        }
        return new Evaluation(Map.of(HELD_OUT, sum / count), List.of());
    }
}
