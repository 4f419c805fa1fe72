package io.tatara.models.audio;

import io.tatara.kernels.TataraException;
import java.util.List;

/**
 * One channel of sound.
 *
 * @param samples from -1 to 1; not copied
 * @param rate samples a second
 */
public record Sound(float[] samples, int rate) {
    /**
     * @throws TataraException if the rate is below 1
     */
    public Sound {
        if (rate < 1) {
            throw new TataraException("sound: rate: given " + rate + ", expected >= 1");
        }
    }

    public double seconds() {
        return samples.length / (double) rate;
    }

    /** Largest magnitude, 0 where there are no samples. */
    public float peak() {
        float peak = 0;
        for (float s : samples) {
            peak = Math.max(peak, Math.abs(s));
        }
        return peak;
    }

    /** Root of the mean square, 0 where there are no samples. */
    public double rms() {
        double sum = 0;
        for (float s : samples) {
            sum += s * (double) s;
        }
        return samples.length == 0 ? 0 : Math.sqrt(sum / samples.length);
    }

    /**
     * Sounds one after the other.
     *
     * @throws TataraException if there are none, or their rates differ
     */
    public static Sound joined(List<Sound> sounds) {
        long count = sounds.stream().mapToLong(s -> s.samples.length).sum();
        if (sounds.stream().mapToInt(Sound::rate).distinct().count() != 1
                || count > Integer.MAX_VALUE - 8) {
            throw new TataraException(
                    "sounds to join: given "
                            + sounds.size()
                            + " of "
                            + count
                            + " samples, expected some, of one rate, that fit into an array");
        }
        float[] all = new float[(int) count];
        int at = 0;
        for (Sound s : sounds) {
            System.arraycopy(s.samples, 0, all, at, s.samples.length);
            at += s.samples.length;
        }
        return new Sound(all, sounds.getFirst().rate);
    }

    /** The same sound at another rate; see {@link Resampler}. */
    public Sound at(int other) {
        return other == rate ? this : new Sound(Resampler.resample(samples, rate, other), other);
    }
}
