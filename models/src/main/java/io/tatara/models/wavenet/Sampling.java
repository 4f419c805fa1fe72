package io.tatara.models.wavenet;

import io.tatara.kernels.TataraException;

/**
 * How a {@link WaveNetGenerator} draws samples. Start from {@link #of} and change what should be
 * otherwise.
 *
 * @param temperature each sample is drawn from softmax(logits / temperature): 1 for the model's own
 *     distribution; 0 takes the likeliest level
 * @param floor this is taken off each level's probability, and what is left drawn from, so that
 *     levels less likely than it, which would be heard as crackling, are not drawn at all (Valin
 *     and Skoglund, "LPCNet", 2019, section 3.3, where it is 0.002); 0 for not
 * @param guidance 1 for what the model makes of the label; above 1 draws the sound towards it, by
 *     what the label changes in the logits, times this (classifier-free guidance: Ho and Salimans
 *     2022). Each sound then takes twice the work, and each sample is a call. It needs a model that
 *     was trained with {@code labelDropout}.
 * @param caution how far the model is to doubt what it has said, 0 for not, 1 for as if it were as
 *     noisy as the noisiest that it was trained with: sound wanders off less, and is duller. It
 *     needs a model that was trained with {@code noise}.
 * @param seed of the numbers that are drawn
 */
public record Sampling(
        double temperature, double floor, double guidance, double caution, long seed) {
    private static final String FINITE = "a finite number >= 0";

    /**
     * @throws TataraException if a number is out of range or not finite
     */
    public Sampling {
        that(
                temperature >= 0 && temperature <= Float.MAX_VALUE,
                "temperature",
                temperature,
                FINITE);
        that(floor >= 0 && floor < 1, "floor", floor, "0 … 1, 1 excluded");
        that(guidance >= 0 && guidance <= Float.MAX_VALUE, "guidance", guidance, FINITE);
        that(caution >= 0 && caution <= 1, "caution", caution, "0 … 1");
    }

    private static void that(boolean ok, String what, double given, String expected) {
        if (!ok) {
            throw new TataraException(
                    "generate: " + what + ": given " + given + ", expected " + expected);
        }
    }

    /** Without floor, guidance and caution. */
    public static Sampling of(double temperature, long seed) {
        return new Sampling(temperature, 0, 1, 0, seed);
    }

    public Sampling withFloor(double other) {
        return new Sampling(temperature, other, guidance, caution, seed);
    }

    public Sampling withGuidance(double other) {
        return new Sampling(temperature, floor, other, caution, seed);
    }

    public Sampling withCaution(double other) {
        return new Sampling(temperature, floor, guidance, other, seed);
    }

    /** Whether the model's own distribution, but for the temperature, is drawn from. */
    boolean plain() {
        return floor == 0 && guidance == 1;
    }

    /** The row of {@link Disturbance} strengths that is told. */
    int strength() {
        return (int) Math.rint(caution * Disturbance.STRENGTHS);
    }

    /**
     * Whether a model can do so.
     *
     * @throws TataraException if it was not trained to
     */
    void check(WaveNetConfig c) {
        String since = ", since the model was trained with ";
        boolean guided = c.labelDropout() > 0;
        that(guidance == 1 || guided, "guidance", guidance, "1" + since + "labelDropout 0");
        that(caution == 0 || c.noise() > 0, "caution", caution, "0" + since + "noise 0");
    }
}
