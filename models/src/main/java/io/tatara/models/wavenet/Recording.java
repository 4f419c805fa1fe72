package io.tatara.models.wavenet;

import java.util.ArrayList;
import java.util.List;

/**
 * A recording as training sees it.
 *
 * @param name path within its folder
 * @param levels of the µ-law
 * @param factors rows of the tables of conditions, see {@link VoiceData}
 */
record Recording(String name, char[] levels, int[] factors) {
    /**
     * A part of a recording that is computed at a time: outputs of [start, end), of which those
     * from {@code first} count; the others are what the first ones that count look back at.
     */
    record Window(Recording of, int start, int first, int end) {
        int length() {
            return end - start;
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
