package io.tatara.models.vision;

import io.tatara.kernels.TataraException;
import io.tatara.models.network.Inference;
import io.tatara.models.train.Json;
import io.tatara.runtime.Device;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** A trained classifier of images. Owns its weights: close it before the device. */
public final class Classifier implements AutoCloseable {
    /**
     * What a model's numbers mean; saved as {@code classes.json}.
     *
     * @param classes names by label
     * @param side rows and columns of pictures
     */
    public record Meaning(
            List<String> classes, int channels, int side, Normalization normalization) {
        static final String FILE = "classes.json";

        public Meaning {
            if (classes == null
                    || classes.isEmpty()
                    || normalization == null
                    || channels != 1 && channels != 3
                    || normalization.mean().size() != channels
                    || side < 1
                    || side > Images.LARGEST_SIDE) {
                throw new TataraException(
                        "classes %s, %d channels, side %d, %s do not go together"
                                .formatted(classes, channels, side, normalization));
            }
            classes = List.copyOf(classes);
        }

        static Meaning read(Path folder) {
            return Json.read(folder.resolve(FILE), Meaning.class);
        }

        static Meaning of(List<String> classes, Split split) {
            Images x = split.train();
            return new Meaning(classes, x.channels(), x.width(), split.normalization());
        }

        void write(Path folder) {
            Json.write(folder.resolve(FILE), this);
        }
    }

    /** A class and how probable it is, 0 … 1. */
    public record Answer(String name, int label, double probability) {}

    private final Device device;
    private final Meaning meaning;
    private final Inference network;

    private Classifier(Device device, Meaning meaning, Inference network) {
        this.device = device;
        this.meaning = meaning;
        this.network = network;
    }

    /**
     * Opens what a training run wrote.
     *
     * @param folder with {@code model.safetensors}, {@code config.json} and {@code classes.json}
     * @throws TataraException if a file is missing, damaged, or does not fit the others
     */
    public static Classifier load(Device device, Path folder) {
        ClassifierConfig config = ClassifierConfig.read(folder.resolve(ClassifierTraining.CONFIG));
        Meaning meaning = Meaning.read(folder);
        int side = meaning.side();
        Images none = new Images(meaning.channels(), side, side, new byte[0], new int[0]);
        return new Classifier(
                device,
                meaning,
                Inference.load(
                        device,
                        ClassifierTraining.network(config, none, meaning.classes().size()),
                        folder.resolve(ClassifierTraining.MODEL)));
    }

    public Meaning meaning() {
        return meaning;
    }

    /**
     * All classes for each picture, the most probable first.
     *
     * @throws TataraException if the pictures have another size
     */
    public List<List<Answer>> classify(Images pictures) {
        if (pictures.channels() != meaning.channels()
                || pictures.height() != meaning.side()
                || pictures.width() != meaning.side()) {
            throw new TataraException(
                    "the model takes pictures of %d x %d x %d, not %s"
                            .formatted(
                                    meaning.channels(),
                                    meaning.side(),
                                    meaning.side(),
                                    pictures.size()));
        }
        List<List<Answer>> all = new ArrayList<>();
        Scoring.each(
                device,
                network,
                meaning.normalization(),
                pictures,
                (i, logits, at, classes) -> {
                    List<Answer> answers = new ArrayList<>();
                    for (int c = 0; c < classes; c++) {
                        double p = Math.exp(Scoring.logProbability(logits, at, classes, c));
                        if (Double.isNaN(p)) {
                            throw new TataraException(
                                    "the model gives no numbers: its weights are damaged");
                        }
                        answers.add(new Answer(meaning.classes().get(c), c, p));
                    }
                    answers.sort(Comparator.comparingDouble(Answer::probability).reversed());
                    all.add(answers);
                });
        return all;
    }

    /**
     * The classes of a JPEG, PNG, GIF or BMP file, the most probable first; it is scaled to the
     * model's size.
     *
     * @throws TataraException if the file is missing or no picture
     */
    public List<Answer> classify(Path file) {
        byte[] data;
        try {
            data = Files.readAllBytes(file);
        } catch (IOException e) {
            throw new ImageFormatException("picture " + file + " cannot be read: " + e, e);
        }
        int side = meaning.side();
        Picture p = Picture.decode(file.toString(), data).scaled(side, side);
        byte[] pixels = new byte[meaning.channels() * side * side];
        p.write(pixels, 0, meaning.channels() == 1);
        return classify(new Images(meaning.channels(), side, side, pixels, new int[1])).getFirst();
    }

    @Override
    public void close() {
        network.close();
    }
}
