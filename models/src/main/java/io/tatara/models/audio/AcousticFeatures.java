package io.tatara.models.audio;

/**
 * What a vocoder is told of a voice every ten milliseconds: the power in {@value #BANDS} mel bands,
 * as of the WaveNet of Shen et al., "Natural TTS synthesis by conditioning WaveNet on mel
 * spectrogram predictions", 2018 (Tacotron 2), and the pitch.
 */
public final class AcousticFeatures {
    public static final int BANDS = MelBands.BANDS;

    /** Numbers of a frame: the bands' power, in decibels of a full-scale sine's; and the pitch. */
    public static final int NUMBERS = BANDS + 1;

    /** The power of silence. */
    public static final float SILENCE = -96;

    /** Beats a second that are searched for. */
    private static final int LOWEST = 60;

    private static final int HIGHEST = 400;

    /** How like itself a voice is a beat later, at least. */
    private static final double VOICED = 0.5;

    /** A shorter lag that is nearly as good is the pitch, the longer one a multiple of it. */
    private static final double NEARLY = 0.9;

    private AcousticFeatures() {}

    /** Samples from one frame to the next. */
    public static int hop(int rate) {
        return MelBands.hop(rate);
    }

    /** Frames of so many samples. */
    public static int frames(int samples, int rate) {
        return Math.ceilDiv(samples, hop(rate));
    }

    /** Samples before and behind a frame's own that it depends on, at most. */
    public static int reach(int rate) {
        return Math.max(MelBands.size(rate), compared(rate) + rate / LOWEST) / 2 + 1;
    }

    private static int compared(int rate) {
        return 3 * rate / 100;
    }

    /**
     * All frames of a sound, [frames][{@value #NUMBERS}]: the bands' power, at least {@link
     * #SILENCE}, and the pitch in beats a second, 0 where there is no voice.
     */
    public static float[][] of(Sound sound) {
        int frames = frames(sound.samples().length, sound.rate());
        return of(sound.samples(), 0, sound.rate(), 0, frames);
    }

    /**
     * Frames [first, end) of a sound of which only a part is at hand; zeros stand for the rest.
     *
     * @param x the samples from number {@code offset} on
     */
    public static float[][] of(float[] x, int offset, int rate, int first, int end) {
        MelBands bands = new MelBands(rate);
        int hop = hop(rate);
        int half = MelBands.size(rate) / 2;
        float[][] all = new float[end - first][NUMBERS];
        for (int f = first; f < end; f++) {
            int middle = f * hop + hop / 2 - offset;
            double[] power = bands.power(x, middle - half);
            float[] frame = all[f - first];
            for (int b = 0; b < BANDS; b++) {
                double decibels = 10 * Math.log10(power[b] / bands.full());
                frame[b] = (float) Math.max(SILENCE, decibels);
            }
            frame[BANDS] = pitch(x, middle, rate);
        }
        return all;
    }

    /** By the normalized correlation of the sound around there with itself a lag later. */
    private static float pitch(float[] x, int middle, int rate) {
        int shortest = Math.max(1, rate / HIGHEST);
        int longest = rate / LOWEST;
        double[] like = new double[longest + 2];
        double best = 0;
        for (int lag = shortest; lag <= longest; lag++) {
            like[lag] = correlation(x, middle, compared(rate), lag);
            best = Math.max(best, like[lag]);
        }
        if (best < VOICED) {
            return 0;
        }
        int lag = shortest;
        while (like[lag] < NEARLY * best || like[lag + 1] > like[lag]) {
            lag++;
        }
        return rate / (float) lag;
    }

    private static double correlation(float[] x, int middle, int count, int lag) {
        int start = middle - (count + lag) / 2;
        double product = 0;
        double here = 1e-9;
        double later = 1e-9;
        for (int t = Math.max(0, start); t < Math.min(start + count, x.length - lag); t++) {
            product += x[t] * (double) x[t + lag];
            here += x[t] * (double) x[t];
            later += x[t + lag] * (double) x[t + lag];
        }
        return product / Math.sqrt(here * later);
    }

    /**
     * Frames made faster or slower, evenly: the powers between two frames are between theirs, the
     * pitch is that of the nearer one.
     *
     * @param frames at least one
     * @param count of the frames to be made
     */
    public static float[][] stretched(float[][] frames, int count) {
        float[][] all = new float[count][];
        for (int i = 0; i < count; i++) {
            double place =
                    Math.clamp((i + 0.5) * frames.length / count - 0.5, 0, frames.length - 1);
            int at = (int) place;
            float part = (float) (place - at);
            float[] here = frames[at];
            float[] next = frames[Math.min(at + 1, frames.length - 1)];
            all[i] = (part < 0.5 ? here : next).clone();
            for (int b = 0; b < BANDS; b++) {
                all[i][b] = here[b] + part * (next[b] - here[b]);
            }
        }
        return all;
    }
}
