package io.tatara.models.wavenet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.tatara.models.OnJvm;
import io.tatara.models.audio.MuLaw;
import io.tatara.models.audio.Sound;
import io.tatara.models.audio.Wav;
import io.tatara.models.nn.Parameters;
import io.tatara.models.train.TrainingListener;
import io.tatara.models.wavenet.Recording.Window;
import io.tatara.runtime.Scope;
import io.tatara.runtime.Tensor;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PredictionTest extends OnJvm {
    @TempDir static Path dir;

    private static WaveNetConfig tiny() {
        return WaveNetConfig.defaults()
                .merged(Map.of("stacks", 1, "layers", 4, "residual", 12, "skip", 16, "crop", 300))
                .merged(Map.of("levels", 64, "batch", 2, "prediction", true));
    }

    private static char[] noisySine(int samples, long seed) {
        MuLaw law = new MuLaw(64);
        SplittableRandom random = new SplittableRandom(seed);
        char[] levels = new char[samples];
        for (int t = 0; t < samples; t++) {
            double x = 0.3 * Math.sin(0.4 * t) + 0.02 * random.nextGaussian();
            levels[t] = (char) law.encode((float) x);
        }
        return levels;
    }

    /** Which rows, and that the levels in them are near those to come. */
    @Test
    void tellsWhatComes() {
        WaveNetConfig c = tiny();
        char[] levels = noisySine(600, 1);
        Prediction.All all = Prediction.all(c, levels);
        int[] ids = all.ids();
        int first = WaveNetModel.prediction(c);
        int each = c.levels() + Prediction.widths();
        for (int p = 0; p < Prediction.PREDICTORS; p++) {
            int far = 0;
            for (int t = 0; t < levels.length; t++) {
                int level = ids[t * Prediction.COLUMNS + 2 * p] - first - p * each;
                int width = ids[t * Prediction.COLUMNS + 2 * p + 1] - first - p * each - 64;
                assertThat(level).isBetween(0, 63);
                assertThat(width).isBetween(0, Prediction.widths() - 1);
                double place = all.expected()[t * Prediction.PREDICTORS + p];
                assertThat(place / Prediction.PLACES).isCloseTo(level, within(0.63));
                far += t >= 200 ? Math.abs(level - levels[t]) : 0;
            }
            assertThat(
                            IntStream.range(0, levels.length)
                                    .map(t -> all.expected()[t * Prediction.PREDICTORS])
                                    .filter(place -> place % Prediction.PLACES != 0)
                                    .count())
                    .isGreaterThan(levels.length / 2);
            int still = 0;
            for (int t = 200; t < levels.length; t++) {
                still += Math.abs(levels[t - 1] - levels[t]);
            }
            assertThat(far).as("predictor " + p).isLessThan(still / 2).isPositive();
        }
    }

    /** Louder errors are wider, by four rows an octave. */
    @Test
    void tellsHowWideOfTheMark() {
        WaveNetConfig c = tiny();
        int[] widths = new int[2];
        for (int i = 0; i < 2; i++) {
            MuLaw law = new MuLaw(64);
            SplittableRandom random = new SplittableRandom(5);
            Prediction p = new Prediction(c);
            int[] ids = new int[Prediction.COLUMNS];
            for (int t = 0; t < 2000; t++) {
                p.next(ids, 0);
                widths[i] += t >= 1000 ? ids[1] : 0;
                p.push(law.encode((float) ((i == 0 ? 0.1 : 0.4) * (random.nextDouble() - 0.5))));
            }
        }
        assertThat((widths[1] - widths[0]) / 1000.0).isCloseTo(8, within(1.0));
    }

    /** Those of the last samples follow at once, and those a beat before tell of the next beat. */
    @Test
    void tellsOfTheLastSamplesAndOfBeats() {
        WaveNetConfig c = WaveNetConfig.defaults().with("prediction", true);
        MuLaw law = new MuLaw(256);
        SplittableRandom random = new SplittableRandom(7);
        Prediction p = new Prediction(c);
        int[] ids = new int[Prediction.COLUMNS];
        int last = 2 * Prediction.PREDICTORS;
        double[] after = new double[2];
        double[] before = new double[2];
        double x = 0;
        for (int t = 0; t < 6000; t++) {
            p.next(ids, 0);
            if (t >= 3000) {
                int i = t % 60 == 0 ? 1 : 0;
                before[i] += ids[last + 1] / (i == 1 ? 50.0 : 2950);
                i = t % 60 == 1 ? 1 : 0;
                after[i] += ids[last] / (i == 1 ? 50.0 : 2950);
            }
            // Beats whose sign nobody knows.
            double beat = t % 60 == 0 ? 0.3 * (random.nextBoolean() ? 1 : -1) : 0;
            x = 0.5 * x + beat + 0.003 * random.nextGaussian();
            p.push(law.encode((float) x));
        }
        // Four rows an octave.
        assertThat(after[1]).isGreaterThan(after[0] + 8);
        assertThat(before[1]).isGreaterThan(before[0] + 4);
    }

    @Test
    void seesOnlyWhatIsBefore() {
        WaveNetConfig c = tiny();
        char[] levels = noisySine(400, 2);
        char[] other = levels.clone();
        other[250] = (char) (63 - other[250]);
        int[] a = Prediction.all(c, levels).ids();
        int[] b = Prediction.all(c, other).ids();
        assertThat(Arrays.mismatch(a, b) / Prediction.COLUMNS).isEqualTo(251);
        int[] one = new int[Prediction.COLUMNS];
        Prediction p = new Prediction(c);
        for (int t = 0; t < levels.length; t++) {
            p.next(one, 0);
            assertThat(one)
                    .isEqualTo(
                            Arrays.copyOfRange(
                                    a, t * Prediction.COLUMNS, (t + 1) * Prediction.COLUMNS));
            p.push(levels[t]);
        }
    }

    /**
     * A window looks back far enough that its predictions are those of the whole, but no further.
     */
    @Test
    void windowsLookBackFarEnough() {
        WaveNetConfig c = tiny();
        char[] levels = noisySine(12_000, 3);
        Recording r = new Recording("r", levels, new int[0]);
        WindowBatch whole = WindowBatch.of(c, List.of(new Window(r, 0, 0, levels.length)));
        WindowBatch late = WindowBatch.of(c, List.of(new Window(r, 11_000, 11_016, 11_200)));
        int[] expected =
                Arrays.copyOfRange(whole.ids(), 11_000 * whole.columns(), 11_200 * whole.columns());
        long same =
                IntStream.range(0, expected.length)
                        .filter(i -> expected[i] == late.ids()[i])
                        .count();
        assertThat(same).isGreaterThan((long) (0.99 * expected.length));
        assertThat(Prediction.from(11_000)).isGreaterThan(0);
        WindowBatch early = WindowBatch.of(c, List.of(new Window(r, 5000, 5016, 5200)));
        assertThat(early.ids())
                .isEqualTo(
                        Arrays.copyOfRange(
                                whole.ids(), 5000 * whole.columns(), 5200 * whole.columns()));
    }

    /** At first each channel sees the levels of one tap or predictor alone. */
    @Test
    void channelsBeginApart() {
        WaveNetConfig c = tiny();
        try (Parameters p = new Parameters(device, 1)) {
            new WaveNetModel(p, c, 0);
            int r = c.residual();
            float[] taps = p.tensors()[p.names().indexOf("causal.weight")].toFloats();
            float[] predictions = p.tensors()[p.names().indexOf("prediction.weight")].toFloats();
            assertThat(predictions).hasSize(Prediction.rows(64) * r);
            int each = 64 + Prediction.widths();
            for (int channel = 0; channel < r; channel++) {
                int seen = 0;
                for (int k = 0; k < 2; k++) {
                    seen += taps[(channel * 64 + 20) * 2 + k] != 0 ? 1 : 0;
                }
                for (int i = 0; i < Prediction.PREDICTORS; i++) {
                    seen += predictions[(i * each + 20) * r + channel] != 0 ? 1 : 0;
                    assertThat(predictions[(i * each + 64 + 9) * r + channel]).isNotZero();
                }
                assertThat(seen).isEqualTo(1);
            }
        }
    }

    /** Nothing of it sees the future, in the network's logits. */
    @Test
    void logitsDoNotSeeTheFuture() {
        WaveNetConfig c = tiny();
        char[] levels = noisySine(200, 4);
        char[] other = levels.clone();
        other[150] = (char) (63 - other[150]);
        try (Parameters p = new Parameters(device, 1);
                Scope scope = device.scope()) {
            WaveNetModel model = new WaveNetModel(p, c, 0);
            int first =
                    Arrays.mismatch(
                            logits(c, model, scope, levels), logits(c, model, scope, other));
            assertThat(first / c.levels()).isEqualTo(151);
        }
    }

    private static float[] logits(WaveNetConfig c, WaveNetModel m, Scope scope, char[] levels) {
        Recording r = new Recording("r", levels, new int[0]);
        WindowBatch b = WindowBatch.of(c, List.of(new Window(r, 0, 0, levels.length)));
        Tensor ids = scope.tensor(b.ids(), 1, levels.length, b.columns());
        return m.forward(scope.ops(), scope, ids, b.expected(scope), null).toFloats();
    }

    /** Trains, is better for it, and speaks: the same in parts as in one go. */
    @Test
    void helpsAndSpeaks() {
        SplittableRandom random = new SplittableRandom(8);
        for (int i = 0; i < 8; i++) {
            // A resonance, another in each recording, driven by noise.
            double a = 2 * 0.97 * Math.cos(0.4 + 0.2 * i);
            float[] x = new float[500];
            for (int t = 2; t < x.length; t++) {
                x[t] =
                        (float)
                                (a * x[t - 1]
                                        - 0.94 * x[t - 2]
                                        + 0.03 * (random.nextDouble() - 0.5));
            }
            Wav.write(dir.resolve("data/a_" + i + ".wav"), new Sound(x, 1000));
        }
        WaveNetConfig c =
                tiny().merged(Map.of("heldOut", "_[36]", "condition", "^(.)_", "positions", 2))
                        .merged(Map.of("epochs", 12, "learningRate", 0.01, "crop", 600))
                        .merged(Map.of("schedule", "constant", "average", 0.8));
        Path out = dir.resolve("out");
        double with = train(c.with("gain", 3).with("speed", 0.1), out);
        double without = train(c.with("prediction", false), dir.resolve("without"));
        assertThat(with).isLessThan(without - 0.1);
        try (WaveNetGenerator g = WaveNetGenerator.load(device, out)) {
            assertThat(g.config().prediction()).isTrue();
            List<List<String>> labels = List.of(List.of("a"), List.of("a"));
            Sound[] whole = g.generate(labels, 0.4, Sampling.of(1, 9), i -> true);
            Sound[] part = g.generate(labels, 0.4, Sampling.of(1, 9), i -> i < 150);
            for (int i = 0; i < 2; i++) {
                assertThat(part[i].samples()).isEqualTo(Arrays.copyOf(whole[i].samples(), 150));
                assertThat(whole[i].peak()).isPositive();
            }
        }
    }

    private static double train(WaveNetConfig c, Path out) {
        return WaveNetTraining.run(
                        device, c, dir.resolve("data"), out, false, TrainingListener.NONE)
                .heldOutLoss();
    }
}
