package io.tatara.models.wavenet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.tatara.kernels.DType;
import io.tatara.kernels.TataraException;
import io.tatara.models.OnJvm;
import io.tatara.models.audio.AcousticFeatures;
import io.tatara.models.audio.MuLaw;
import io.tatara.models.audio.Sound;
import io.tatara.models.audio.Wav;
import io.tatara.models.nn.Parameters;
import io.tatara.models.train.TrainingListener;
import io.tatara.models.wavenet.Recording.Window;
import io.tatara.runtime.Scope;
import io.tatara.runtime.Tensor;
import io.tatara.runtime.io.HostTensor;
import io.tatara.runtime.io.Safetensors;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the network is told of pitch and spectrum, and sound that follows it. */
class LocalConditionTest extends OnJvm {
    private static final int RATE = 1000;
    private static final MuLaw LAW = new MuLaw(64);
    private static final int[] FACTORS = {0};

    @TempDir static Path dir;

    private static WaveNetConfig tiny() {
        return WaveNetConfig.defaults()
                .merged(Map.of("stacks", 1, "layers", 4, "residual", 12, "skip", 16, "crop", 300))
                .merged(Map.of("levels", 64, "batch", 2, "condition", "^(.)_", "labelDropout", 0.2))
                .merged(Map.of("features", true, "rate", RATE));
    }

    /** A tone that rises from one pitch to another. */
    private static float[] tone(int samples, double from, double to, double volume) {
        float[] x = new float[samples];
        double turn = 0;
        for (int t = 0; t < samples; t++) {
            turn += (from + (to - from) * t / samples) / RATE;
            x[t] = (float) (volume * Math.sin(2 * Math.PI * turn));
        }
        return x;
    }

    private static Recording recording(int samples) {
        float[] x = tone(samples, 100, 200, 0.5);
        char[] levels = new char[samples];
        for (int t = 0; t < samples; t++) {
            levels[t] = (char) LAW.encode(x[t]);
        }
        return new Recording("a", levels, FACTORS, Recording.Original.of(x));
    }

    private static int[] local(WindowBatch b, int sample) {
        int from = sample * b.columns() + 2;
        return Arrays.copyOfRange(b.ids(), from, from + LocalCondition.COLUMNS);
    }

    /** Those of the frame that a sample is in, wherever its window begins and ends. */
    @Test
    void windowsAreToldTheFramesOfTheWhole() {
        for (boolean prediction : new boolean[] {false, true}) {
            WaveNetConfig c = tiny().with("prediction", prediction);
            Recording r = recording(517);
            int[] ids = LocalCondition.ids(c, AcousticFeatures.of(r.sound(LAW, RATE)));
            for (int[] part : new int[][] {{0, 517}, {0, 5}, {203, 411}, {410, 517}}) {
                WindowBatch b =
                        WindowBatch.of(c, List.of(new Window(r, part[0], part[0], part[1])));
                for (int t = part[0]; t < part[1]; t++) {
                    int frame = t / 10 * LocalCondition.COLUMNS;
                    assertThat(local(b, t - part[0]))
                            .isEqualTo(
                                    Arrays.copyOfRange(ids, frame, frame + LocalCondition.COLUMNS));
                }
            }
        }
    }

    /** They are of what is to be said: altered as that is, and not disturbed with what is shown. */
    @Test
    void framesAreOfWhatIsToBeSaid() {
        WaveNetConfig c = tiny().with("noise", 8);
        Recording r = recording(300);
        Window w = new Window(r, 0, 0, 300);
        WindowBatch plain = WindowBatch.of(c, List.of(w));
        WindowBatch disturbed = WindowBatch.of(c, List.of(w.disturbed(new Disturbance(8, 1))));
        WindowBatch unlabelled = WindowBatch.of(c, List.of(w.unlabelled()));
        Alteration softer = new Alteration(0.5, 1, 0, 1);
        WindowBatch altered =
                WindowBatch.of(c, List.of(new Window(r, 0, 0, 300, softer, true, null)));
        int columns = LocalCondition.COLUMNS;
        int down = 0;
        for (int t = 0; t < 300; t++) {
            // Behind the strength of the noise.
            int from = t * plain.columns() + 3;
            int[] ids = Arrays.copyOfRange(plain.ids(), from, from + columns);
            assertThat(Arrays.copyOfRange(disturbed.ids(), from, from + columns)).isEqualTo(ids);
            assertThat(Arrays.copyOfRange(unlabelled.ids(), from, from + columns))
                    .containsOnly(WaveNetModel.before(c));
            int loudest = 0;
            for (int b = 0; b < AcousticFeatures.BANDS; b++) {
                loudest = ids[b] % 32 > ids[loudest] % 32 ? b : loudest;
            }
            down += ids[loudest] - altered.ids()[from + loudest];
        }
        // Six decibels are two steps of three.
        assertThat(down / 300.0).isCloseTo(2, within(0.15));
    }

