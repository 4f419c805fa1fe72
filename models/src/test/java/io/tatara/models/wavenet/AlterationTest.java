package io.tatara.models.wavenet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.tatara.models.audio.MuLaw;
import io.tatara.models.audio.Resampler;
import io.tatara.models.wavenet.Recording.Window;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class AlterationTest {
    private static final MuLaw LAW = new MuLaw(256);

    /** Samples a period of the sine of {@link #sine}. */
    private static final double PERIOD = 40;

    /** Receptive field 9; recordings of at most 500 samples are one window. */
    private static WaveNetConfig config() {
        return WaveNetConfig.defaults().with("stacks", 1).with("layers", 3).with("crop", 500);
    }

    private static float sine(double at, double volume) {
        return (float) (volume * Math.sin(2 * Math.PI * at / PERIOD));
    }

    private static Recording recording(int samples, double volume) {
        float[] x = new float[samples];
        for (int i = 0; i < samples; i++) {
            x[i] = sine(i, volume);
        }
        return recording(x);
    }

    private static Recording recording(float[] x) {
        char[] levels = new char[x.length];
        for (int i = 0; i < x.length; i++) {
            levels[i] = (char) LAW.encode(x[i]);
        }
        return new Recording("r", levels, new int[] {0}, Recording.Original.of(x));
    }

    private static List<Window> draw(WaveNetConfig c, Recording r, int uses, int epoch) {
        List<Window> windows = new ArrayList<>();
        for (int i = 0; i < uses; i++) {
            windows.addAll(r.windows(c.crop(), c.receptiveField()));
        }
        return Alteration.draw(c, windows, epoch);
    }

    private static char[] levels(Window w) {
        return w.levels(LAW, w.start(), w.end());
    }

    @Test
    void nothingIsAlteredUnlessAsked() {
        Recording r = recording(100, 0.3);
        Window w = draw(config(), r, 1, 0).getFirst();
        assertThat(w).isEqualTo(new Window(r, 0, 0, 100));
        assertThat(levels(w)).isEqualTo(r.levels());
    }

    /** Evenly in decibels, up to what was asked, and never louder than full scale. */
    @Test
    void gainIsOfSoManyDecibels() {
        WaveNetConfig c = config().with("gain", 6);
        Recording r = recording(100, 0.3);
        List<Window> windows = draw(c, r, 400, 0);
        double[] decibels =
                windows.stream().mapToDouble(w -> 20 * Math.log10(w.as().gain())).toArray();
        assertThat(Arrays.stream(decibels).min().getAsDouble()).isBetween(-6.0, -5.7);
        assertThat(Arrays.stream(decibels).max().getAsDouble()).isBetween(5.7, 6.0);
        assertThat(Arrays.stream(decibels).average().getAsDouble()).isCloseTo(0, within(0.5));
        for (Window w : windows.subList(0, 5)) {
            char[] levels = levels(w);
            assertThat(levels).hasSize(100);
            for (int i = 0; i < levels.length; i++) {
                float x = (float) (w.as().gain() * r.original().samples()[i]);
                assertThat((int) levels[i]).isEqualTo(LAW.encode(x));
            }
        }
        for (Window w : draw(c, recording(100, 0.8), 400, 0)) {
            assertThat(w.as().gain()).isBetween(0.5, 1.2501);
        }
    }

    /** A sine keeps its shape, in another time; windows meet, and see as far as before. */
    @Test
    void speedDrawsOutOrShortens() {
        WaveNetConfig c = config().with("speed", 0.1).with("crop", 300);
        Recording r = recording(1000, 0.3);
        List<Window> windows = draw(c, r, 100, 0);
        assertThat(windows).hasSameSizeAs(draw(config().with("crop", 300), r, 100, 0));
        double[] speeds = windows.stream().mapToDouble(w -> 1 / w.as().ratio()).toArray();
        assertThat(Arrays.stream(speeds).min().getAsDouble()).isBetween(0.9, 0.91);
        assertThat(Arrays.stream(speeds).max().getAsDouble()).isBetween(1.09, 1.1);
        for (Window w : windows) {
            double speed = 1 / w.as().ratio();
            assertThat(w.samples()).isCloseTo((int) Math.round(1000 / speed), within(1));
            assertThat(w.end()).isLessThanOrEqualTo(w.samples());
            assertThat(w.start()).isEqualTo(Math.max(0, w.first() - 8));
            char[] levels = levels(w);
            assertThat(levels).hasSize(w.length());
            for (int i = 0; i < levels.length; i++) {
                int at = w.start() + i;
                // Half of what is between two levels there, and a little.
                if (at > 30 && at < w.samples() - 30) {
                    assertThat(LAW.decode(levels[i]))
                            .isCloseTo(sine(at * speed, 0.3), within(0.0068f));
                }
            }
        }
        Alteration as = new Alteration(1, 1.07, 0, 1);
        int next = 0;
        for (Window w : r.windows(300, 16)) {
            assertThat(as.moved(w.first())).isEqualTo(next);
            next = as.moved(w.end());
        }
        assertThat(next).isEqualTo(1070);
    }

    /** The last part of a recording begins where so much of its new length is over. */
    @Test
    void positionsFollowTheNewLength() {
        WaveNetConfig c = config().with("condition", "(.)").with("positions", 2);
        Window w =
                new Window(
                        recording(100, 0.3), 0, 0, 110, new Alteration(1, 1.1, 0, 1), true, null);
        WindowBatch b = WindowBatch.of(c, List.of(w));
        int second = WaveNetModel.position(c, 0, 1, 2);
        assertThat(b.columns()).isEqualTo(3);
        assertThat(b.ids()[54 * 3 + 2]).isEqualTo(second - 1);
        assertThat(b.ids()[55 * 3 + 2]).isEqualTo(second);
        char[] levels = w.levels(LAW, 0, w.end());
        assertThat(b.labels()[60]).isEqualTo(levels[60]);
        assertThat(b.ids()[60 * 3]).isEqualTo(levels[58]);
        assertThat(b.ids()[60 * 3 + 1]).isEqualTo(levels[59] + 256);
        assertThat(b.counted()).isEqualTo(110);
    }

    /** A window in the middle has the levels of the whole, which its first samples look back at. */
    @Test
    void aPartIsThatOfTheWhole() {
        Recording r = recording(400, 0.3);
        Alteration as = new Alteration(1.3, 0.93, 0, 1);
        char[] whole = as.levels(LAW, r.original(), 0, as.moved(400));
        Window w = new Window(r, 100, 115, 200, as, true, null);
        WindowBatch b = WindowBatch.of(config(), List.of(w));
        assertThat(b.ids()[0]).isEqualTo(whole[98]);
        assertThat(b.ids()[1]).isEqualTo(whole[99] + 256);
        assertThat(b.labels()[14]).isEqualTo(WindowBatch.IGNORE);
        assertThat(b.labels()[15]).isEqualTo(whole[115]);
        assertThat(b.labels()[99 - 15]).isEqualTo(whole[184]);
        float[] x = r.original().samples();
        assertThat(Resampler.part(x, 0.93, 50, 80))
                .isEqualTo(Arrays.copyOfRange(Resampler.part(x, 0.93, 0, 372), 50, 80));
        assertThat(Arrays.equals(Resampler.part(x, 1, 0, 400), x)).isTrue();
    }

    @Test
    void ditherShiftsByLevels() {
        Recording r = recording(1000, 0.3);
        char[] levels = new Alteration(1, 1, 2, 5).levels(LAW, r.original(), 0, 1000);
        int[] shifts = new int[1000];
        Arrays.setAll(shifts, i -> levels[i] - r.levels()[i]);
        assertThat(Arrays.stream(shifts).min().getAsInt()).isEqualTo(-2);
        assertThat(Arrays.stream(shifts).max().getAsInt()).isEqualTo(2);
        assertThat(Arrays.stream(shifts).average().getAsDouble()).isCloseTo(0, within(0.15));
        float[] loud = {1, -1, 1, -1};
        for (int seed = 0; seed < 20; seed++) {
            char[] ends = new Alteration(1, 1, 2, seed).levels(LAW, original(loud), 0, 4);
            assertThat((int) ends[0]).isBetween(253, 255);
            assertThat((int) ends[1]).isBetween(0, 2);
        }
    }

    private static Recording.Original original(float... x) {
        return Recording.Original.of(x);
    }

    /** What was recorded with 8 bits is heard by that, altered or not. */
    @Test
    void coarseSamplesStayCoarse() {
        float[] x = new float[300];
        for (int i = 0; i < x.length; i++) {
            x[i] = Math.round(128 * sine(i, 0.3)) / 128f;
        }
        Recording r = recording(x);
        assertThat(r.original().grain()).isEqualTo(1 / 128f);
        Alteration as = new Alteration(1.7, 0.95, 4, 3);
        for (char level : as.levels(LAW, r.original(), 0, 285)) {
            int nearest = Math.round(128 * LAW.decode(level));
            assertThat((int) level).isEqualTo(LAW.encode(nearest / 128f));
        }
        assertThat(original(0.5f, -0.25f, 0.75f).grain()).isEqualTo(0.25f);
        assertThat(original(0.5f, 3 / 32768f).grain()).isEqualTo(1 / 32768f);
        assertThat(original(0.5f, 0.1f, 0.5f).grain()).isZero();
        assertThat(original(0, Float.NaN, -0.5f).peak()).isEqualTo(0.5f);
    }

    /** Anew for each use, but by seed and epoch alone. */
    @Test
    void drawsDependOnSeedAndEpoch() {
        WaveNetConfig c = config().with("gain", 6).with("speed", 0.1).with("dither", 0.5);
        Recording r = recording(400, 0.3);
        List<Window> windows = draw(c, r, 20, 3);
        assertThat(windows).isEqualTo(draw(c, r, 20, 3)).doesNotHaveDuplicates();
        assertThat(draw(c, r, 20, 4)).doesNotContainAnyElementsOf(windows);
        assertThat(draw(c.with("seed", 2), r, 20, 3)).doesNotContainAnyElementsOf(windows);
        List<Recording> recordings = List.of(r, recording(300, 0.3));
        assertThat(WindowBatch.shuffled(c, recordings, 1))
                .isEqualTo(WindowBatch.shuffled(c, recordings, 1));
        // One sample of which nothing is left in the shorter recording stays as it is.
        for (Window w : draw(c.with("speed", 0.5).with("crop", 17), r, 50, 0)) {
            assertThat(w.first()).isLessThan(w.end());
        }
    }
}
