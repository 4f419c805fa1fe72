package io.tatara.models.wavenet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.tatara.kernels.DType;
import io.tatara.models.OnJvm;
import io.tatara.models.audio.Sound;
import io.tatara.models.audio.Wav;
import io.tatara.models.nn.Parameters;
import io.tatara.models.train.TrainingListener;
import io.tatara.models.wavenet.Recording.Window;
import io.tatara.runtime.Scope;
import io.tatara.runtime.Tensor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Labels left out in training, and sound drawn towards them. */
class GuidanceTest extends OnJvm {
    private static final int VALUES = 5;
    private static final int[][] LABELS = {{0, 2}, {1, 4}};
    @TempDir static Path dir;

    private static WaveNetConfig tiny() {
        return WaveNetConfig.defaults()
                .merged(Map.of("stacks", 1, "layers", 4, "residual", 12, "skip", 16, "crop", 300))
                .merged(Map.of("levels", 64, "batch", 2, "condition", "(.)_(.)", "positions", 3))
                .with("labelDropout", 0.3);
    }

    /** A model whose conditions say something from the start. */
    private static WaveNetModel model(Parameters p, WaveNetConfig c) {
        WaveNetModel m = new WaveNetModel(p, c, VALUES);
        SplittableRandom random = new SplittableRandom(3);
        for (WaveNetModel.Layer l : m.layers()) {
            float[] w = new float[l.conditions().shape().size()];
            for (int i = 0; i < w.length; i++) {
                w[i] = (float) random.nextDouble(-1, 1);
            }
            l.conditions().write(w);
        }
        return m;
    }

    private static char[] noise(int samples) {
        SplittableRandom random = new SplittableRandom(9);
        char[] levels = new char[samples];
        for (int t = 0; t < samples; t++) {
            levels[t] = (char) random.nextInt(64);
        }
        return levels;
    }

    private static float[] logits(WaveNetConfig c, WaveNetModel m, Scope s, Window w) {
        WindowBatch b = WindowBatch.of(c, List.of(w));
        Tensor ids = s.tensor(b.ids(), 1, b.length(), b.columns());
        return m.forward(s.ops(), s, ids, b.expected(s), m.rows(s, b.factors(), 1)).toFloats();
    }

    /** One whose label is left out is as if it had none, wherever its labels are looked at. */
    @Test
    void labelsLeftOutSayNothing() {
        WaveNetConfig c = tiny();
        char[] levels = noise(60);
        try (Parameters p = new Parameters(device, 1);
                Scope s = device.scope()) {
            WaveNetModel m = model(p, c);
            Window one = new Window(new Recording("a", levels, LABELS[0]), 0, 0, 60);
            Window other = new Window(new Recording("b", levels, LABELS[1]), 0, 0, 60);
            float[] unlabelled = logits(c, m, s, one.unlabelled());
            assertThat(logits(c, m, s, other.unlabelled())).isEqualTo(unlabelled);
            assertThat(logits(c, m, s, one)).isNotEqualTo(unlabelled);
            assertThat(logits(c, m, s, other)).isNotEqualTo(logits(c, m, s, one));
            // Labelled ones are those of a model that always is told.
            WaveNetConfig told = c.with("labelDropout", 0);
            try (Parameters q = new Parameters(device, 1)) {
                assertThat(logits(told, model(q, told), s, one)).isEqualTo(logits(c, m, s, one));
            }
            // A sample after the other too.
            Told labels = Told.of(LABELS[0]);
            List<Told> factors = List.of(labels, labels.unknown(c));
            Steps steps = new Steps(c, m, DType.FLOAT32, s, factors, 60, Sampling.of(1, 1));
            float[] labelled = logits(c, m, s, one);
            for (int t = 0; t < 60; t++) {
                float[] next = steps.next(t == 0 ? null : new int[] {levels[t - 1], levels[t - 1]});
                for (int l = 0; l < 64; l++) {
                    assertThat(next[l]).isCloseTo(labelled[t * 64 + l], within(1e-3f));
                    assertThat(next[64 + l]).isCloseTo(unlabelled[t * 64 + l], within(1e-3f));
                }
            }
        }
    }

    @Test
    void someWindowsAreLeftWithoutLabels() {
        WaveNetConfig c = tiny();
        List<Recording> all = new ArrayList<>();
        for (int i = 0; i < 1000; i++) {
            all.add(new Recording("r" + i, noise(20), LABELS[i % 2]));
        }
        List<Window> first =
                WindowBatch.shuffled(c, all, 1).stream().flatMap(List::stream).toList();
        List<Window> again =
                WindowBatch.shuffled(c, all, 1).stream().flatMap(List::stream).toList();
        assertThat(again).isEqualTo(first);
        assertThat(first.stream().filter(w -> !w.labelled()).count()).isBetween(250L, 350L);
        List<Window> later =
                WindowBatch.shuffled(c, all, 2).stream().flatMap(List::stream).toList();
        long both =
                later.stream().filter(w -> !w.labelled()).filter(w -> first.contains(w)).count();
        assertThat(both).isBetween(50L, 130L);
        List<Window> told =
                WindowBatch.shuffled(c.with("labelDropout", 0), all, 1).stream()
                        .flatMap(List::stream)
                        .toList();
        assertThat(told).allMatch(Window::labelled);
        assertThat(told.stream().map(Window::of))
                .isEqualTo(first.stream().map(Window::of).toList());
    }

