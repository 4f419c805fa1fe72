package io.tatara.models.wavenet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.tatara.kernels.DType;
import io.tatara.models.audio.MuLaw;
import io.tatara.models.nn.Parameters;
import io.tatara.models.wavenet.Recording.Window;
import io.tatara.runtime.Device;
import io.tatara.runtime.Scope;
import io.tatara.runtime.Tatara;
import io.tatara.runtime.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** What is added to the samples before, and that nothing else is touched by it. */
class DisturbanceTest {
    private static final MuLaw LAW = new MuLaw(256);

    private static WaveNetConfig tiny() {
        return WaveNetConfig.defaults()
                .merged(Map.of("stacks", 1, "layers", 4, "residual", 12, "skip", 16, "crop", 300))
                .merged(Map.of("batch", 2, "noise", 2, "prediction", true));
    }

    private static char[] sine(int samples, double volume) {
        char[] levels = new char[samples];
        for (int t = 0; t < samples; t++) {
            levels[t] = (char) LAW.encode((float) (volume * Math.sin(0.3 * t)));
        }
        return levels;
    }

    private static double deviation(double[] x) {
        double mean = Arrays.stream(x).average().orElseThrow();
        return Math.sqrt(Arrays.stream(x).map(v -> (v - mean) * (v - mean)).average().orElse(0));
    }

    /** Rounding adds a twelfth of a square level. */
    @Test
    void noiseIsOfSoManyLevels() {
        // Of silence the volume changes nothing.
        char[] silence = sine(4000, 0);
        for (int strength : new int[] {2, 8}) {
            char[] shown = new Disturbance(strength, 5).of(silence, LAW, 3);
            double[] moved = new double[shown.length];
            Arrays.setAll(moved, i -> shown[i] - silence[i]);
            double noise = 3.0 * strength / Disturbance.STRENGTHS;
            assertThat(deviation(moved)).isCloseTo(Math.hypot(noise, 0.29), within(0.05 * noise));
        }
    }

    /** Over many seeds by so many decibels, slowly. */
    @Test
    void theVolumeMovesSlowly() {
        char[] loud = sine(2000, 0.1);
        double[] early = new double[400];
        double[] late = new double[400];
        double[] soon = new double[400];
        for (int i = 0; i < 400; i++) {
            char[] shown = new Disturbance(8, i).of(loud, LAW, 2);
            early[i] = decibels(shown, loud, 0);
            soon[i] = decibels(shown, loud, 63) - early[i];
            late[i] = decibels(shown, loud, 1890);
        }
        assertThat(deviation(early)).isCloseTo(3, within(0.4));
        assertThat(deviation(late)).isCloseTo(3, within(0.4));
        // Gaussian, with a correlation of exp(-63 / 400).
        double moved = 3 * Math.sqrt(2 * (1 - Math.exp(-63 / 400.0)));
        assertThat(deviation(soon)).isCloseTo(moved, within(0.4));
    }

    /** Change of the volume of three periods. */
    private static double decibels(char[] a, char[] b, int from) {
        double x = 0;
        double y = 0;
        for (int t = from; t < from + 63; t++) {
            x += Math.pow(LAW.decode(a[t]), 2);
            y += Math.pow(LAW.decode(b[t]), 2);
        }
        return 10 * Math.log10(x / y);
    }

