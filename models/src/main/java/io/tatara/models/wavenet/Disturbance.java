package io.tatara.models.wavenet;

import io.tatara.models.audio.MuLaw;
import java.util.SplittableRandom;

/**
 * What is added to the samples that training shows before each one, while that one stays what it
 * is, so that the network learns to find back from sound that is not quite right, as its own will
 * be (Valin and Skoglund, "LPCNet", 2019, section 3.4). How strong it is the network is told, so
 * that it costs nothing where there is none, and sound can be made as carefully as one likes (as
 * cascades of diffusion models are told how noisy their condition is: Ho et al. 2022).
 *
 * <p>It is white noise in levels, and a slow change of the volume, which otherwise would wander
 * off: each sample's is likely given the loudness of those before.
 *
 * @param strength 1 … {@link #STRENGTHS}
 * @param seed of the noise
 */
record Disturbance(int strength, long seed) {
    /** Strengths that are told apart, beside none. */
    static final int STRENGTHS = 8;

    /** The change of the volume for a level of noise, in decibels: standard deviations both. */
    private static final double DECIBELS = 1.5;

    /** What is left of the volume's change a sample later: it lasts some 50 ms at 8 kHz. */
    private static final double MEMORY = 1 - 1.0 / 400;

    /**
     * Draws one for a window; null for none. The same numbers are drawn whatever the outcome.
     *
     * @param part of the windows that are disturbed, all strengths together
     */
    static Disturbance draw(SplittableRandom random, double part) {
        int strength = random.nextInt((int) Math.round(STRENGTHS / part)) + 1;
        long seed = random.nextLong();
        return strength > STRENGTHS ? null : new Disturbance(strength, seed);
    }

    /**
     * The disturbed levels.
     *
     * @param largest the standard deviation of the noise at the greatest strength, in levels
     */
    char[] of(char[] levels, MuLaw law, double largest) {
        double noise = largest * strength / STRENGTHS;
        SplittableRandom random = new SplittableRandom(seed);
        char[] all = new char[levels.length];
        double volume = random.nextGaussian();
        double step = Math.sqrt(1 - MEMORY * MEMORY);
        for (int i = 0; i < all.length; i++) {
            volume = MEMORY * volume + step * random.nextGaussian();
            double gain = Math.pow(10, DECIBELS * noise * volume / 20);
            double level = law.level((float) (gain * law.decode(levels[i])));
            double moved = Math.rint(level + noise * random.nextGaussian());
            all[i] = (char) Math.clamp(moved, 0, law.levels() - 1);
        }
        return all;
    }
}
