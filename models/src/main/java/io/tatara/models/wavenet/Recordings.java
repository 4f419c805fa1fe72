package io.tatara.models.wavenet;

import io.tatara.kernels.TataraException;
import io.tatara.models.audio.MuLaw;
import io.tatara.models.audio.Sound;
import io.tatara.models.audio.Wav;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * The WAV files of a folder and of the folders in it, parted into those of training and those held
 * out. What has fewer than two samples, or no sound at all, is left out.
 *
 * @param data their rate and labels
 */
record Recordings(VoiceData data, List<Recording> train, List<Recording> heldOut) {
    private static final String ENDING = ".wav";

    /** A peak below that of the softest 12-bit sound is silence. */
    private static final float SILENCE = 1f / 2048;

    private record Source(String name, Sound sound, List<String> label) {}

    /**
     * Reads all.
     *
     * @param note is told what was left out or resampled
     * @throws TataraException if the folder or a file cannot be read, a name has no label, or there
     *     is nothing to train on or nothing held out
     */
    static Recordings read(Path folder, WaveNetConfig c, Consumer<String> note) {
        List<Source> sources = new ArrayList<>();
        int rate = c.rate();
        int resampled = 0;
        int silent = 0;
        for (Path file : files(folder)) {
            String name = folder.relativize(file).toString().replace('\\', '/');
            List<String> label = c.label(name);
            Sound s = Wav.read(file);
            Sound used = s.at(rate == 0 ? s.rate() : rate);
            if (used.samples().length < 2 || s.peak() < SILENCE) {
                silent++;
                continue;
            }
            rate = used.rate();
            resampled += s.rate() == rate ? 0 : 1;
            sources.add(new Source(name, used, label));
        }
        if (silent > 0) {
            note.accept(silent + " recordings without sound are left out");
        }
        if (resampled > 0) {
            note.accept(resampled + " recordings are resampled to " + rate + " Hz");
        }
        if (sources.isEmpty()) {
            throw new TataraException("folder " + folder + " has no WAV file with sound in it");
        }
        return split(folder, c, new VoiceData(rate, factors(sources)), sources);
    }

    private static List<Path> files(Path folder) {
        if (!Files.isDirectory(folder)) {
            throw new TataraException("folder " + folder + " is not there");
        }
        try (Stream<Path> all = Files.walk(folder)) {
            return all.filter(p ->
                            p.getFileName().toString().toLowerCase(Locale.ROOT).endsWith(ENDING)
                                    && Files.isRegularFile(p))
                    .sorted()
                    .toList();
        } catch (IOException | java.io.UncheckedIOException e) {
            throw new TataraException("folder " + folder + " cannot be read: " + e, e);
        }
    }

    private static List<List<String>> factors(List<Source> sources) {
        List<List<String>> factors = new ArrayList<>();
        for (int i = 0; i < sources.getFirst().label.size(); i++) {
            Set<String> values = new TreeSet<>();
            for (Source s : sources) {
                values.add(s.label.get(i));
            }
            factors.add(List.copyOf(values));
        }
        return factors;
    }

    private static Recordings split(
            Path folder, WaveNetConfig c, VoiceData data, List<Source> sources) {
        MuLaw law = new MuLaw(c.levels());
        Set<String> chosen = chosen(c, sources);
        List<Recording> train = new ArrayList<>();
        List<Recording> heldOut = new ArrayList<>();
        for (Source s : sources) {
            Boolean out = c.holdsOut(s.name);
            List<Recording> to = (out == null ? chosen.contains(s.name) : out) ? heldOut : train;
            Recording.Original original =
                    to == train && c.alters() ? Recording.Original.of(s.sound.samples()) : null;
            to.add(new Recording(s.name, levels(law, s.sound), data.rows(s.label), original));
        }
        if (train.isEmpty() || heldOut.isEmpty()) {
            throw new TataraException(
                    "folder "
                            + folder
                            + ": "
                            + train.size()
                            + " recordings to train on and "
                            + heldOut.size()
                            + " held out by "
                            + c.heldOut()
                            + "; both are needed");
        }
        return new Recordings(data, train, heldOut);
    }

    /** The names of a part of all recordings, at least one, by the seed alone. */
    private static Set<String> chosen(WaveNetConfig c, List<Source> sources) {
        Set<String> chosen = new HashSet<>();
        if (c.holdsOut("") == null) {
            long count = Math.max(1, Math.round(c.heldOutPart() * sources.size()));
            sources.stream()
                    .map(Source::name)
                    .sorted(Comparator.comparingLong(n -> place(c.seed(), n)))
                    .limit(count)
                    .forEach(chosen::add);
        }
        return chosen;
    }

    private static long place(long seed, String name) {
        return new SplittableRandom(seed * 31 + name.hashCode()).nextLong();
    }

    private static char[] levels(MuLaw law, Sound sound) {
        char[] levels = new char[sound.samples().length];
        for (int i = 0; i < levels.length; i++) {
            levels[i] = (char) law.encode(sound.samples()[i]);
        }
        return levels;
    }
}
