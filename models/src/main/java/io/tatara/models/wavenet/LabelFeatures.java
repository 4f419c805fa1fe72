package io.tatara.models.wavenet;

import io.tatara.kernels.DType;
import io.tatara.kernels.Shape;
import io.tatara.kernels.TataraException;
import io.tatara.models.audio.AcousticFeatures;
import io.tatara.models.audio.MuLaw;
import io.tatara.models.audio.TimeWarping;
import io.tatara.runtime.io.HostTensor;
import io.tatara.runtime.io.Safetensors;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * How each label sounds, for a network that is told of features: the mean of those of its
 * recordings, along the one that is nearest to all others (the first step of Petitjean et al., "A
 * global averaging method for dynamic time warping", 2011).
 */
final class LabelFeatures {
    /** Recordings of a label that the mean is of, at most: each is compared with each. */
    private static final int MOST = 24;

    /**
     * Seconds; longer recordings are left out. Work and memory grow with the square: of minutes
     * they are hours and gigabytes.
     */
    private static final int LONGEST = 20;

    private final Map<String, float[][]> known;

    private LabelFeatures(Map<String, float[][]> known) {
        this.known = known;
    }

    /**
     * @param data the recordings' rate and labels
     */
    static LabelFeatures of(WaveNetConfig c, VoiceData data, List<Recording> recordings) {
        Map<String, List<Recording>> byLabel = new TreeMap<>();
        for (Recording r : recordings) {
            if (r.levels().length <= (long) LONGEST * data.rate()) {
                byLabel.computeIfAbsent(name(data, r.factors()), _ -> new ArrayList<>()).add(r);
            }
        }
        Map<String, float[][]> means = new LinkedHashMap<>();
        byLabel.entrySet().parallelStream()
                .map(e -> Map.entry(e.getKey(), mean(all(c, data, e.getValue()))))
                .toList()
                .forEach(e -> means.put(e.getKey(), e.getValue()));
        return new LabelFeatures(means);
    }

    private static float[][][] all(WaveNetConfig c, VoiceData data, List<Recording> recordings) {
        MuLaw law = new MuLaw(c.levels());
        return recordings.stream()
                .limit(MOST)
                .map(r -> AcousticFeatures.of(r.sound(law, data.rate())))
                .toArray(float[][][]::new);
    }

    private static float[][] mean(float[][][] all) {
        float[][][] bands = new float[all.length][][];
        Arrays.setAll(bands, i -> bands(all[i]));
        float[][] middle = middle(bands);
        int[][][] paths = new int[all.length][][];
        Arrays.setAll(paths, i -> TimeWarping.path(middle, bands[i]));
        float[][] mean = new float[middle.length][AcousticFeatures.NUMBERS];
        for (int f = 0; f < mean.length; f++) {
            float[] pitches = new float[all.length];
            for (int i = 0; i < all.length; i++) {
                int from = paths[i][f][0];
                int to = paths[i][f][1];
                for (int g = from; g <= to; g++) {
                    for (int b = 0; b < AcousticFeatures.BANDS; b++) {
                        mean[f][b] += all[i][g][b] / ((to - from + 1) * all.length);
                    }
                }
                pitches[i] = all[i][(from + to) / 2][AcousticFeatures.BANDS];
            }
            // No voice is the lowest pitch, so a frame is voiced where most are.
            Arrays.sort(pitches);
            mean[f][AcousticFeatures.BANDS] = pitches[pitches.length / 2];
        }
        return mean;
    }

    private static float[][] bands(float[][] frames) {
        float[][] bands = new float[frames.length][];
        Arrays.setAll(bands, f -> Arrays.copyOf(frames[f], AcousticFeatures.BANDS));
        return bands;
    }

    private static float[][] middle(float[][][] all) {
        double least = Double.POSITIVE_INFINITY;
        float[][] middle = null;
        for (float[][] a : all) {
            double sum = 0;
            for (float[][] b : all) {
                sum += TimeWarping.distance(a, b);
            }
            if (sum < least) {
                least = sum;
                middle = a;
            }
        }
        return middle;
    }

    private static String name(VoiceData data, int[] factors) {
        String[] values = new String[factors.length];
        Arrays.setAll(values, i -> data.value(i, factors[i]));
        return String.join(",", values);
    }

    /**
     * A label's frames.
     *
     * @throws TataraException if there was no recording of it to train on, or only longer ones
     */
    float[][] of(List<String> label) {
        String name = String.join(",", label);
        float[][] frames = known.get(name);
        if (frames == null) {
            throw new TataraException(
                    "label "
                            + name
                            + ": no recording of it of at most "
                            + LONGEST
                            + " s was trained on, so its features are not known; give a recording to follow");
        }
        return frames;
    }

    void write(Path file) {
        Map<String, HostTensor> tensors = new LinkedHashMap<>();
        known.forEach((name, frames) -> {
            float[] all = new float[frames.length * AcousticFeatures.NUMBERS];
            for (int f = 0; f < frames.length; f++) {
                System.arraycopy(
                        frames[f], 0, all, f * AcousticFeatures.NUMBERS, AcousticFeatures.NUMBERS);
            }
            tensors.put(name, HostTensor.of(all, frames.length, AcousticFeatures.NUMBERS));
        });
        Safetensors.write(file, tensors, Map.of());
    }

    /**
     * @throws TataraException naming the file, if it cannot be read or holds something else
     */
    static LabelFeatures read(Path file) {
        Map<String, float[][]> known = new LinkedHashMap<>();
        Safetensors.read(file)
                .tensors()
                .forEach((name, t) -> known.put(name, frames(file, name, t)));
        return new LabelFeatures(known);
    }

    private static float[][] frames(Path file, String name, HostTensor t) {
        int n = AcousticFeatures.NUMBERS;
        Shape shape = t.spec().shape();
        boolean fits =
                t.spec().dtype() == DType.FLOAT32
                        && shape.rank() == 2
                        && shape.dim(0) > 0
                        && shape.dim(1) == n;
        float[] all = fits ? t.floats() : new float[0];
        for (float x : all) {
            fits &= Float.isFinite(x);
        }
        if (!fits) {
            throw new TataraException(
                    file
                            + ": "
                            + name
                            + ": given "
                            + t.spec()
                            + ", expected finite float32 [frames, "
                            + n
                            + "]");
        }
        float[][] frames = new float[shape.dim(0)][];
        Arrays.setAll(frames, f -> Arrays.copyOfRange(all, f * n, (f + 1) * n));
        return frames;
    }
}
