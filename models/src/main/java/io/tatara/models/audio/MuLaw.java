package io.tatara.models.audio;

import io.tatara.kernels.TataraException;

/**
 * The µ-law: samples to levels that lie closer where sound is soft. f(x) = sign(x) ln(1 + µ|x|) /
 * ln(1 + µ) with µ one less than the number of levels, of which the nearest is taken: the
 * continuous form of ITU-T G.711 as in van den Oord et al., "WaveNet", 2016, section 2.2 (256
 * levels, µ = 255).
 */
public final class MuLaw {
    private final int levels;
    private final double log;
    private final float[] decoded;

    /**
     * @param levels 2 to 65536
     * @throws TataraException for other numbers of levels
     */
    public MuLaw(int levels) {
        if (levels < 2 || levels > 1 << 16) {
            throw new TataraException("µ-law: levels: given " + levels + ", expected 2 … 65536");
        }
        this.levels = levels;
        this.log = Math.log1p(levels - 1);
        this.decoded = new float[levels];
        for (int i = 0; i < levels; i++) {
            double f = 2.0 * i / (levels - 1) - 1;
            decoded[i] = (float) (Math.signum(f) * Math.expm1(Math.abs(f) * log) / (levels - 1));
        }
    }

    public int levels() {
        return levels;
    }

    /**
     * The nearest level; samples outside of -1 … 1 take the outermost, one that is NaN the middle.
     */
    public int encode(float sample) {
        return (int) Math.floor(level(sample) + 0.5);
    }

    /** As {@link #encode(float)}, from a level shifted by so much before it is rounded. */
    public int encode(float sample, double shift) {
        return (int) Math.clamp(Math.floor(level(sample) + shift + 0.5), 0, levels - 1);
    }

    /** Where between the levels a sample is, 0 … levels − 1, before it is rounded to one. */
    public double level(float sample) {
        double x = Float.isNaN(sample) ? 0 : Math.clamp(sample, -1, 1);
        double f = Math.signum(x) * Math.log1p((levels - 1) * Math.abs(x)) / log;
        return (f + 1) / 2 * (levels - 1);
    }

    /**
     * The sample that a level stands for; {@code encode(decode(level))} is the level.
     *
     * @throws TataraException if there is no such level
     */
    public float decode(int level) {
        if (level < 0 || level >= levels) {
            throw new TataraException(
                    "µ-law: level: given " + level + ", expected 0 … " + (levels - 1));
        }
        return decoded[level];
    }

    public int[] encode(float[] samples) {
        int[] out = new int[samples.length];
        for (int i = 0; i < out.length; i++) {
            out[i] = encode(samples[i]);
        }
        return out;
    }

    public float[] decode(int[] coded) {
        float[] out = new float[coded.length];
        for (int i = 0; i < out.length; i++) {
            out[i] = decode(coded[i]);
        }
        return out;
    }
}
