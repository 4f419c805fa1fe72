package io.tatara.models.wavenet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.tatara.kernels.DType;
import io.tatara.kernels.TataraException;
import io.tatara.models.OnJvm;
import io.tatara.models.audio.Sound;
import io.tatara.models.audio.Wav;
import io.tatara.models.network.ModelZoo;
import io.tatara.models.nn.Parameters;
import io.tatara.models.train.EpochRecord;
import io.tatara.models.train.StopRequest;
import io.tatara.models.train.TrainingListener;
import io.tatara.runtime.Scope;
import io.tatara.runtime.Tensor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WaveNetTrainingTest extends OnJvm {
    private static final int RATE = 1000;

    @TempDir static Path dir;
    private static Path data;

    /**
     * Sines of two pitches at two volumes, of 8 and 4 samples a period: name PITCH_VOLUME_NUMBER.
     */
    @BeforeAll
    static void data() throws Exception {
        data = dir.resolve("data");
        for (int i = 0; i < 12; i++) {
            int pitch = i % 2 == 0 ? 125 : 250;
            String volume = i % 4 < 2 ? "soft" : "loud";
            float[] x = new float[200 + 20 * (i % 5)];
            double phase = (pitch == 125 ? 1 : 9) / 16.0;
            for (int t = 0; t < x.length; t++) {
                double turn = phase + pitch * t / (double) RATE;
                x[t] = (float) ((i % 4 < 2 ? 0.1 : 0.8) * Math.sin(2 * Math.PI * turn));
            }
            Path file = data.resolve(i % 3 + "/" + pitch + "_" + volume + "_" + i + ".wav");
            Wav.write(file, new Sound(x, RATE));
        }
        Wav.write(data.resolve("125_soft_silence.wav"), new Sound(new float[300], RATE));
        Wav.write(data.resolve("125_soft_empty.WAV"), new Sound(new float[0], RATE));
        Files.writeString(data.resolve("README.txt"), "no sound");
    }

    private static WaveNetConfig tiny() {
        return WaveNetConfig.defaults()
                .merged(
                        Map.of(
                                "layers",
                                4,
                                "residual",
                                12,
                                "skip",
                                16,
                                "levels",
                                64,
                                "batch",
                                2,
                                "pool",
                                2,
                                "crop",
                                120,
                                "epochs",
                                2,
                                "condition",
                                "(\\d+)_([a-z]+)_",
                                "heldOut",
                                "_1?[01]\\.wav$"))
                .merged(Map.of("learningRate", 0.01, "schedule", "constant", "average", 0.8));
    }

    private static WaveNetTraining.Result train(
            WaveNetConfig c, Path out, boolean resume, StopRequest stop, TrainingListener l) {
        return WaveNetTraining.run(device, c, data, out, resume, l, stop);
    }

    /** Whoever heeds the label is never in doubt. */
    @Test
    void learnsASineAndSaysIt() {
        WaveNetConfig c = tiny().with("epochs", 16);
        Path out = dir.resolve("sine");
        List<String> notes = new ArrayList<>();
        TrainingListener l =
                new TrainingListener() {
                    @Override
                    public void note(String message) {
                        notes.add(message);
                    }
                };
        WaveNetTraining.Result r = train(c, out, false, new StopRequest(), l);
        assertThat(r.finished()).isTrue();
        assertThat(r.heldOutLoss()).isLessThan(0.5);
        assertThat(r.history().getFirst().metrics().get("heldOutLoss")).isGreaterThan(1);
        assertThat(notes.get(0)).isEqualTo("2 recordings without sound are left out");
        assertThat(notes.get(1)).contains("8 recordings", "4 (", "[125, 250]", "[loud, soft]");
        for (String name :
                List.of(
                        "model.safetensors",
                        "config.json",
                        "data.json",
                        "history.json",
                        "curves.png")) {
            assertThat(out.resolve(name)).exists();
        }
        try (WaveNetGenerator g = WaveNetGenerator.load(device, out)) {
            Sound s = g.generate(List.of("250", "loud"), 0.6, 0.5, 4);
            assertThat(s.rate()).isEqualTo(RATE);
            assertThat(s.samples()).hasSize(600);
            assertThat(s.peak()).isGreaterThan(0.4f);
            assertThat(pitch(s)).isCloseTo(250, within(12.0));
            assertThatThrownBy(() ->
                            g.generate(
                                    List.of(List.of("250", "loud")),
                                    0.1,
                                    Sampling.of(1, 1).withGuidance(2),
                                    t -> true))
                    .hasMessageContaining("guidance: given 2.0")
                    .hasMessageContaining("labelDropout 0");
            Sound deep = g.generate(List.of("125", "loud"), 0.6, 0.5, 4);
            assertThat(pitch(deep)).isCloseTo(125, within(12.0));
            assertThat(g.generate(List.of("250", "loud"), 0.6, 0.5, 4).samples())
                    .isEqualTo(s.samples());
            assertThat(g.generate(List.of("250", "loud"), 0.6, 8, 5).samples())
                    .isNotEqualTo(g.generate(List.of("250", "loud"), 0.6, 8, 4).samples());
            List<List<String>> two = List.of(List.of("250", "loud"), List.of("125", "soft"));
            Sound[] both = g.generate(two, 0.6, Sampling.of(0.5, 4), t -> t < 100);
            assertThat(both[0].samples()).isEqualTo(Arrays.copyOf(s.samples(), 100));
            assertThat(both[1].peak()).isBetween(0.02f, 0.4f);
            refuses(g);
        }
        assertThatThrownBy(() -> WaveNetGenerator.load(device, out, DType.INT32))
                .isInstanceOf(TataraException.class)
                .hasMessageContaining("weights in int32");
    }

    /** Steps that change nothing leave the loss as it was; noise's table is no hindrance. */
    @Test
    void beginsWithTheWeightsOfAnother() {
        Path first = dir.resolve("first");
        double loss =
                train(
                                tiny().with("epochs", 2),
                                first,
                                false,
                                new StopRequest(),
                                TrainingListener.NONE)
                        .heldOutLoss();
        WaveNetConfig still = tiny().merged(Map.of("epochs", 1, "learningRate", 1e-9, "noise", 1));
        assertThat(begin(still, first).heldOutLoss()).isCloseTo(loss, within(1e-5));
        assertThat(begin(tiny().with("epochs", 2), first).heldOutLoss()).isLessThan(loss);
        assertThatThrownBy(() -> begin(tiny().with("layers", 3), first))
                .isInstanceOf(TataraException.class)
                .hasMessageContaining("begin: ")
                .hasMessageContaining("[layers ");
        assertThatThrownBy(() -> begin(tiny().with("condition", "^([0-9]+)"), first))
                .isInstanceOf(TataraException.class)
                .hasMessageContaining("begin: ")
                .hasMessageContaining("[125, 250]");
    }

    private static WaveNetTraining.Result begin(WaveNetConfig c, Path first) {
        return WaveNetTraining.run(
                device,
                c,
                data,
                first,
                dir.resolve("begun with " + c.hashCode()),
                false,
                TrainingListener.NONE,
                new StopRequest());
    }

    private static void refuses(WaveNetGenerator g) {
        assertThatThrownBy(() -> g.generate(List.of("60", "loud"), 1, 1, 1))
                .isInstanceOf(TataraException.class)
                .hasMessageContaining("60,loud")
                .hasMessageContaining("[125, 250]");
        assertThatThrownBy(() -> g.generate(List.of("125"), 1, 1, 1))
                .hasMessageContaining("one of each");
        for (double seconds : new double[] {0, -1, Double.NaN, 1e12}) {
            assertThatThrownBy(() -> g.generate(List.of("125", "soft"), seconds, 1, 1))
                    .isInstanceOf(TataraException.class)
                    .hasMessageContaining("seconds");
        }
        assertThatThrownBy(() -> g.generate(List.of("125", "soft"), 1, -0.1, 1))
                .isInstanceOf(TataraException.class)
                .hasMessageContaining("temperature");
    }

    /** Rises of a sound through the middle third of its range, a second. */
    private static double pitch(Sound s) {
        float third = s.peak() / 3;
        int rises = 0;
        boolean low = false;
        for (float x : s.samples()) {
            rises += low && x > third ? 1 : 0;
            low = x < -third || (low && x <= third);
        }
        return rises / s.seconds();
    }

    /** One sample at a time, through the queues, gives the logits of the whole at once. */
    @ParameterizedTest
    @CsvSource({
        "2,3,1,true,false",
        "2,4,2,false,false",
        "3,2,3,true,false",
        "1,2,2,false,false",
        "2,3,1,false,true",
        "3,2,2,true,true"
    })
    void stepsGiveTheLogitsOfTheWhole(
            int kernel, int layers, int stacks, boolean conditioned, boolean prediction) {
        WaveNetConfig c =
                tiny().with("kernel", kernel)
                        .with("layers", layers)
                        .with("stacks", stacks)
                        .with("positions", kernel == 3 ? 5 : 0)
                        .with("prediction", prediction);
        int n = 3;
        int t = 50;
        SplittableRandom random = new SplittableRandom(kernel);
        int[][] factors = conditioned ? new int[][] {{0, 2}, {1, 3}, {1, 2}} : new int[n][0];
        List<Recording> recordings = new ArrayList<>();
        for (int i = 0; i < n; i++) {
            char[] levels = new char[t];
            for (int j = 0; j < t; j++) {
                levels[j] = (char) random.nextInt(c.levels());
            }
            recordings.add(new Recording("r" + i, levels, factors[i]));
        }
        try (Parameters p = new Parameters(device, 7);
                Scope scope = device.scope()) {
            WaveNetModel model = new WaveNetModel(p, c, conditioned ? 4 : 0);
            for (Tensor w : p.tensors()) {
                // Biases begin as zeros, behind which a mistake could hide.
                float[] v = w.toFloats();
                for (int i = 0; i < v.length; i++) {
                    v[i] += (float) (0.1 * random.nextGaussian());
                }
                w.write(v);
            }
            WindowBatch b =
                    WindowBatch.of(
                            c,
                            recordings.stream()
                                    .map(r -> new Recording.Window(r, 0, 0, t))
                                    .toList());
            Tensor ids = scope.tensor(b.ids(), n, t, b.columns());
            Tensor rows = conditioned ? scope.tensor(b.factors(), n, 2) : null;
            Tensor expected = b.expected(scope);
            float[] whole = model.forward(scope.ops(), scope, ids, expected, rows).toFloats();
            List<Told> told = Arrays.stream(factors).map(Told::of).toList();
            Steps steps = new Steps(c, model, DType.FLOAT32, scope, told, t, Sampling.of(0, 0));
            Steps bfloat = new Steps(c, model, DType.BFLOAT16, scope, told, t, Sampling.of(0, 0));
            Steps half = new Steps(c, model, DType.FLOAT16, scope, told, t, Sampling.of(0, 0));
            int[] levels = null;
            for (int j = 0; j < t; j++) {
                float[] logits = steps.next(levels);
                assertThat(apart(bfloat.next(levels), logits)).isBetween(1e-5, 0.02);
                assertThat(apart(half.next(levels), logits)).isBetween(1e-6, 0.0025);
                levels = new int[n];
                for (int i = 0; i < n; i++) {
                    levels[i] = recordings.get(i).levels()[j];
                    for (int k = 0; k < c.levels(); k++) {
                        assertThat(logits[i * c.levels() + k])
                                .isCloseTo(whole[(i * t + j) * c.levels() + k], within(2e-4f));
                    }
                }
            }
        }
    }

    /** ‖a − b‖ / ‖b‖. */
    private static double apart(float[] a, float[] b) {
        double error = 0;
        double all = 0;
        for (int i = 0; i < b.length; i++) {
            error += Math.pow(a[i] - b[i], 2);
            all += Math.pow(b[i], 2);
        }
        return Math.sqrt(error / all);
    }

    /** Windows with the receptive field before them judge each sample as the whole does. */
    @Test
    void windowsGiveTheLossOfTheWhole() {
        WaveNetConfig c = tiny();
        assertThat(c.receptiveField()).isEqualTo(32);
        List<String> notes = new ArrayList<>();
        Recordings r = Recordings.read(data, c, notes::add);
        try (Parameters p = new Parameters(device, 1)) {
            WaveNetModel model = new WaveNetModel(p, c, 4);
            double parts = loss(new WaveNetTask(device, c, model, r));
            WaveNetConfig large = c.with("crop", 1000).with("batch", 1);
            double whole = loss(new WaveNetTask(device, large, model, r));
            assertThat(parts).isCloseTo(whole, within(1e-5));
            assertThat(whole).isGreaterThan(2);
        }
        List<Recording.Window> windows = r.train().getFirst().windows(120, 32);
        assertThat(windows.size()).isGreaterThan(1);
        int next = 0;
        for (Recording.Window w : windows) {
            assertThat(w.first()).isEqualTo(next);
            assertThat(w.start()).isEqualTo(Math.max(0, next - 31));
            assertThat(w.length()).isLessThanOrEqualTo(120);
            next = w.end();
        }
        assertThat(next).isEqualTo(r.train().getFirst().levels().length);
    }

    private static double loss(WaveNetTask task) {
        return task.evaluate(0).metrics().get("heldOutLoss");
    }

    /** What a sample is predicted from ends before it. */
    @Test
    void nothingSeesTheFuture() {
        WaveNetConfig c = tiny();
        char[] levels = new char[60];
        Arrays.setAll(new int[60], i -> levels[i] = (char) (i * 7 % 64));
        char[] other = levels.clone();
        other[40] = 5;
        try (Parameters p = new Parameters(device, 1);
                Scope scope = device.scope()) {
            WaveNetModel model = new WaveNetModel(p, c, 0);
            float[] a = logits(c, model, scope, levels);
            float[] b = logits(c, model, scope, other);
            int first = Arrays.mismatch(a, b);
            assertThat(first / c.levels()).isEqualTo(41);
        }
    }

    private static float[] logits(WaveNetConfig c, WaveNetModel m, Scope scope, char[] levels) {
        Recording r = new Recording("r", levels, new int[0]);
        WindowBatch b = WindowBatch.of(c, List.of(new Recording.Window(r, 0, 0, levels.length)));
        Tensor ids = scope.tensor(b.ids(), 1, levels.length, c.kernel());
        return m.forward(scope.ops(), scope, ids, null, null).toFloats();
    }

    @Test
    void weightsAreThoseOfTheDescription() {
        WaveNetConfig c = WaveNetConfig.defaults().with("layers", 5).with("residual", 24);
        try (Parameters p = new Parameters(device, 1)) {
            new WaveNetModel(p, c, 0);
            assertThat(p.count())
                    .isEqualTo(
                            ModelZoo.of("wavenet", Map.of("layers", "5", "residual", "24"))
                                    .parameters());
        }
    }

    /** Stops at every look at the losses, and takes the run up again each time. */
    @Test
    void aRunTakenUpAgainGivesTheSameNumbers() {
        WaveNetConfig c =
                tiny().with("checkpointEvery", 3)
                        .with("dropout", 0.1)
                        .with("gain", 6)
                        .with("speed", 0.1)
                        .with("dither", 0.5);
        WaveNetTraining.Result whole =
                train(c, dir.resolve("whole"), false, new StopRequest(), TrainingListener.NONE);
        WaveNetTraining.Result r = null;
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
        assertThat(runs).isGreaterThan(3);
        assertThat(r.history().stream().map(WaveNetTrainingTest::numbers).toList())
                .isEqualTo(whole.history().stream().map(WaveNetTrainingTest::numbers).toList());
        for (String file : List.of("model.safetensors", "checkpoint/best.safetensors")) {
            assertThat(dir.resolve("parts").resolve(file))
                    .hasSameBinaryContentAs(dir.resolve("whole").resolve(file));
        }
        assertThatThrownBy(() ->
                        train(
                                c.with("skip", 8),
                                dir.resolve("parts"),
                                true,
                                new StopRequest(),
                                TrainingListener.NONE))
                .isInstanceOf(TataraException.class)
                .hasMessageContaining("skip 16 / 8");
        Path other = dir.resolve("other");
        for (int i = 1; i < 3; i++) {
            Path file = other.resolve("60_loud_" + i + ".wav");
            Wav.write(file, new Sound(new float[] {0.5f, -0.5f, 0.5f}, RATE));
        }
        assertThatThrownBy(() ->
                        WaveNetTraining.run(
                                device,
                                c,
                                other,
                                dir.resolve("parts"),
                                true,
                                TrainingListener.NONE,
                                new StopRequest()))
                .isInstanceOf(TataraException.class)
                .hasMessageContaining("data.json")
                .hasMessageContaining("other recordings")
                .hasMessageContaining("[60]");
    }

    /** All but the time it took. */
    private static List<Object> numbers(EpochRecord r) {
        return List.of(r.epoch(), r.steps(), r.learningRate(), r.trainLoss(), r.metrics());
    }

    @Test
    void recordingsArePartedAndResampled() throws Exception {
        List<String> notes = new ArrayList<>();
        WaveNetConfig part = tiny().with("heldOut", "0.25").with("rate", 500).with("condition", "");
        Recordings r = Recordings.read(data, part, notes::add);
        assertThat(r.heldOut()).hasSize(3);
        assertThat(r.train()).hasSize(9);
        assertThat(r.data()).isEqualTo(new VoiceData(500, List.of()));
        assertThat(notes).contains("12 recordings are resampled to 500 Hz");
        assertThat(Recordings.read(data, part, n -> {}).heldOut().stream().map(Recording::name))
                .isEqualTo(r.heldOut().stream().map(Recording::name).toList());
        refused(tiny().with("condition", "(\\d)_([A-Z]+)_"), data, "has no label");
        refused(tiny().with("heldOut", "none"), data, "0 held out");
        // Of which there is nothing left.
        refused(part.with("rate", 1), data, "no WAV file with sound");
        refused(tiny(), dir.resolve("nowhere"), "nowhere");
        refused(tiny(), Files.createDirectories(dir.resolve("empty")), "no WAV file");
        Path bad = dir.resolve("bad");
        Files.createDirectories(bad);
        Files.writeString(bad.resolve("125_soft_1.wav"), "RIFF");
        refused(tiny(), bad, "125_soft_1.wav");
    }

    private static void refused(WaveNetConfig c, Path folder, String message) {
        assertThatThrownBy(() -> Recordings.read(folder, c, n -> {}))
                .isInstanceOf(TataraException.class)
                .hasMessageContaining(message);
    }

    @ParameterizedTest
    @CsvSource({
        "stacks,0",
        "layers,0",
        "layers,25",
        "kernel,0",
        "residual,-1",
        "skip,0",
        "levels,1",
        "rate,-1",
        "heldOut,1.5",
        "heldOut,(",
        "heldOut,''",
        "condition,(",
        "condition,abc",
        "crop,10",
        "batch,0",
        "pool,0",
        "learningRate,0",
        "learningRate,Infinity",
        "learningRate,1e39",
        "schedule,cosin",
        "clip,-1",
        "weightDecay,-1",
        "weightDecay,Infinity",
        "dropout,-0.1",
        "dropout,1",
        "gain,-1",
        "gain,61",
        "gain,NaN",
        "speed,-0.1",
        "speed,0.6",
        "dither,-1",
        "dither,17",
        "noise,-1",
        "noise,17",
        "noisePart,0",
        "noisePart,1.1",
        "noisePart,NaN",
        "average,1",
        "epochs,0",
        "checkpointEvery,-1",
        "residual,many"
    })
    void badSettingsAreRefused(String field, String value) {
        assertThatThrownBy(() -> tiny().with(field, value))
                .isInstanceOf(TataraException.class)
                .hasMessageContaining(field.equals("schedule") ? "cosin" : field);
    }

    @Test
    void damagedModelsAreRefused() throws Exception {
        Path out = dir.resolve("damaged");
        train(tiny().with("epochs", 1), out, false, new StopRequest(), TrainingListener.NONE);
        byte[] model = Files.readAllBytes(out.resolve("model.safetensors"));
        Files.write(out.resolve("model.safetensors"), Arrays.copyOf(model, model.length / 2));
        assertThatThrownBy(() -> WaveNetGenerator.load(device, out))
                .isInstanceOf(TataraException.class);
        Files.write(out.resolve("model.safetensors"), model);
        Files.writeString(out.resolve("data.json"), "{\"rate\": 1000, \"factors\": [[\"a\"]]}");
        assertThatThrownBy(() -> WaveNetGenerator.load(device, out))
                .isInstanceOf(TataraException.class)
                .hasMessageContaining("condition");
        Files.writeString(out.resolve("data.json"), "{\"rate\": 0, \"factors\": []}");
        assertThatThrownBy(() -> WaveNetGenerator.load(device, out))
                .isInstanceOf(TataraException.class)
                .hasMessageContaining("data.json");
        assertThatThrownBy(() -> WaveNetGenerator.load(device, dir.resolve("nowhere")))
                .isInstanceOf(TataraException.class)
                .hasMessageContaining("config.json");
        assertThatThrownBy(() -> tiny().with("hiden", 3)).hasMessageContaining("no field hiden");
    }
}