    @Test
    void rowsAreOfTheBandsAndOfThePitch() {
        WaveNetConfig c = tiny();
        float[][] frames = new float[4][AcousticFeatures.NUMBERS];
        Arrays.fill(frames[1], 500);
        Arrays.fill(frames[2], -500);
        frames[2][AcousticFeatures.BANDS] = 20;
        Arrays.fill(frames[3], -45.1f);
        frames[3][AcousticFeatures.BANDS] = 100;
        int[] ids = LocalCondition.ids(c, frames);
        int first = WaveNetModel.features(c);
        int pitches = first + AcousticFeatures.BANDS * 32;
        int columns = LocalCondition.COLUMNS;
        int[][] expected = {{31, 0}, {31, 37}, {0, 1}, {16, 13}};
        for (int f = 0; f < 4; f++) {
            for (int b = 0; b < AcousticFeatures.BANDS; b++) {
                assertThat(ids[f * columns + b]).isEqualTo(first + b * 32 + expected[f][0]);
            }
            assertThat(ids[f * columns + columns - 1]).isEqualTo(pitches + expected[f][1]);
        }
        assertThat(WaveNetModel.position(c.with("positions", 3), 0, 0, 9))
                .isEqualTo(first + LocalCondition.ROWS);
    }

    /** A sample after the other, told and not. */
    @Test
    void stepsGiveTheLogitsOfTheWhole() {
        WaveNetConfig c = tiny().merged(Map.of("positions", 2, "prediction", true, "noise", 1));
        Recording r = recording(93);
        Window w = new Window(r, 0, 0, 93);
        try (Parameters p = new Parameters(device, 3);
                Scope s = device.scope()) {
            WaveNetModel m = new WaveNetModel(p, c, 2);
            float[][] frames = AcousticFeatures.of(r.sound(LAW, RATE));
            Told told = Told.of(c, FACTORS, frames, 93);
            List<Told> both = List.of(told, told.unknown(c));
            Steps steps = new Steps(c, m, DType.FLOAT32, s, both, 93, Sampling.of(1, 1));
            float[] labelled = logits(c, m, s, w);
            float[] unlabelled = logits(c, m, s, w.unlabelled());
            for (int t = 0; t < 93; t++) {
                int[] before = {t == 0 ? 0 : r.levels()[t - 1], t == 0 ? 0 : r.levels()[t - 1]};
                float[] next = steps.next(t == 0 ? null : before);
                for (int l = 0; l < 64; l++) {
                    assertThat(next[l]).isCloseTo(labelled[t * 64 + l], within(1e-3f));
                    assertThat(next[64 + l]).isCloseTo(unlabelled[t * 64 + l], within(1e-3f));
                }
            }
        }
    }

    private static float[] logits(WaveNetConfig c, WaveNetModel m, Scope s, Window w) {
        WindowBatch b = WindowBatch.of(c, List.of(w));
        Tensor ids = s.tensor(b.ids(), 1, b.length(), b.columns());
        return m.forward(s.ops(), s, ids, b.expected(s), m.rows(s, b.factors(), 1)).toFloats();
    }

