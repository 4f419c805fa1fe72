package io.tatara.models.wavenet;

import io.tatara.models.audio.MuLaw;
import io.tatara.models.audio.Sound;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A recording as training sees it.
 *
 * @param name path within its folder
 * @param levels of the µ-law
 * @param factors rows of the tables of conditions, see {@link VoiceData}
 * @param original of the levels; null where the recording is not altered
 */
record Recording(String name, char[] levels, int[] factors, Original original) {
    /** One that is not altered. */
    Recording(String name, char[] levels, int[] factors) {
        this(name, levels, factors, null);
    }

    /**
     * The samples before the µ-law.
     *
     * @param peak the largest magnitude
     * @param grain of which all samples are multiples, such as 1/128 for a recording of 8 bits,
     *     whatever the file's; 0 where there is none of at least {@value #BITS} bits
     */
    record Original(float[] samples, float peak, float grain) {
        private static final int BITS = 16;
        private static final float FINEST = 1f / (1 << BITS - 1);

        static Original of(float[] samples) {
            float peak = 0;
            int grain = 0;
            boolean whole = true;
            for (float s : samples) {
                // A NaN is no peak.
                peak = Math.abs(s) > peak ? Math.abs(s) : peak;
                float steps = s / FINEST;
                whole &= steps == (int) steps;
                grain = whole ? divisor(grain, Math.abs((int) steps)) : 0;
            }
            return new Original(samples, peak, grain * FINEST);
        }

        private static int divisor(int a, int b) {
            return b == 0 ? a : divisor(b, a % b);
        }
    }

    /** As it is heard. */
    Sound sound(MuLaw law, int rate) {
        return new Sound(decoded(law, levels), rate);
    }

    static float[] decoded(MuLaw law, char[] levels) {
        float[] x = new float[levels.length];
        for (int i = 0; i < x.length; i++) {
            x[i] = law.decode(levels[i]);
        }
        return x;
    }

    /**
     * A part of a recording that is computed at a time: outputs of [start, end), of which those
     * from {@code first} count; the others are what the first ones that count look back at.
     *
     * @param as how the recording is altered, which the numbers of samples follow; null for not
     * @param labelled whether the network is told the label and features
     * @param disturbed what is added to the samples before each one; null for nothing
     */
    record Window(
            Recording of,
            int start,
            int first,
            int end,
            Alteration as,
            boolean labelled,
            Disturbance disturbed) {
        /** One that is not altered. */
        Window(Recording of, int start, int first, int end) {
            this(of, start, first, end, null, true, null);
        }

        Window unlabelled() {
            return new Window(of, start, first, end, as, false, disturbed);
        }

        Window disturbed(Disturbance by) {
            return new Window(of, start, first, end, as, labelled, by);
        }

        /** Rows of the tables of conditions. */
        int[] factors() {
            int[] rows = of.factors.clone();
            if (!labelled) {
                Arrays.fill(rows, WaveNetModel.UNKNOWN);
            }
            return rows;
        }

        int length() {
            return end - start;
        }

        /** Length of the whole recording. */
        int samples() {
            return as == null ? of.levels.length : as.moved(of.levels.length);
        }

        /** The recording's levels of [from, to). */
        char[] levels(MuLaw law, int from, int to) {
            return as == null
                    ? Arrays.copyOfRange(of.levels, from, to)
                    : as.levels(law, of.original, from, to);
        }
    }

    /**
     * Windows of at most {@code crop} samples such that each sample counts in one of them, and sees
     * there all of the receptive field.
     */
    List<Window> windows(int crop, int receptiveField) {
        List<Window> windows = new ArrayList<>();
        int first = 0;
        while (first < levels.length) {
            int start = Math.max(0, first - (receptiveField - 1));
            int end = Math.min(levels.length, start + crop);
            windows.add(new Window(this, start, first, end));
            first = end;
        }
        return windows;
    }
}
