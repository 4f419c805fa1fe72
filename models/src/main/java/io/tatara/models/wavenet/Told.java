package io.tatara.models.wavenet;

import io.tatara.models.audio.AcousticFeatures;
import java.util.Arrays;

/**
 * What the network is told of a sequence that it makes.
 *
 * @param factors rows of the tables of conditions, or {@link WaveNetModel#UNKNOWN}
 * @param features ids of {@link LocalCondition}, [frames, columns]; empty for models without
 */
record Told(int[] factors, int[] features) {
    /** Of models without features. */
    static Told of(int... factors) {
        return new Told(factors, new int[0]);
    }

    /**
     * Features made as long as a sequence of so many samples.
     *
     * @param frames at least one
     */
    static Told of(WaveNetConfig c, int[] factors, float[][] frames, int samples) {
        int count = AcousticFeatures.frames(samples, c.rate());
        float[][] all = AcousticFeatures.stretched(frames, count);
        return new Told(factors, LocalCondition.ids(c, all));
    }

    /** As long a one of which the network knows nothing. */
    Told unknown(WaveNetConfig c) {
        int[] none = factors.clone();
        Arrays.fill(none, WaveNetModel.UNKNOWN);
        return new Told(none, LocalCondition.unknown(c, features.length / LocalCondition.COLUMNS));
    }
}