    /**
     * Trained on tones of any course, it makes the course that it is given, or that of the label's
     * recordings, which no label alone would tell.
     */
    @Test
    void soundFollowsWhatItIsLike() throws Exception {
        SplittableRandom random = new SplittableRandom(6);
        for (int i = 0; i < 40; i++) {
            double from = i % 2 == 1 ? 70 : random.nextDouble(60, 250);
            double to = i % 2 == 1 ? 210 : random.nextDouble(60, 250);
            Sound sound = new Sound(tone(360 + 10 * (i % 7), from, to, 0.5), RATE);
            Wav.write(dir.resolve("data/" + (i % 2) + "_" + i + ".wav"), sound);
        }
        WaveNetConfig c =
                tiny().merged(Map.of("heldOut", "_[0-3]\\.", "rate", 0, "crop", 500, "epochs", 24))
                        .merged(Map.of("learningRate", 0.01, "schedule", "cosine", "noise", 2))
                        .merged(Map.of("optimizer", "muon", "average", 0.9, "residual", 24));
        Path out = dir.resolve("out");
        double loss = train(c, null, out);
        assertThat(loss).isLessThan(train(c.with("features", false), null, dir.resolve("no")));
        try (WaveNetGenerator g = WaveNetGenerator.load(device, out)) {
            List<List<String>> labels = List.of(List.of("1"), List.of("0"));
            Sampling careful = Sampling.of(0.5, 3).withCaution(0.25);
            Sound[] own = g.generate(labels, 0.5, careful, t -> true);
            assertThat(rises(own[0], 0, 150)).isCloseTo(13.6, within(3.0));
            assertThat(rises(own[0], 350, 500)).isCloseTo(28, within(4.0));
            Sound like = new Sound(tone(400, 240, 80, 0.5), RATE);
            Sound[] followed = g.generate(labels, like, 0.5, careful, t -> true);
            for (Sound s : followed) {
                assertThat(rises(s, 0, 150)).isCloseTo(32.4, within(4.0));
                assertThat(rises(s, 350, 500)).isCloseTo(15.6, within(3.0));
            }
            refusals(g, labels);
        }
        // One that knows nothing of features yet, told of them, begins as it was.
        WaveNetConfig still = c.merged(Map.of("epochs", 1, "learningRate", 1e-9));
        double begun = train(still, dir.resolve("no"), dir.resolve("begun"));
        double before =
                train(still.with("features", false), dir.resolve("no"), dir.resolve("same"));
        assertThat(begun).isCloseTo(before, within(1e-5));
        damaged(out);
    }

    /** Periods that begin in a part of a sound: rises through the middle third. */
    private static double rises(Sound s, int from, int to) {
        boolean low = false;
        int rises = 0;
        for (int t = from; t < to; t++) {
            float x = s.samples()[t];
            rises += low && x > 0.1 ? 1 : 0;
            low = x < -0.1 || (low && x <= 0.1);
        }
        return rises;
    }

    private static double train(WaveNetConfig c, Path begin, Path out) {
        return WaveNetTraining.run(
                        device,
                        c,
                        dir.resolve("data"),
                        begin,
                        out,
                        false,
                        TrainingListener.NONE,
                        new io.tatara.models.train.StopRequest())
                .heldOutLoss();
    }

    private static void refusals(WaveNetGenerator g, List<List<String>> labels) {
        Sampling s = Sampling.of(1, 1);
        Sound none = new Sound(new float[0], RATE);
        assertThatThrownBy(() -> g.generate(labels, none, 0.5, s, t -> true))
                .isInstanceOf(TataraException.class)
                .hasMessageContaining("no samples");
        Sound soon = new Sound(new float[2], 44_100);
        assertThatThrownBy(() -> g.generate(labels, soon, 0.5, s, t -> true))
                .isInstanceOf(TataraException.class)
                .hasMessageContaining("no samples at 1000 Hz");
        try (WaveNetGenerator plain = WaveNetGenerator.load(device, dir.resolve("no"))) {
            Sound like = new Sound(new float[100], RATE);
            assertThatThrownBy(() -> plain.generate(labels, like, 0.5, s, t -> true))
                    .isInstanceOf(TataraException.class)
                    .hasMessageContaining("without features");
        }
    }

    /** Without labels there is nothing to say on its own. */
    @Test
    void withoutLabelsARecordingIsNeeded() {
        for (int i = 0; i < 4; i++) {
            Sound sound = new Sound(tone(300, 100, 100 + 20 * i, 0.5), RATE);
            Wav.write(dir.resolve("plain/" + i + ".wav"), sound);
        }
        WaveNetConfig c =
                tiny().merged(Map.of("condition", "", "labelDropout", 0, "epochs", 1))
                        .with("heldOut", "^0");
        Path out = dir.resolve("unlabelled");
        WaveNetTraining.run(device, c, dir.resolve("plain"), out, false, TrainingListener.NONE);
        try (WaveNetGenerator g = WaveNetGenerator.load(device, out)) {
            assertThatThrownBy(() -> g.generate(List.of(), 0.1, 1, 1))
                    .isInstanceOf(TataraException.class)
                    .hasMessageContaining("needs a recording");
            // At another rate.
            Sound like = new Sound(new float[4000], 8000);
            Sound[] made = g.generate(List.of(List.of()), like, 0.1, Sampling.of(1, 1), t -> true);
            assertThat(made[0].samples()).hasSize(100);
        }
    }

