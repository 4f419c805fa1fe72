package io.tatara.models.wavenet;

import io.tatara.models.audio.MuLaw;
import io.tatara.models.audio.Resampler;
import io.tatara.models.wavenet.Recording.Original;
import io.tatara.models.wavenet.Recording.Window;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/**
 * How a recording is altered for one use in training, so that a network that is large for its data
 * does not learn the recordings by heart. Volume and speed (with the pitch: Ko et al., "Audio
 * augmentation for speech recognition", 2015) are changed before the µ-law; then the samples are
 * rounded to the {@link Original#grain} again, for a recording of 8 bits is known by that, and
 * those held out keep it.
 *
 * @param gain factor on the samples
 * @param ratio the new length over the old one
 * @param dither largest shift of a sample, in levels, before it is rounded to one; spared are
 *     recordings whose grain is coarser than the finest levels
 * @param seed of the shifts
 */
record Alteration(double gain, double ratio, double dither, long seed) {
    private static final double DECIBELS = 20;

    /**
     * Windows altered as the config says, by seed, epoch and place in the list alone. Their number
     * stays the same; together they still count each part of a recording once.
     */
    static List<Window> draw(WaveNetConfig c, List<Window> windows, int epoch) {
        if (!c.alters()) {
            return windows;
        }
        SplittableRandom random =
                new SplittableRandom(c.seed() * 0xD1B54A32D192ED03L + 31L * epoch + 7);
        List<Window> altered = new ArrayList<>();
        for (Window w : windows) {
            altered.add(draw(c, w.of().original().peak(), random).of(w, c));
        }
        return altered;
    }

    /**
     * Draws the same numbers from {@code random} whatever the config, so settings can be compared.
     */
    private static Alteration draw(WaveNetConfig c, float peak, SplittableRandom random) {
        double gain = Math.pow(10, c.gain() * either(random) / DECIBELS);
        double speed = 1 + c.speed() * either(random);
        // Louder only as far as nothing is cut off.
        return new Alteration(
                Math.min(gain, Math.max(1, 1 / peak)), 1 / speed, c.dither(), random.nextLong());
    }

    /** From -1 to 1. */
    private static double either(SplittableRandom random) {
        return 2 * random.nextDouble() - 1;
    }

    /** The window altered; as it is if nothing of it that counts would be left. */
    private Window of(Window w, WaveNetConfig c) {
        int first = moved(w.first());
        int end = moved(w.end());
        int start = Math.max(0, first - (c.receptiveField() - 1));
        return first < end
                ? new Window(w.of(), start, first, end, this, w.labelled(), w.disturbed())
                : w;
    }

    /** Where a sample, or the end of all, comes to be. */
    int moved(int sample) {
        return (int) Math.round(sample * ratio);
    }

    /** The altered levels of [from, end). */
    char[] levels(MuLaw law, Original o, int from, int end) {
        float[] x =
                ratio == 1
                        ? Arrays.copyOfRange(o.samples(), from, end)
                        : Resampler.part(o.samples(), ratio, from, end);
        float middle = law.decode(law.levels() / 2) - law.decode(law.levels() / 2 - 1);
        double shift = o.grain() > middle ? 0 : dither;
        SplittableRandom random = new SplittableRandom(seed);
        char[] levels = new char[x.length];
        for (int i = 0; i < levels.length; i++) {
            double y = x[i] * gain;
            y = o.grain() == 0 ? y : Math.rint(y / o.grain()) * o.grain();
            levels[i] =
                    (char)
                            (shift == 0
                                    ? law.encode((float) y)
                                    : law.encode((float) y, shift * either(random)));
        }
        return levels;
    }
}
