package io.tatara.models.translator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.tatara.kernels.TataraException;
import io.tatara.models.OnJvm;
import io.tatara.models.demo.DemoTask;
import io.tatara.models.nn.Cell;
import io.tatara.models.nn.Score;
import io.tatara.models.train.EpochRecord;
import io.tatara.models.train.Json;
import io.tatara.models.train.StopRequest;
import io.tatara.models.train.TrainingException;
import io.tatara.models.train.TrainingListener;
import io.tatara.runtime.io.HostTensor;
import io.tatara.runtime.io.Safetensors;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TranslatorTrainingTest extends OnJvm {
    @TempDir static Path dir;
    private static Path data;

    @BeforeAll
    static void data() {
        data = dir.resolve("data");
        DemoTask.write(data, DemoTask.phrases(5, 600, 40, 40));
    }

    private static TranslatorConfig tiny() {
        return TranslatorConfig.defaults()
                .merged(
                        Map.of(
                                "embedding",
                                24,
                                "hidden",
                                24,
                                "batch",
                                16,
                                "pool",
                                4,
                                "epochs",
                                2,
                                "warmup",
                                4,
                                "learningRate",
                                0.02,
                                "beam",
                                2,
                                "samples",
                                1,
                                "labelSmoothing",
                                0));
    }

    private static TranslatorTraining.Result train(
            TranslatorConfig c, Path out, boolean resume, StopRequest stop, TrainingListener l) {
        return TranslatorTraining.run(device, c, data, out, resume, l, stop);
    }

    @ParameterizedTest
    @CsvSource({
        "gru,none,true",
        "lstm,additive,true",
        "gru,multiplicative,false",
        "rnn,none,false"
    })
    void lossFallsAndEveryFileIsWritten(String cell, String attention, boolean bidirectional) {
        TranslatorConfig c =
                tiny().with("epochs", 3)
                        .with("cell", cell)
                        .with("attention", attention)
                        .with("bidirectional", bidirectional);
        Path out = dir.resolve(cell + attention);
        TranslatorTraining.Result r =
                train(c, out, false, new StopRequest(), TrainingListener.NONE);
        assertThat(r.finished()).isTrue();
        assertThat(r.history().get(2).trainLoss()).isLessThan(0.9 * r.history().get(0).trainLoss());
        assertThat(r.history().get(2).metrics().get("devLoss")).isLessThan(3.2);
        for (String name :
                List.of(
                        "model.safetensors",
                        "config.json",
                        "source.vocab",
                        "target.vocab",
                        "history.json",
                        "curves.png",
                        "samples.txt")) {
            assertThat(out.resolve(name)).exists();
        }
        assertThat(Files.exists(out.resolve("attention.png"))).isEqualTo(!attention.equals("none"));
        try (Translator t = Translator.load(device, out)) {
            Translation x = t.translate("Twenty-three cats at half past nine");
            assertThat(x.source()).contains("half", "past");
            if (x.attention() != null) {
                assertThat(x.attention()).hasNumberOfRows(x.words().size());
            }
            assertThatThrownBy(() -> t.translate("  "))
                    .isInstanceOf(TataraException.class)
                    .hasMessageContaining("no words");
        }
    }

    /**
     * In bfloat16 the loss falls as in float32, by a path of its own; TF32 is strict float32 here.
     */
    @ParameterizedTest
    @CsvSource({"lstm,additive", "gru,multiplicative"})
    void stepsInBfloat16TrainAsWell(String cell, String attention) {
        TranslatorConfig c = tiny().with("cell", cell).with("attention", attention);
        List<EpochRecord> full = history(c, "full");
        List<EpochRecord> brain = history(c.with("precision", "bfloat16"), "brain");
        assertThat(brain.get(1).trainLoss()).isLessThan(0.9 * brain.get(0).trainLoss());
        for (int i = 0; i < 2; i++) {
            assertThat(brain.get(i).trainLoss())
                    .isCloseTo(full.get(i).trainLoss(), within(0.1))
                    .isNotEqualTo(full.get(i).trainLoss());
        }
        List<EpochRecord> tf32 = history(c.with("precision", "tf32").with("epochs", 1), "tf32");
        assertThat(tf32.getFirst().trainLoss())
                .isEqualTo(history(c.with("epochs", 1), "one").getFirst().trainLoss());
    }

    /**
     * In float16 with a scaled loss too; the steps that overflow while the scale is still too large
     * are skipped. The run goes on from a checkpoint with the scale it had.
     */
    @Test
    void stepsInFloat16TrainAsWell() {
        TranslatorConfig c = tiny().with("cell", "gru").with("attention", "none");
        List<EpochRecord> full = history(c, "full16");
        List<EpochRecord> half =
                history(
                        c.with("precision", "float16").with("schedule", "constant,warmup=4"),
                        "half");
        assertThat(half.get(1).trainLoss()).isLessThan(0.9 * half.get(0).trainLoss());
        assertThat(half.get(1).trainLoss())
                .isCloseTo(full.get(1).trainLoss(), within(0.3))
                .isNotEqualTo(full.get(1).trainLoss());
        assertThat(half.get(1).learningRate()).isEqualTo(c.learningRate());
        assertThat(Safetensors.read(dir.resolve("halfGRU/checkpoint/last.safetensors")).tensors())
                .containsKey("optimizer.lossScale");
    }

    private List<EpochRecord> history(TranslatorConfig c, String name) {
        Path out = dir.resolve(name + c.cell());
        return train(c, out, false, new StopRequest(), TrainingListener.NONE).history();
    }

    /** Stops at every look at the losses, and takes the run up again each time. */
    @Test
    void aRunTakenUpAgainGivesTheSameNumbers() {
        TranslatorConfig c = tiny().with("checkpointEvery", 10);
        TranslatorTraining.Result whole =
                train(c, dir.resolve("whole"), false, new StopRequest(), TrainingListener.NONE);
        TranslatorTraining.Result r = null;
        int runs = 0;
        while (r == null || !r.finished()) {
            StopRequest stop = new StopRequest();
            TrainingListener raising =
                    new TrainingListener() {
                        @Override
                        public void progressed(int batch, int batches, double loss) {
                            stop.raise();
                        }
                    };
            r = train(c, dir.resolve("parts"), runs > 0, stop, raising);
            runs++;
            assertThat(runs).isLessThan(30);
        }
        assertThat(runs).isGreaterThan(4);
        assertThat(r.history().stream().map(TranslatorTrainingTest::numbers).toList())
                .isEqualTo(whole.history().stream().map(TranslatorTrainingTest::numbers).toList());
        assertThat(r.testBleu()).isEqualTo(whole.testBleu());
        assertThat(dir.resolve("parts/model.safetensors"))
                .hasSameBinaryContentAs(dir.resolve("whole/model.safetensors"));
    }

    /** All but the time it took. */
    private static List<Object> numbers(EpochRecord r) {
        return List.of(r.epoch(), r.steps(), r.learningRate(), r.trainLoss(), r.metrics());
    }

    @Test
    void otherSettingsCannotResume() {
        Path out = dir.resolve("settings");
        StopRequest stop = new StopRequest();
        stop.raise();
        assertThat(train(tiny(), out, false, stop, TrainingListener.NONE).finished()).isFalse();
        assertThatThrownBy(() ->
                        train(
                                tiny().with("hidden", 32),
                                out,
                                true,
                                new StopRequest(),
                                TrainingListener.NONE))
                .hasMessageContaining("hidden 24 / 32");
    }

    @Test
    void otherDataCannotResume() {
        Path out = dir.resolve("others");
        StopRequest stop = new StopRequest();
        stop.raise();
        train(tiny(), out, false, stop, TrainingListener.NONE);
        Path other = dir.resolve("other");
        DemoTask.write(other, DemoTask.phrases(6, 600, 40, 40));
        assertThatThrownBy(() ->
                        TranslatorTraining.run(
                                device,
                                tiny(),
                                other,
                                out,
                                true,
                                TrainingListener.NONE,
                                new StopRequest()))
                .isInstanceOf(TrainingException.class)
                .hasMessageContaining("other data");
    }

    /** The loss before the only step is a number, what the step leaves behind is none. */
    @Test
    void weightsThatDivergeInAnEpochsLastStepSaySo() {
        TranslatorConfig c =
                tiny().with("batch", 1000).with("learningRate", 3e38).with("schedule", "constant");
        assertThatThrownBy(() ->
                        train(
                                c,
                                dir.resolve("diverged"),
                                false,
                                new StopRequest(),
                                TrainingListener.NONE))
                .isInstanceOf(TrainingException.class)
                .hasMessageContaining("lower learning rate");
    }

    @Test
    void settingsAreCheckedAndComeBack() throws Exception {
        TranslatorConfig c =
                tiny().with("cell", "gru")
                        .with("attention", Score.MULTIPLICATIVE)
                        .with("precision", "bfloat16")
                        .with("dropout", "0.25");
        assertThat(c.cell()).isEqualTo(Cell.GRU);
        assertThat(c.dropout()).isEqualTo(0.25);
        Path file = dir.resolve("c.json");
        Json.write(file, c);
        assertThat(TranslatorConfig.read(file)).isEqualTo(c);
        Files.writeString(file, "{\"epochs\": 3, \"cell\": \"rnn\"}");
        assertThat(TranslatorConfig.read(file))
                .isEqualTo(TranslatorConfig.defaults().with("epochs", 3).with("cell", "RNN"));
        assertThatThrownBy(() -> c.with("schedule", "cosin"))
                .isInstanceOf(TataraException.class)
                .hasMessageContaining("cosin");
        assertThatThrownBy(() -> c.with("hiden", 3))
                .isInstanceOf(TataraException.class)
                .hasMessageContaining("no field hiden");
        assertThatThrownBy(() -> c.with("hidden", "many"))
                .isInstanceOf(TataraException.class)
                .hasMessageContaining("hidden");
        assertThatThrownBy(() -> c.with("cell", "gruu"))
                .isInstanceOf(TataraException.class)
                .hasMessageContaining("gruu");
        assertThatThrownBy(() -> c.with("precision", "float17"))
                .isInstanceOf(TataraException.class)
                .hasMessageContaining("FLOAT17");
        assertThatThrownBy(() -> c.with("dropout", 1))
                .isInstanceOf(TataraException.class)
                .hasMessageContaining("dropout");
        Files.writeString(file, "{\"epochs\": ");
        assertThatThrownBy(() -> TranslatorConfig.read(file))
                .isInstanceOf(TataraException.class)
                .hasMessageContaining("c.json");
        Files.writeString(file, "null");
        assertThatThrownBy(() -> TranslatorConfig.read(file))
                .isInstanceOf(TataraException.class)
                .hasMessageContaining("c.json");
        Files.writeString(file, "{\"epochs\": 2.7}");
        assertThatThrownBy(() -> TranslatorConfig.read(file))
                .isInstanceOf(TataraException.class)
                .hasMessageContaining("c.json");
        for (String field : List.of("learningRate", "weightDecay", "clip", "lengthPenalty")) {
            assertThatThrownBy(() -> c.with(field, Double.POSITIVE_INFINITY))
                    .isInstanceOf(TataraException.class)
                    .hasMessageContaining(field);
        }
        Files.writeString(file, "[1]");
        assertThatThrownBy(() -> TranslatorConfig.read(file))
                .isInstanceOf(TataraException.class)
                .hasMessageContaining("c.json");
    }

    @Test
    void damagedModelsAreRefused() throws Exception {
        Path out = dir.resolve("damaged");
        train(tiny().with("epochs", 1), out, false, new StopRequest(), TrainingListener.NONE);
        Files.copy(out.resolve("source.vocab"), out.resolve("keep"));
        Files.writeString(out.resolve("source.vocab"), "<unk>\n<s>\n</s>\na\n");
        assertThatThrownBy(() -> Translator.load(device, out))
                .isInstanceOf(TataraException.class)
                .hasMessageContaining("encoder.embedding.weight");
        Files.copy(
                out.resolve("keep"),
                out.resolve("source.vocab"),
                StandardCopyOption.REPLACE_EXISTING);
        Path weights = out.resolve("model.safetensors");
        byte[] model = Files.readAllBytes(weights);
        Map<String, HostTensor> tensors = new LinkedHashMap<>(Safetensors.read(weights).tensors());
        tensors.computeIfPresent(
                "output.bias",
                (name, t) -> {
                    float[] v = new float[t.floats().length];
                    Arrays.fill(v, Float.NaN);
                    return HostTensor.of(v, v.length);
                });
        Safetensors.write(weights, tensors, Map.of());
        try (Translator t = Translator.load(device, out)) {
            assertThatThrownBy(() -> t.translate("one cat"))
                    .isInstanceOf(TataraException.class)
                    .hasMessageContaining("damaged");
        }
        Files.write(out.resolve("model.safetensors"), Arrays.copyOf(model, model.length / 2));
        assertThatThrownBy(() -> Translator.load(device, out)).isInstanceOf(TataraException.class);
        assertThatThrownBy(() -> Translator.load(device, dir.resolve("nowhere")))
                .isInstanceOf(TataraException.class)
                .hasMessageContaining("config.json");
    }
}
