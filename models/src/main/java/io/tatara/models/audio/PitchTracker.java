package io.tatara.models.audio;

/**
 * Where a voice repeats itself: what {@link LinearPredictor} of a few samples does not expect, the
 * beats of the glottis above all, is compared with itself some time before, and the lag at which
 * both are most alike is the pitch (normalized correlation of the residual, as of the open-loop
 * search of speech coders: ITU-T G.729, section 3.4). Samples are taken as they come, and all that
 * it tells follows from those before.
 */
public final class PitchTracker {
    /** The lag follows by so many samples at a time. */
    public static final int EVERY = 16;

    /** Lags in samples, both included: at 8 kHz from 400 to 50 beats a second. */
    public static final int SHORTEST = 20;

    public static final int LONGEST = 160;

    private static final int ORDER = 16;
    private static final double MEMORY = 0.99;

    /** So many samples are compared. */
    private static final int WINDOW = 160;

    /** Added to the product of the energies, so that silence is not like itself. */
    private static final double SILENCE = 1e-12;

    private static final int KEPT = WINDOW + LONGEST;

    private final LinearPredictor predictor = new LinearPredictor(ORDER, MEMORY);

    /** What was not expected, the latest first, twice, so that a run of them has no seam. */
    private final double[] residual = new double[2 * KEPT];

    private int at;
    private int pushed;
    private int lag;

    /** Takes the next sample. */
    public void push(double sample) {
        at = at == 0 ? KEPT - 1 : at - 1;
        residual[at] = sample - predictor.next();
        residual[at + KEPT] = residual[at];
        predictor.push(sample);
        pushed++;
        if (pushed % EVERY == 0) {
            lag = search();
        }
    }

    /** Samples from one beat to the next; 0 where there are none. */
    public int lag() {
        return lag;
    }

    /**
     * What was not expected about a beat before the next sample: {@code taps} values from there on,
     * the earliest first, the middle one a whole beat before; zeros where there are none.
     */
    void fill(double[] values, int from, int taps) {
        for (int i = 0; i < taps; i++) {
            values[from + i] = lag == 0 ? 0 : residual[at + lag - 1 + taps / 2 - i];
        }
    }

    /**
     * How large what was not expected was about a beat before the next sample: the weighted mean of
     * five sizes.
     *
     * @param otherwise the answer where there are no beats
     */
    public double beat(double otherwise) {
        if (lag == 0) {
            return otherwise;
        }
        double sum = 0;
        for (int i = -2; i <= 2; i++) {
            sum += (3 - Math.abs(i)) * Math.abs(residual[at + lag - 1 + i]);
        }
        return sum / 9;
    }

    private int search() {
        double energy = 0;
        double past = 0;
        for (int i = 0; i < WINDOW; i++) {
            energy += residual[at + i] * residual[at + i];
            past += residual[at + SHORTEST + i] * residual[at + SHORTEST + i];
        }
        double best = 0;
        int found = 0;
        for (int l = SHORTEST; l <= LONGEST; l++) {
            double product = 0;
            for (int i = 0; i < WINDOW; i++) {
                product += residual[at + i] * residual[at + l + i];
            }
            double like = product / Math.sqrt(energy * Math.max(past, 0) + SILENCE);
            if (like > best) {
                best = like;
                found = l;
            }
            if (l < LONGEST) {
                double in = residual[at + l + WINDOW];
                double out = residual[at + l];
                past += in * in - out * out;
            }
        }
        return found;
    }
}
