package io.tatara.models.vision;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.tatara.kernels.TataraException;
import io.tatara.models.train.EpochRecord;
import io.tatara.models.train.StopRequest;
import io.tatara.models.train.TrainingException;
import io.tatara.models.train.TrainingListener;
import io.tatara.runtime.Device;
import io.tatara.runtime.Tatara;
import io.tatara.runtime.io.HostTensor;
import io.tatara.runtime.io.Safetensors;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ClassifierTrainingTest {
    private static final ImageData DATA =
            new ImageData(
                    Samples.quarters(460, 1),
                    Samples.quarters(200, 2),
                    List.of("top left", "top right", "bottom left", "bottom right"));

    private static final ClassifierConfig CONFIG =
            ClassifierConfig.defaults()
                    .merged(
                            Map.of(
                                    "model",
                                    "resnet-8",
                                    "epochs",
                                    3,
                                    "batch",
                                    25,
                                    "learningRate",
                                    0.05,
                                    "shift",
                                    0,
                                    "flip",
                                    false,
                                    "validation",
                                    60));

    @TempDir private Path folder;

    private static ClassifierTraining.Result run(
            ClassifierConfig c, Path out, boolean resume, StopRequest stop, TrainingListener l) {
        try (Device device = Tatara.open("jvm")) {
            return ClassifierTraining.run(device, c, DATA, out, resume, l, stop);
        }
    }

    private static ClassifierTraining.Result run(ClassifierConfig c, Path out) {
        return run(c, out, false, new StopRequest(), TrainingListener.NONE);
    }

    @Test
    void learnsWhatCanBeLearnedAndIsLoadedAgain() throws Exception {
        ClassifierTraining.Result r = run(CONFIG, folder);
        assertThat(r.finished()).isTrue();
        assertThat(r.testAccuracy()).isGreaterThan(0.97);
        assertThat(r.confusion().total()).isEqualTo(200);
        assertThat(r.history()).hasSize(3);
        assertThat(r.history().getLast().trainLoss()).isLessThan(0.3);
        for (String file :
                List.of("curves.png", "confusion.png", "confusion.txt", "history.json")) {
            assertThat(folder.resolve(file)).isNotEmptyFile();
        }
        assertThat(Safetensors.read(folder.resolve("model.safetensors")).tensors().keySet())
                .contains(
                        "conv1.weight",
                        "bn1.running_mean",
                        "layer2.0.bn2.running_var",
                        "linear.weight",
                        "linear.bias");
        try (Device device = Tatara.open("jvm");
                Classifier c = Classifier.load(device, folder)) {
            Images test = DATA.test();
            List<List<Classifier.Answer>> answers = c.classify(test);
            int right = 0;
            for (int i = 0; i < test.count(); i++) {
                double sum = answers.get(i).stream().mapToDouble(a -> a.probability()).sum();
                assertThat(sum).isCloseTo(1, within(1e-6));
                right += answers.get(i).getFirst().label() == test.labels()[i] ? 1 : 0;
            }
            assertThat(right).isEqualTo(r.confusion().right());
            Path file = folder.resolve("grey.png");
            Files.write(file, Samples.picture("png", 20, 10, 0x808080));
            assertThat(c.classify(file)).hasSize(4);
            Images colour = new Images(3, 8, 8, new byte[192], new int[1]);
            assertThatThrownBy(() -> c.classify(colour)).hasMessageContaining("3 x 8 x 8");
            assertThatThrownBy(() -> c.classify(folder.resolve("none.png")))
                    .hasMessageContaining("none.png");
        }
    }

    @Test
    void aRunTakenUpGivesTheNumbersOfOneThatWasNotStopped() {
        ClassifierConfig c =
                CONFIG.merged(
                        Map.of(
                                "model",
                                "mobilenet-v2",
                                "options",
                                Map.of("width", "0.1", "first-stride", "1"),
                                "epochs",
                                2,
                                "shift",
                                1,
                                "labelSmoothing",
                                0.1));
        ClassifierTraining.Result whole = run(c, folder.resolve("whole"));
        Path parts = folder.resolve("parts");
        StopRequest stop = new StopRequest();
        // Losses are looked at after 16 steps: in the middle of the first epoch.
        TrainingListener stopping =
                new TrainingListener() {
                    @Override
                    public void progressed(int batch, int batches, double loss) {
                        stop.raise();
                    }
                };
        ClassifierTraining.Result stopped = run(c, parts, false, stop, stopping);
        assertThat(stopped.finished()).isFalse();
        assertThat(stopped.testAccuracy()).isNaN();
        assertThatThrownBy(() ->
                        run(
                                c.with("batch", 20),
                                parts,
                                true,
                                new StopRequest(),
                                TrainingListener.NONE))
                .isInstanceOf(TrainingException.class)
                .hasMessageContaining("batch 25 / 20");
        ImageData other = new ImageData(DATA.test(), DATA.test(), DATA.classes());
        try (Device device = Tatara.open("jvm")) {
            assertThatThrownBy(() ->
                            ClassifierTraining.run(
                                    device,
                                    c,
                                    other,
                                    parts,
                                    true,
                                    TrainingListener.NONE,
                                    new StopRequest()))
                    .isInstanceOf(TrainingException.class)
                    .hasMessageContaining("other pictures");
        }
        ClassifierTraining.Result resumed =
                run(c, parts, true, new StopRequest(), TrainingListener.NONE);
        assertThat(resumed.history().stream().map(EpochRecord::metrics).toList())
                .isEqualTo(whole.history().stream().map(EpochRecord::metrics).toList());
        var a = Safetensors.read(folder.resolve("whole/model.safetensors")).tensors();
        var b = Safetensors.read(folder.resolve("parts/model.safetensors")).tensors();
        assertThat(b.keySet()).isEqualTo(a.keySet());
        a.forEach((name, t) -> assertThat(b.get(name).floats()).as(name).isEqualTo(t.floats()));
        assertThat(resumed.testLoss()).isEqualTo(whole.testLoss());
    }

    @Test
    void aDenseNetLearnsToo() {
        ClassifierConfig c = CONFIG.with("model", "densenet-bc-16-8").with("learningRate", 0.1);
        ClassifierTraining.Result r = run(c, folder);
        assertThat(r.testAccuracy()).isGreaterThan(0.97);
        assertThat(r.history().getLast().trainLoss()).isLessThan(0.3);
    }

    @Test
    void damagedModelsAreRefused() {
        run(CONFIG.with("images", 85), folder);
        Path model = folder.resolve("model.safetensors");
        Map<String, HostTensor> weights = Safetensors.read(model).tensors();
        Map<String, HostTensor> changed = new LinkedHashMap<>(weights);
        changed.put("linear.bias", HostTensor.of(new float[] {1, 2, Float.NaN, 4}, 4));
        Safetensors.write(model, changed, Map.of());
        try (Device device = Tatara.open("jvm");
                Classifier c = Classifier.load(device, folder)) {
            assertThatThrownBy(() -> c.classify(DATA.test()))
                    .isInstanceOf(TataraException.class)
                    .hasMessageContaining("damaged");
            changed.remove("linear.bias");
            Safetensors.write(model, changed, Map.of());
            assertThatThrownBy(() -> Classifier.load(device, folder))
                    .isInstanceOf(TataraException.class)
                    .hasMessageContaining(model.toString())
                    .hasMessageContaining("linear.bias");
        }
    }

    @Test
    void aRunThatDivergesSaysSo() {
        assertThatThrownBy(() ->
                        run(CONFIG.with("learningRate", 1e20).with("warmupEpochs", 0), folder))
                .isInstanceOf(TrainingException.class)
                .hasMessageContaining("the loss is")
                .hasMessageContaining("learning rate");
        assertThat(folder.resolve("model.safetensors")).doesNotExist();
    }

    @Test
    void whatCannotBeIsSaidBeforeTraining() {
        assertThatThrownBy(() -> run(CONFIG.with("model", "vgg-16"), folder))
                .hasMessageContaining("vgg-16");
        assertThatThrownBy(() -> run(CONFIG.with("options", Map.of("depth", "3")), folder))
                .hasMessageContaining("depth");
        assertThatThrownBy(() -> run(CONFIG.with("options", Map.of("classes", "7")), folder))
                .hasMessageContaining("7");
        assertThatThrownBy(() -> run(CONFIG.with("model", "wavenet"), folder))
                .isInstanceOf(TataraException.class);
        assertThatThrownBy(() -> run(CONFIG.with("validation", 460), folder))
                .hasMessageContaining("460");
        assertThatThrownBy(() ->
                        run(
                                CONFIG,
                                folder.resolve("new"),
                                true,
                                new StopRequest(),
                                TrainingListener.NONE))
                .hasMessageContaining("nothing to resume");
        assertThat(folder.resolve("config.json")).doesNotExist();
    }

    @Test
    void settingsAreChecked() {
        ClassifierConfig c = ClassifierConfig.defaults();
        for (Map.Entry<String, Object> e :
                Map.<String, Object>ofEntries(
                                Map.entry("epochs", 0),
                                Map.entry("batch", 1),
                                Map.entry("optimizer", "lion"),
                                Map.entry("learningRate", 0),
                                Map.entry("momentum", 1),
                                Map.entry("weightDecay", -1),
                                Map.entry("schedule", "zigzag"),
                                Map.entry("warmupEpochs", 15),
                                Map.entry("labelSmoothing", 1.0),
                                Map.entry("clip", -1),
                                Map.entry("shift", Integer.MAX_VALUE),
                                Map.entry("flip", "perhaps"),
                                Map.entry("images", 900),
                                Map.entry("validation", 0),
                                Map.entry("checkpointEvery", -1),
                                Map.entry("model", " "),
                                Map.entry("seed", "x"))
                        .entrySet()) {
            assertThatThrownBy(() -> c.with(e.getKey(), e.getValue()))
                    .as(e.toString())
                    .isInstanceOf(TataraException.class)
                    .hasMessageContaining(e.getKey());
        }
        assertThatThrownBy(() -> c.with("epochs", 1))
                .hasMessageContaining("less than the 1 epochs");
        assertThatThrownBy(() -> c.with("widht", 1)).hasMessageContaining("widht");
        for (String field : List.of("learningRate", "weightDecay", "clip")) {
            // Finite, but not as float32.
            assertThatThrownBy(() -> c.with(field, 1e39)).hasMessageContaining(field);
        }
        assertThatThrownBy(() -> c.with("shift", -1)).hasMessageContaining("shift");
    }

    @Test
    void theStepScheduleFallsAtAHalfAndAtThreeQuarters() {
        var s = CONFIG.with("schedule", "step").with("warmupEpochs", 0).rates(100);
        assertThat(s.at(49, 100)).isEqualTo(0.05);
        assertThat(s.at(50, 100)).isCloseTo(0.005, within(1e-12));
        assertThat(s.at(75, 100)).isCloseTo(0.0005, within(1e-12));
        var w = CONFIG.with("warmupEpochs", 0.5).rates(10);
        assertThat(w.at(0, 30)).isCloseTo(0.01, within(1e-12));
        assertThat(w.at(4, 30)).isCloseTo(0.05, within(1e-12));
    }

    @Test
    void aConfusionMatrixCounts() {
        ConfusionMatrix m =
                ConfusionMatrix.of(
                        List.of("a", "b", "c"),
                        new int[] {0, 0, 1, 1, 1},
                        new int[] {0, 1, 1, 1, 2});
        assertThat(m.counts()).isDeepEqualTo(new int[][] {{1, 1, 0}, {0, 2, 1}, {0, 0, 0}});
        assertThat(m.accuracy()).isEqualTo(0.6);
        assertThat(m.recall(1)).isCloseTo(2.0 / 3, within(1e-12));
        assertThat(m.precision(1)).isCloseTo(2.0 / 3, within(1e-12));
        assertThat(m.recall(2)).isNaN();
        assertThat(m.text()).contains("0 a", "3 of 5 right: 0.6000");
    }
}
