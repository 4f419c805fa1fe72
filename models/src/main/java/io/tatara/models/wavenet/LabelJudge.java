package io.tatara.models.wavenet;

import io.tatara.kernels.TataraException;
import io.tatara.models.audio.Cepstra;
import io.tatara.models.audio.MuLaw;
import io.tatara.models.audio.Sound;
import io.tatara.models.audio.TimeWarping;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Says what label a sound has: that of the recording of the training set that is nearest by {@link
 * Cepstra} and {@link TimeWarping}. No ear, but the same judge for recordings that were held out
 * and for what a model made: the closer the two come, the better the model says what it was asked
 * for.
 */
public final class LabelJudge {
    private final WaveNetConfig config;
    private final Recordings recordings;
    private final float[][][] known;

    private LabelJudge(WaveNetConfig config, Recordings recordings) {
        this.config = config;
        this.recordings = recordings;
        this.known = frames(recordings.train());
    }

    /**
     * Reads the recordings that a model was trained on.
     *
     * @throws TataraException if they cannot be read, have no labels, or others than the model's
     */
    public static LabelJudge of(WaveNetGenerator model, Path folder) {
        WaveNetConfig c = model.config().with("rate", model.data().rate());
        Recordings r = Recordings.read(folder, c, note -> {});
        if (r.data().factors().isEmpty() || !r.data().equals(model.data())) {
            throw new TataraException(
                    "judge: folder "
                            + folder
                            + " has "
                            + r.data()
                            + ", the model "
                            + model.data()
                            + "; the same labels are needed, and some");
        }
        return new LabelJudge(c, r);
    }

    private float[][][] frames(List<Recording> all) {
        MuLaw law = new MuLaw(config.levels());
        float[][][] frames = new float[all.size()][][];
        Arrays.setAll(frames, i -> Cepstra.of(all.get(i).sound(law, recordings.data().rate())));
        return frames;
    }

    /** The label of the nearest recording. */
    public List<String> label(Sound sound) {
        int[] rows = recordings.train().get(nearest(Cepstra.of(sound))).factors();
        return IntStream.range(0, rows.length)
                .mapToObj(i -> recordings.data().value(i, rows[i]))
                .toList();
    }

    private int nearest(float[][] frames) {
        int best = 0;
        double least = Double.POSITIVE_INFINITY;
        for (int i = 0; i < known.length; i++) {
            double d = TimeWarping.distance(frames, known[i]);
            if (d < least) {
                least = d;
                best = i;
            }
        }
        return best;
    }

    /** {@link Sound#rms} of all recordings held out. */
    public double[] heldOutRms() {
        MuLaw law = new MuLaw(config.levels());
        return recordings.heldOut().stream()
                .mapToDouble(r -> r.sound(law, recordings.data().rate()).rms())
                .toArray();
    }

    /** Of the recordings held out, the part whose label this finds, for each factor. */
    public double[] heldOut() {
        List<Recording> all = recordings.heldOut();
        float[][][] frames = frames(all);
        int[] nearest = IntStream.range(0, frames.length).map(i -> nearest(frames[i])).toArray();
        int[] right = new int[recordings.data().factors().size()];
        for (int i = 0; i < nearest.length; i++) {
            int[] found = recordings.train().get(nearest[i]).factors();
            for (int f = 0; f < right.length; f++) {
                right[f] += found[f] == all.get(i).factors()[f] ? 1 : 0;
            }
        }
        return Arrays.stream(right).mapToDouble(r -> r / (double) nearest.length).toArray();
    }
}