    /** Half of the windows, or another part, by seed and epoch alone; never what is held out. */
    @Test
    void halfOfWhatIsTrainedOn() {
        List<Recording> all = new ArrayList<>();
        for (int i = 0; i < 800; i++) {
            all.add(new Recording("r" + i, sine(20, 0.2), new int[0]));
        }
        WaveNetConfig c = tiny();
        List<Window> first =
                WindowBatch.shuffled(c, all, 1).stream().flatMap(List::stream).toList();
        assertThat(WindowBatch.shuffled(c, all, 1).stream().flatMap(List::stream).toList())
                .isEqualTo(first);
        assertThat(first.stream().filter(w -> w.disturbed() != null).count()).isBetween(340L, 460L);
        for (int s = 1; s <= Disturbance.STRENGTHS; s++) {
            int strength = s;
            assertThat(
                            first.stream()
                                    .filter(w -> w.disturbed() != null)
                                    .filter(w -> w.disturbed().strength() == strength)
                                    .count())
                    .isBetween(25L, 80L);
        }
        List<Window> fewer =
                WindowBatch.shuffled(c.with("noisePart", 0.1), all, 1).stream()
                        .flatMap(List::stream)
                        .toList();
        assertThat(fewer.stream().filter(w -> w.disturbed() != null).count()).isBetween(50L, 112L);
        assertThat(
                        WindowBatch.shuffled(c.with("noisePart", 1), all, 1).stream()
                                .flatMap(List::stream))
                .allMatch(w -> w.disturbed() != null);
        assertThat(WindowBatch.sorted(c, all).stream().flatMap(List::stream))
                .noneMatch(w -> w.disturbed() != null);
        assertThat(WindowBatch.shuffled(c.with("noise", 0), all, 1).stream().flatMap(List::stream))
                .noneMatch(w -> w.disturbed() != null);
    }

    /**
     * Shown are the disturbed levels, what follows is the true one; and a sample after the other,
     * told the same strength, the network says the same.
     */
    @Test
    void whatFollowsIsLeftAsItIs() {
        WaveNetConfig c = tiny();
        char[] levels = sine(120, 0.2);
        Disturbance by = new Disturbance(6, 3);
        char[] shown = by.of(levels, LAW, c.noise());
        Window w = new Window(new Recording("a", levels, new int[0]), 0, 0, 120).disturbed(by);
        WindowBatch b = WindowBatch.of(c, List.of(w));
        int differing = 0;
        for (int t = 0; t < 120; t++) {
            assertThat(b.labels()[t]).isEqualTo(levels[t]);
            int[] ids = Arrays.copyOfRange(b.ids(), t * b.columns(), (t + 1) * b.columns());
            if (t > 0) {
                assertThat(ids[1]).isEqualTo(shown[t - 1] + 256);
                differing += shown[t - 1] == levels[t - 1] ? 0 : 1;
            }
            assertThat(ids[2]).isEqualTo(WaveNetModel.noise(c) + 6);
        }
        assertThat(differing).isGreaterThan(60);
        try (Device device = Tatara.open("jvm");
                Parameters p = new Parameters(device, 1);
                Scope s = device.scope()) {
            WaveNetModel m = new WaveNetModel(p, c, 0);
            Tensor ids = s.tensor(b.ids(), 1, 120, b.columns());
            float[] whole = m.forward(s.ops(), s, ids, b.expected(s), null).toFloats();
            Sampling cautious = Sampling.of(1, 1).withCaution(0.75);
            List<Told> none = List.of(Told.of());
            Steps steps = new Steps(c, m, DType.FLOAT32, s, none, 120, cautious);
            Steps bold = new Steps(c, m, DType.FLOAT32, s, none, 120, Sampling.of(1, 1));
            int[] before = null;
            for (int t = 0; t < 120; t++) {
                float[] next = steps.next(before);
                assertThat(next).isNotEqualTo(bold.next(before));
                for (int l = 0; l < 256; l++) {
                    assertThat(next[l]).isCloseTo(whole[t * 256 + l], within(1e-3f));
                }
                before = new int[] {shown[t]};
            }
        }
    }

    /** Of a random walk, so that no place in it is like another. */
    @Test
    void largeNoiseStaysAmongTheLevels() {
        SplittableRandom random = new SplittableRandom(2);
        char[] levels = new char[3000];
        Arrays.fill(levels, (char) 250);
        for (int i = 1; i < levels.length; i++) {
            levels[i] = (char) Math.clamp(levels[i - 1] + random.nextInt(-9, 10), 0, 255);
        }
        for (char l : new Disturbance(8, 1).of(levels, LAW, 16)) {
            assertThat((int) l).isBetween(0, 255);
        }
    }
}
