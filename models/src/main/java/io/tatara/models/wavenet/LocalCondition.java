package io.tatara.models.wavenet;

import io.tatara.models.audio.AcousticFeatures;
import io.tatara.models.audio.MuLaw;
import io.tatara.models.wavenet.Recording.Window;
import java.util.Arrays;

/**
 * {@link AcousticFeatures} as rows of the network's first table: the local conditioning of section
 * 2.5. Each band's power, in steps of three decibels, and the pitch, in semitones, have a row that
 * holds for the ten milliseconds of a frame.
 */
final class LocalCondition {
    private static final int STEPS = 32;
    private static final float DECIBELS = -AcousticFeatures.SILENCE / STEPS;

    /** One for no voice, and so many semitones from the lowest on: up to 400 beats a second. */
    private static final int PITCHES = 1 + 37;

    private static final double LOWEST = 50;

    /** Ids of a frame, and so of a sample. */
    static final int COLUMNS = AcousticFeatures.NUMBERS;

    static final int ROWS = AcousticFeatures.BANDS * STEPS + PITCHES;

    private LocalCondition() {}

    /** Ids [frames, {@link #COLUMNS}]. */
    static int[] ids(WaveNetConfig c, float[][] frames) {
        int first = WaveNetModel.features(c);
        int[] ids = new int[frames.length * COLUMNS];
        int id = 0;
        for (float[] frame : frames) {
            for (int b = 0; b < AcousticFeatures.BANDS; b++) {
                int step = (int) Math.floor((frame[b] - AcousticFeatures.SILENCE) / DECIBELS);
                ids[id++] = first + b * STEPS + Math.clamp(step, 0, STEPS - 1);
            }
            float pitch = frame[AcousticFeatures.BANDS];
            ids[id++] = first + AcousticFeatures.BANDS * STEPS + (pitch == 0 ? 0 : voiced(pitch));
        }
        return ids;
    }

    private static int voiced(float pitch) {
        double semitone = Math.rint(12 * Math.log(pitch / LOWEST) / Math.log(2));
        return (int) Math.clamp(1 + semitone, 1, PITCHES - 1);
    }

    /**
     * Ids of a window's frames, from that of its first sample to that of its last.
     *
     * @param levels of the recording from number {@code from} on, as far as frames look
     */
    static int[] ids(WaveNetConfig c, Window w, char[] levels, int from) {
        int hop = AcousticFeatures.hop(c.rate());
        int first = w.start() / hop;
        int end = Math.ceilDiv(w.end(), hop);
        if (!w.labelled()) {
            return unknown(c, end - first);
        }
        float[] x = Recording.decoded(new MuLaw(c.levels()), levels);
        return ids(c, AcousticFeatures.of(x, from, c.rate(), first, end));
    }

    /** Ids of so many frames of which the network is told nothing. */
    static int[] unknown(WaveNetConfig c, int frames) {
        int[] ids = new int[frames * COLUMNS];
        Arrays.fill(ids, WaveNetModel.before(c));
        return ids;
    }
}
