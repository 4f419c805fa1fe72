package io.tatara.models.wavenet;

import io.tatara.models.audio.LinearPredictor;
import io.tatara.models.audio.MuLaw;
import io.tatara.models.audio.PitchTracker;

/**
 * What linear predictors expect of each next sample of a sequence, and how wide of the mark they
 * were lately, as rows of the network's first table: an input beside the samples themselves, as in
 * LPCNet (Valin & Skoglund 2019, section 3). A predictor finds at once what is hard to learn from
 * few recordings, the resonances of this voice in this word; what it cannot know is left to the
 * network. All of it follows from the samples before, so a loss with it is as good as one without.
 */
final class Prediction {
    /**
     * Predictors that are soon adapted, and ever steadier ones, with values about a beat of the
     * voice before; the last looks back over a whole beat itself. How they were chosen is told in
     * docs/audio.md.
     */
    private static final int[] ORDERS = {10, 16, 20, 80};

    private static final int[] TAPS = {1, 3, 5, 0};
    private static final double[] MEMORIES = {0.97, 0.98, 0.99, 0.995};

    static final int PREDICTORS = ORDERS.length;

    /** The one whose width is also told of the last samples, and of those a beat before. */
    private static final int GOOD = 2;

    /**
     * Ids of a sample: for each predictor, the level that it expects and the width; and the width
     * of the last samples and of those a beat before.
     */
    static final int COLUMNS = 2 * PREDICTORS + 2;

    /** Where between the levels a sample is expected is told in such parts of one. */
    static final int PLACES = 4;

    /** Widths are told in quarters of an octave, from that of the finest levels on. */
    private static final int WIDTHS = 64;

    private static final int QUARTERS = 4;
    private static final double OCTAVE = Math.log(2);
    private static final double FINEST = Math.log(Math.scalb(1, -14));

    /** The mean error of so many samples, about 30; and what it is before the first. */
    private static final double MEMORY = 0.97;

    /** Of about three. */
    private static final double SHORT_MEMORY = 0.7;

    private static final double BEGIN = Math.scalb(1, -10);

    /** Samples before a window's first that the predictors are fitted to: far over all memories. */
    private static final int LOOKBACK = 8192;

    private final int first;
    private final MuLaw law;
    private final PitchTracker pitch = new PitchTracker();
    private final LinearPredictor[] predictors = new LinearPredictor[PREDICTORS];
    private final double[] errors = new double[PREDICTORS];
    private double lately = BEGIN;

    /** Before the first sample of a sequence. */
    Prediction(WaveNetConfig c) {
        first = WaveNetModel.prediction(c);
        law = new MuLaw(c.levels());
        for (int i = 0; i < PREDICTORS; i++) {
            predictors[i] =
                    new LinearPredictor(
                            ORDERS[i], MEMORIES[i], TAPS[i], TAPS[i] == 0 ? null : pitch);
            errors[i] = BEGIN;
        }
    }

    /** Rows of all predictors. */
    static int rows(int levels) {
        return PREDICTORS * (levels + WIDTHS) + 2 * WIDTHS;
    }

    /** Places where a sample can be expected. */
    static int places(int levels) {
        return PLACES * (levels - 1) + 1;
    }

    /**
     * The first sample that must be known for the ids of those from there on: a multiple of those
     * after which the pitch and the predictors' weights follow.
     */
    static int from(int start) {
        int from = Math.max(0, start - LOOKBACK);
        return from - from % PitchTracker.EVERY;
    }

    /**
     * The rows before training.
     *
     * @param levels [levels][channels], of which each predictor takes those channels that are its
     *     own, by their numbers modulo {@code sources}
     * @param widths [widths][channels]
     * @param taps numbers before the predictors'
     */
    static float[] begin(float[][] levels, float[][] widths, int taps) {
        int channels = levels[0].length;
        float[] all = new float[rows(levels.length) * channels];
        int at = 0;
        for (int i = 0; i < PREDICTORS; i++) {
            for (float[] level : levels) {
                for (int c = taps + i; c < channels; c += taps + PREDICTORS) {
                    all[at + c] = level[c];
                }
                at += channels;
            }
            for (float[] width : widths) {
                System.arraycopy(width, 0, all, at, channels);
                at += channels;
            }
        }
        for (int i = 0; i < 2; i++) {
            for (float[] width : widths) {
                System.arraycopy(width, 0, all, at, channels);
                at += channels;
            }
        }
        return all;
    }

    static int widths() {
        return WIDTHS;
    }

    /** Puts the {@link #COLUMNS} ids of the next sample there. */
    void next(int[] ids, int at) {
        for (int i = 0; i < PREDICTORS; i++) {
            int row = first + i * (law.levels() + WIDTHS);
            ids[at + 2 * i] = row + law.encode((float) predictors[i].next());
            ids[at + 2 * i + 1] = row + law.levels() + width(errors[i]);
        }
        int row = first + PREDICTORS * (law.levels() + WIDTHS);
        ids[at + 2 * PREDICTORS] = row + width(lately);
        ids[at + 2 * PREDICTORS + 1] = row + WIDTHS + width(pitch.beat(errors[GOOD]));
    }

    private static int width(double error) {
        double quarters = QUARTERS * (Math.log(error) - FINEST) / OCTAVE;
        return (int) Math.clamp(Math.floor(quarters), 0, WIDTHS - 1);
    }

    /** Puts there where each predictor expects the next sample: level · {@link #PLACES}. */
    void expected(int[] places, int at) {
        for (int i = 0; i < PREDICTORS; i++) {
            double level = law.level((float) predictors[i].next());
            places[at + i] = (int) Math.rint(PLACES * level);
        }
    }

    /** The level that the next sample is. */
    void push(int level) {
        double sample = law.decode(level);
        pitch.push(sample);
        for (int i = 0; i < PREDICTORS; i++) {
            push(i, sample);
        }
    }

    private void push(int i, double sample) {
        double error = Math.abs(sample - predictors[i].next());
        errors[i] = MEMORY * errors[i] + (1 - MEMORY) * error;
        if (i == GOOD) {
            lately = SHORT_MEMORY * lately + (1 - SHORT_MEMORY) * error;
        }
        predictors[i].push(sample);
    }

    /**
     * Of all samples of a sequence.
     *
     * @param ids [samples, {@link #COLUMNS}]
     * @param expected [samples, {@link #PREDICTORS}]
     */
    record All(int[] ids, int[] expected) {}

    static All all(WaveNetConfig c, char[] levels) {
        int[] ids = new int[Math.multiplyExact(levels.length, COLUMNS)];
        int[] expected = new int[levels.length * PREDICTORS];
        Prediction p = new Prediction(c);
        for (int t = 0; t < levels.length; t++) {
            p.next(ids, t * COLUMNS);
            p.expected(expected, t * PREDICTORS);
            p.push(levels[t]);
        }
        return new All(ids, expected);
    }
}
