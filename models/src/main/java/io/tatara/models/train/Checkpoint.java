package io.tatara.models.train;

import io.tatara.kernels.TataraException;
import io.tatara.models.nn.Parameters;
import io.tatara.models.optim.Optimizer;
import io.tatara.runtime.io.HostTensor;
import io.tatara.runtime.io.Safetensors;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * The state of training as one safetensors file: weights, optimizer, and how far it is. Random
 * numbers need no state of their own: they are functions of seed, epoch and step.
 */
final class Checkpoint {
    private static final String MODEL = "model.";
    private static final String OPTIMIZER = "optimizer.";
    private static final String PROGRESS = "progress";

    /**
     * How far training is.
     *
     * @param epoch epochs that are done
     * @param batch batches of the next one that are done
     * @param lossSum of those batches, each times its weight
     * @param weightSum of those batches
     * @param seconds spent on those batches
     * @param best best value of the metric by which the model is chosen, null before the first
     *     epoch's end
     */
    record Progress(
            int epoch,
            int batch,
            double lossSum,
            double weightSum,
            double seconds,
            Double best,
            List<EpochRecord> history) {
        static final Progress START = new Progress(0, 0, 0, 0, 0, null, List.of());

        Progress {
            if (epoch < 0 || batch < 0 || history == null || history.size() != epoch) {
                throw new TrainingException(
                        "%d epochs and %d batches done, and of epochs the record %s"
                                .formatted(epoch, batch, history));
            }
        }
    }

    private Checkpoint() {}

    static void write(Path file, Parameters parameters, Optimizer optimizer, Progress progress) {
        Map<String, HostTensor> all = new LinkedHashMap<>();
        parameters.save().forEach((name, t) -> all.put(MODEL + name, t));
        optimizer.save().forEach((name, t) -> all.put(OPTIMIZER + name, t));
        Safetensors.write(file, all, Map.of(PROGRESS, Json.text(progress)));
    }

    static Progress progress(Path file) {
        return progress(file, Safetensors.read(file));
    }

    private static Progress progress(Path file, Safetensors.Content content) {
        String text = content.metadata().get(PROGRESS);
        if (text == null) {
            throw new TrainingException(file + " is no checkpoint of a training run");
        }
        return naming(file, () -> Json.value(text, Progress.class));
    }

    /** What is wrong with a file's content is said with its name. */
    static <T> T naming(Path file, Supplier<T> reader) {
        try {
            return reader.get();
        } catch (TataraException e) {
            throw new TataraException(file + ": " + e.getMessage(), e);
        }
    }

    static Progress read(Path file, Parameters parameters, Optimizer optimizer) {
        if (!Files.isRegularFile(file)) {
            throw new TrainingException("nothing to resume: there is no checkpoint " + file);
        }
        Safetensors.Content content = Safetensors.read(file);
        Progress progress = progress(file, content);
        return naming(
                file,
                () -> {
                    parameters.load(part(content.tensors(), MODEL));
                    optimizer.load(part(content.tensors(), OPTIMIZER));
                    return progress;
                });
    }

    private static Map<String, HostTensor> part(Map<String, HostTensor> all, String prefix) {
        Map<String, HostTensor> part = new LinkedHashMap<>();
        all.forEach((name, t) -> {
            if (name.startsWith(prefix)) {
                part.put(name.substring(prefix.length()), t);
            }
        });
        return part;
    }
}