    private static void damaged(Path out) throws Exception {
        Path file = out.resolve("features.safetensors");
        byte[] good = Files.readAllBytes(file);
        Map<String, HostTensor> tensors = Safetensors.read(file).tensors();
        assertThat(tensors).containsOnlyKeys("0", "1");
        Files.delete(file);
        fails(out, "features.safetensors");
        for (HostTensor bad :
                List.of(
                        HostTensor.of(new float[50], 2, AcousticFeatures.NUMBERS, 1),
                        HostTensor.of(new float[24], 1, 24),
                        HostTensor.of(new int[25], 1, AcousticFeatures.NUMBERS),
                        HostTensor.of(nan(), 1, AcousticFeatures.NUMBERS))) {
            Safetensors.write(file, Map.of("0", bad), Map.of());
            fails(out, "features.safetensors: 0: ");
        }
        Safetensors.write(file, Map.of("0", tensors.get("0")), Map.of());
        try (WaveNetGenerator g = WaveNetGenerator.load(device, out)) {
            assertThatThrownBy(() -> g.generate(List.of("1"), 0.1, 1, 1))
                    .isInstanceOf(TataraException.class)
                    .hasMessageContaining("label 1: no recording of it");
        }
        Files.write(file, good);
    }

    private static float[] nan() {
        float[] x = new float[AcousticFeatures.NUMBERS];
        x[7] = Float.NaN;
        return x;
    }

    private static void fails(Path out, String message) {
        assertThatThrownBy(() -> WaveNetGenerator.load(device, out))
                .isInstanceOf(TataraException.class)
                .hasMessageContaining(message);
    }

    /** The mean of sounds that differ in tempo and volume is the middle one in both. */
    @Test
    void aLabelsFeaturesAreTheMeanAlongTheMiddleOne() {
        VoiceData data = new VoiceData(RATE, List.of(List.of("x", "y")));
        List<Recording> all =
                List.of(of(400, 0.25, 0), of(500, 0.5, 0), of(600, 1, 0), of(500, 0.5, 1));
        LabelFeatures f = LabelFeatures.of(tiny(), data, all);
        float[][] one = f.of(List.of("y"));
        assertThat(one).isDeepEqualTo(AcousticFeatures.of(all.get(3).sound(LAW, RATE)));
        float[][] mean = f.of(List.of("x"));
        assertThat(mean.length).isEqualTo(50);
        int far = 0;
        for (int t = 3; t < 47; t++) {
            for (int b = 0; b < AcousticFeatures.BANDS; b++) {
                far += one[t][b] > -20 && Math.abs(mean[t][b] - one[t][b]) > 3 ? 1 : 0;
            }
        }
        assertThat(far).isLessThan(12);
        assertThatThrownBy(() -> f.of(List.of("z"))).isInstanceOf(TataraException.class);
    }

    /** Comparing them takes the square of their length. */
    @Test
    void longRecordingsGiveNoFeatures() {
        VoiceData data = new VoiceData(RATE, List.of(List.of("x", "y")));
        Path file = dir.resolve("long.safetensors");
        LabelFeatures.of(tiny(), data, List.of(of(20 * RATE + 1, 0.5, 1))).write(file);
        assertThatThrownBy(() -> LabelFeatures.read(file).of(List.of("y")))
                .isInstanceOf(TataraException.class)
                .hasMessageContaining("at most 20 s");
        LabelFeatures f =
                LabelFeatures.of(tiny(), data, List.of(of(20 * RATE + 1, 0.5, 1), of(300, 0.5, 1)));
        assertThat(f.of(List.of("y")).length).isEqualTo(30);
    }

    private static Recording of(int samples, double volume, int factor) {
        float[] x = tone(samples, 100, 400, volume);
        char[] levels = new char[samples];
        for (int t = 0; t < samples; t++) {
            levels[t] = (char) LAW.encode(x[t]);
        }
        return new Recording("r", levels, new int[] {factor});
    }
}