    private static int[] guided(WaveNetConfig c, double guidance, double temperature, int[]... f) {
        try (Parameters p = new Parameters(device, 1);
                Scope s = device.scope()) {
            Sampling sampling = Sampling.of(temperature, 7).withGuidance(guidance);
            List<Told> told = Arrays.stream(f).map(Told::of).toList();
            Draws g = new Draws(c, model(p, c), DType.FLOAT32, s, told, 90, sampling);
            int[] begin = g.make(40);
            int[] rest = g.make(50);
            int[] all = new int[f.length * 90];
            for (int i = 0; i < f.length; i++) {
                System.arraycopy(begin, i * 40, all, i * 90, 40);
                System.arraycopy(rest, i * 50, all, i * 90 + 40, 50);
            }
            return all;
        }
    }

    /** A guidance of one is what the kernel draws, one of nothing is without labels. */
    @Test
    void betweenAndBeyondWithAndWithout() {
        for (boolean prediction : new boolean[] {false, true}) {
            WaveNetConfig c = tiny().with("prediction", prediction);
            for (double temperature : new double[] {1, 0.6, 0}) {
                int[] plain = guided(c, 1, temperature, LABELS);
                if (!prediction) {
                    try (Parameters p = new Parameters(device, 1);
                            Scope s = device.scope()) {
                        Steps steps =
                                new Steps(
                                        c,
                                        model(p, c),
                                        DType.FLOAT32,
                                        s,
                                        List.of(Told.of(LABELS[0]), Told.of(LABELS[1])),
                                        90,
                                        Sampling.of(1, 7));
                        assertThat(steps.make(90, temperature)).isEqualTo(plain);
                    }
                }
                int[] none = guided(c, 0, temperature, LABELS);
                int[] swapped = guided(c, 0, temperature, LABELS[1], LABELS[0]);
                assertThat(swapped).isEqualTo(none);
                assertThat(none).isNotEqualTo(plain);
                assertThat(guided(c, 3, temperature, LABELS)).isNotEqualTo(plain);
                // Each whatever the others are.
                assertThat(Arrays.copyOf(guided(c, 3, temperature, LABELS), 90))
                        .isEqualTo(guided(c, 3, temperature, LABELS[0]));
            }
        }
    }

    /**
     * Two labels of one wave each, whose recordings lie: every third is the other wave. Guidance
     * takes what the label makes likelier, so the sound is more often the label's.
     */
    @Test
    void drawsTowardsTheLabel() {
        SplittableRandom random = new SplittableRandom(5);
        for (int i = 0; i < 24; i++) {
            int label = i % 2;
            double period = (label == 1) == (i / 2 % 3 != 0) ? 12 : 6;
            float[] x = new float[400];
            for (int t = 0; t < x.length; t++) {
                x[t] =
                        (float)
                                (0.5 * Math.sin(2 * Math.PI * t / period + i)
                                        + 0.02 * random.nextGaussian());
            }
            Wav.write(dir.resolve("data/" + label + "_x_" + i + ".wav"), new Sound(x, 1000));
        }
        WaveNetConfig c =
                tiny().merged(Map.of("heldOut", "_2[0-3]", "condition", "^(.)_", "positions", 0))
                        .merged(Map.of("epochs", 12, "learningRate", 0.01, "crop", 500))
                        .merged(Map.of("optimizer", "muon", "schedule", "cosine", "average", 0.8));
        Path out = dir.resolve("out");
        WaveNetTraining.run(device, c, dir.resolve("data"), out, false, TrainingListener.NONE);
        try (WaveNetGenerator g = WaveNetGenerator.load(device, out)) {
            List<List<String>> labels = new ArrayList<>();
            for (int i = 0; i < 40; i++) {
                labels.add(List.of(i % 2 == 0 ? "0" : "1"));
            }
            int plain = right(g.generate(labels, 0.2, Sampling.of(1, 3), t -> true));
            int guided =
                    right(g.generate(labels, 0.2, Sampling.of(1, 3).withGuidance(3), t -> true));
            assertThat(plain).isBetween(20, 34);
            assertThat(guided).isGreaterThanOrEqualTo(plain + 4);
            assertThatThrownBy(() -> Sampling.of(1, 3).withGuidance(-1))
                    .hasMessageContaining("guidance")
                    .hasMessageContaining("finite");
        }
    }

    /** Sounds whose period is nearer to their label's. */
    private static int right(Sound[] sounds) {
        int right = 0;
        for (int i = 0; i < sounds.length; i++) {
            float[] x = sounds[i].samples();
            boolean slow = part(x, 12) > part(x, 6);
            right += slow == (i % 2 == 1) ? 1 : 0;
        }
        return right;
    }

    /** The magnitude of one frequency. */
    private static double part(float[] x, int period) {
        double re = 0;
        double im = 0;
        for (int t = 0; t < x.length; t++) {
            re += x[t] * Math.cos(2 * Math.PI * t / period);
            im += x[t] * Math.sin(2 * Math.PI * t / period);
        }
        return Math.hypot(re, im);
    }

    @Test
    void settingsThatDoNotFitAreRefused() {
        WaveNetConfig c = tiny();
        assertThatThrownBy(() -> c.with("labelDropout", 1)).hasMessageContaining("labelDropout");
        assertThatThrownBy(() -> c.merged(Map.of("condition", "", "positions", 0)))
                .hasMessageContaining("labelDropout");
        assertThatThrownBy(() -> c.with("optimizer", "sgd")).hasMessageContaining("muon");
    }
}
