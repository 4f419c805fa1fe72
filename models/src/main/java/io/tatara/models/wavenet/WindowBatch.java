package io.tatara.models.wavenet;

import io.tatara.kernels.Shape;
import io.tatara.kernels.TataraException;
import io.tatara.models.audio.AcousticFeatures;
import io.tatara.models.audio.MuLaw;
import io.tatara.models.wavenet.Recording.Window;
import io.tatara.runtime.Scope;
import io.tatara.runtime.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * Windows that are computed together, the shorter ones filled up behind their end.
 *
 * @param size windows, N
 * @param length of the longest, T
 * @param columns ids of a sample
 * @param ids [N, T, columns] as {@link WaveNetModel#embed} reads them
 * @param expected [N, T, predictors] as {@link RelativeHead#add} reads them; empty without
 *     predictions
 * @param labels [N, T], the level to be predicted; {@link #IGNORE} where no sample counts
 * @param factors [N, factors]
 * @param counted samples that count
 */
record WindowBatch(
        int size,
        int length,
        int columns,
        int[] ids,
        int[] expected,
        int[] labels,
        int[] factors,
        int counted) {
    static final int IGNORE = -1;

    static WindowBatch of(WaveNetConfig c, List<Window> windows) {
        int n = windows.size();
        int t = windows.stream().mapToInt(Window::length).max().orElse(0);
        int factors = windows.getFirst().of().factors().length;
        int columns = WaveNetModel.columns(c, factors);
        if ((long) n * t * columns > Shape.MAX_SIZE) {
            throw new TataraException(
                    "wavenet: a batch of " + n + " windows of " + t + " samples is too large");
        }
        int[] ids = new int[n * t * columns];
        int[] expected = new int[c.prediction() ? n * t * Prediction.PREDICTORS : 0];
        int[] labels = new int[n * t];
        Arrays.fill(ids, WaveNetModel.before(c));
        Arrays.fill(labels, IGNORE);
        int[] rows = new int[n * factors];
        IntStream.range(0, n)
                .parallel()
                .forEach(i -> {
                    Window w = windows.get(i);
                    System.arraycopy(w.factors(), 0, rows, i * factors, factors);
                    fill(c, w, columns, ids, expected, labels, i * t);
                });
        return new WindowBatch(n, t, columns, ids, expected, labels, rows, counted(windows));
    }

    /** The ids and labels of a window's samples, from that place of all samples on. */
    private static void fill(
            WaveNetConfig c,
            Window w,
            int columns,
            int[] ids,
            int[] expected,
            int[] labels,
            int first) {
        int taps = c.kernel();
        int before = WaveNetModel.before(c);
        // The first of the samples that its outputs look at.
        int from = Math.max(0, w.start() - taps);
        MuLaw law = new MuLaw(c.levels());
        int samples = w.samples();
        int to = w.end();
        int hop = AcousticFeatures.hop(c.rate());
        if (c.features()) {
            int reach = AcousticFeatures.reach(c.rate());
            from = Math.clamp(w.start() / hop * hop - (long) reach, 0, from);
            to = Math.min(samples, Math.ceilDiv(to, hop) * hop + reach);
        }
        from = c.prediction() ? Prediction.from(from) : from;
        char[] levels = w.levels(law, from, to);
        int[] features = c.features() ? LocalCondition.ids(c, w, levels, from) : null;
        char[] shown = w.disturbed() == null ? levels : w.disturbed().of(levels, law, c.noise());
        Prediction.All all = c.prediction() ? Prediction.all(c, shown) : null;
        int local = LocalCondition.COLUMNS;
        for (int j = w.start(); j < w.end(); j++) {
            int at = first + j - w.start();
            int id = at * columns;
            for (int k = 0; k < taps; k++) {
                // The last tap sees the sample before the one that is predicted.
                int seen = j - (taps - k);
                ids[id++] = seen < 0 ? before : shown[seen - from] + k * c.levels();
            }
            if (c.positions() > 0) {
                for (int factor : w.factors()) {
                    ids[id++] = WaveNetModel.position(c, factor, j, samples);
                }
            }
            if (c.noise() > 0) {
                int strength = w.disturbed() == null ? 0 : w.disturbed().strength();
                ids[id++] = WaveNetModel.noise(c) + strength;
            }
            if (c.features()) {
                int frame = j / hop - w.start() / hop;
                System.arraycopy(features, frame * local, ids, id, local);
                id += local;
            }
            if (all != null) {
                int columnsOf = Prediction.COLUMNS;
                int each = Prediction.PREDICTORS;
                System.arraycopy(all.ids(), (j - from) * columnsOf, ids, id, columnsOf);
                System.arraycopy(all.expected(), (j - from) * each, expected, at * each, each);
            }
            if (j >= w.first()) {
                labels[at] = levels[j - from];
            }
        }
    }

    /** Where samples are expected, as {@link WaveNetModel#forward} takes it. */
    Tensor expected(Scope scope) {
        return expected.length == 0
                ? null
                : scope.tensor(expected, size, length, Prediction.PREDICTORS);
    }

    static int counted(List<Window> windows) {
        return windows.stream().mapToInt(w -> w.end() - w.first()).sum();
    }

    /** All windows of recordings, those of like length together. */
    static List<List<Window>> sorted(WaveNetConfig c, List<Recording> recordings) {
        return batches(bySize(windows(c, recordings)), c.batch());
    }

    /**
     * All windows, altered anew and without labels where the config says so, in a new order:
     * shuffled, sorted by length within pools of batches, the batches shuffled again.
     */
    static List<List<Window>> shuffled(WaveNetConfig c, List<Recording> recordings, int epoch) {
        SplittableRandom random = new SplittableRandom(c.seed() * 0x9E3779B97F4A7C15L + epoch + 1);
        List<Window> all = Alteration.draw(c, windows(c, recordings), epoch);
        forget(c, all, epoch);
        disturb(c, all, epoch);
        shuffle(all, random);
        List<List<Window>> batches = new ArrayList<>();
        // No more than there are: of large batches and pools the product is no int.
        int pool = Math.clamp((long) c.batch() * c.pool(), 1, Math.max(1, all.size()));
        for (int from = 0; from < all.size(); from += pool) {
            List<Window> part = all.subList(from, Math.min(all.size(), from + pool));
            batches.addAll(batches(bySize(part), c.batch()));
        }
        shuffle(batches, random);
        return batches;
    }

    /** Leaves labels out, by seed, epoch and place in the list alone. */
    private static void forget(WaveNetConfig c, List<Window> windows, int epoch) {
        SplittableRandom random =
                new SplittableRandom(c.seed() * 0x8CB92BA72F3D8DD7L + 31L * epoch + 11);
        windows.replaceAll(w -> random.nextDouble() < c.labelDropout() ? w.unlabelled() : w);
    }

    /** Likewise. */
    private static void disturb(WaveNetConfig c, List<Window> windows, int epoch) {
        SplittableRandom random =
                new SplittableRandom(c.seed() * 0xA0761D6478BD642FL + 31L * epoch + 13);
        windows.replaceAll(
                w -> c.noise() == 0 ? w : w.disturbed(Disturbance.draw(random, c.noisePart())));
    }

    private static List<Window> windows(WaveNetConfig c, List<Recording> recordings) {
        List<Window> all = new ArrayList<>();
        for (Recording r : recordings) {
            all.addAll(r.windows(c.crop(), c.receptiveField()));
        }
        return all;
    }

    private static List<Window> bySize(List<Window> windows) {
        return windows.stream().sorted(Comparator.comparingInt(Window::length)).toList();
    }

    private static List<List<Window>> batches(List<Window> windows, int size) {
        List<List<Window>> batches = new ArrayList<>();
        for (int from = 0; from < windows.size(); from += size) {
            batches.add(windows.subList(from, Math.min(windows.size(), from + size)));
        }
        return batches;
    }

    private static <T> void shuffle(List<T> list, SplittableRandom random) {
        for (int i = list.size() - 1; i > 0; i--) {
            int j = random.nextInt(i + 1);
            T t = list.get(i);
            list.set(i, list.get(j));
            list.set(j, t);
        }
    }
}
