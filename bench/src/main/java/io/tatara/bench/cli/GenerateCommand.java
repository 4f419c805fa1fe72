package io.tatara.bench.cli;

import io.tatara.bench.measure.BenchResult;
import io.tatara.bench.measure.ResultFiles;
import io.tatara.kernels.DType;
import io.tatara.kernels.TataraException;
import io.tatara.models.audio.Sound;
import io.tatara.models.audio.SoundPicture;
import io.tatara.models.audio.Wav;
import io.tatara.models.train.StopRequest;
import io.tatara.models.wavenet.LabelJudge;
import io.tatara.models.wavenet.Sampling;
import io.tatara.models.wavenet.VoiceData;
import io.tatara.models.wavenet.WaveNetGenerator;
import io.tatara.runtime.Device;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code tatara generate MODEL}. */
@Command(
        name = "generate",
        mixinStandardHelpOptions = true,
        description = "Let a trained model make something.",
        synopsisSubcommandLabel = "MODEL",
        subcommands = GenerateCommand.WaveNetCommand.class)
final class GenerateCommand implements Runnable {
    @Spec private CommandSpec spec;

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "which model?");
    }

    /** {@code tatara generate wavenet}. */
    @Command(
            name = "wavenet",
            description = {
                "Make sound with a trained WaveNet; the last line tells how fast.",
                "Ctrl-C ends the sound there and writes what there is."
            })
    static final class WaveNetCommand extends BaseCommand {
        private static final int LOOK = 256;

        @Mixin private DeviceOption device;

        @Option(
                names = "--model",
                paramLabel = "DIR",
                required = true,
                description = "folder that `train wavenet` wrote")
        private Path model;

        @Option(
                names = "--seconds",
                paramLabel = "S",
                required = true,
                description = "length of the sound, of each where there are several labels")
        private double seconds;

        @Option(
                names = "--label",
                paramLabel = "L",
                description =
                        "what to say: a value for each factor of the condition, such as 7,george; given several times, one sound after the other, all made together")
        private List<String> labels = new ArrayList<>();

        @Option(
                names = "--like",
                paramLabel = "FILE.wav",
                description =
                        "a recording whose pitch and spectrum the sounds follow, made as long as they are; for models of `train wavenet --features` (default: the mean of those that the label was trained on)")
        private Path like;

        @Option(
                names = "--temperature",
                paramLabel = "T",
                description =
                        "below 1 likelier samples, above 1 wilder ones, 0 the likeliest (default: ${DEFAULT-VALUE})",
                defaultValue = "1")
        private double temperature;

        @Option(
                names = "--guidance",
                paramLabel = "G",
                description =
                        "above 1 draws the sound towards its label, such as 2; twice the work; for models of `train wavenet --label-dropout` (default: 1, not)",
                defaultValue = "1")
        private double guidance;

        @Option(
                names = "--floor",
                paramLabel = "P",
                description =
                        "taken off each level's probability, such as 0.004, so that what is less likely is never drawn (default: 0)",
                defaultValue = "0")
        private double floor;

        @Option(
                names = "--caution",
                paramLabel = "C",
                description =
                        "how far to doubt what was said so far, 0 to 1, so that the sound wanders off less; for models of `train wavenet --noise` (default: 0)",
                defaultValue = "0")
        private double caution;

        @Option(
                names = "--weights",
                paramLabel = "TYPE",
                description =
                        "what they are kept in: float32, or float16 or bfloat16, which take half the room; on the JVM bfloat16 is the fast one (default: ${DEFAULT-VALUE})",
                defaultValue = "float32")
        private String weights;

        @Option(
                names = "--seed",
                paramLabel = "N",
                description = "of the draws (default: ${DEFAULT-VALUE})",
                defaultValue = "1")
        private long seed;

        @Option(
                names = "--out",
                paramLabel = "FILE.wav",
                required = true,
                description = "the sound, 16-bit PCM")
        private Path out;

        @Option(
                names = "--picture",
                paramLabel = "FILE.png",
                description = "also draw wave and spectrogram")
        private Path picture;

        @Option(
                names = "--judge",
                paramLabel = "DIR",
                description =
                        "also say how often the label is heard by a simple classifier, from the recordings in this folder (those of the training), and how often of recordings held out")
        private Path recordings;

        @Override
        public Integer call() {
            Sampling sampling = new Sampling(temperature, floor, guidance, caution, seed);
            check(seconds > 0, "--seconds " + seconds + ": more than 0 is needed");
            check(
                    List.of("float32", "float16", "bfloat16").contains(weights),
                    "--weights " + weights + ": float32, float16 or bfloat16 is needed");
            Sound followed = like == null ? null : Wav.read(like);
            check(ends(out, ".wav"), "--out " + out + ": a file that ends in .wav is needed");
            check(
                    picture == null || ends(picture, ".png"),
                    "--picture " + picture + ": a file that ends in .png is needed");
            ResultFiles.tryOut(out);
            if (picture != null) {
                ResultFiles.tryOut(picture);
            }
            try (Device d = device.open();
                    WaveNetGenerator g = WaveNetGenerator.load(d, model, DType.of(weights))) {
                List<List<String>> all = new ArrayList<>();
                for (String l : labels.isEmpty() ? List.of("") : labels) {
                    all.add(VoiceData.label(l));
                }
                return generate(d, g, all, followed, sampling);
            }
        }

        private static void check(boolean ok, String message) {
            if (!ok) {
                throw new TataraException(message);
            }
        }

        private static boolean ends(Path file, String with) {
            return file.toString().toLowerCase(Locale.ROOT).endsWith(with);
        }

        private int generate(
                Device d,
                WaveNetGenerator g,
                List<List<String>> all,
                Sound followed,
                Sampling sampling) {
            int samples = g.samples(seconds);
            g.check(all);
            g.check(sampling);
            g.check(followed);
            LabelJudge judge = recordings == null ? null : LabelJudge.of(g, recordings);
            say("%s", DeviceOption.describe(d.info()));
            Progress progress = new Progress(err());
            StopRequest stop = new StopRequest();
            StopRequest.Guard guard = stop.onShutdown();
            try {
                // From the first sample on: what comes before is done once, however long the sound.
                long[] begin = new long[1];
                Sound[] sounds =
                        g.generate(
                                all,
                                followed,
                                seconds,
                                sampling,
                                t -> {
                                    begin[0] = t == 0 ? System.nanoTime() : begin[0];
                                    if (t % LOOK == 0) {
                                        progress.at(t, samples, "samples");
                                    }
                                    return !stop.requested();
                                });
                double took = (System.nanoTime() - begin[0]) * 1e-9;
                progress.clear();
                Sound whole = Sound.joined(List.of(sounds));
                Wav.write(out, whole);
                if (picture != null) {
                    SoundPicture.write(picture, whole);
                }
                tell(d, g, whole, sounds, took, judge == null ? null : judged(judge, all, sounds));
                return sounds[0].samples().length == samples ? 0 : TrainCommand.INTERRUPTED;
            } finally {
                guard.close();
            }
        }

        /** For each factor of the labels: the part found in what was made, and in recordings. */
        private Map<String, Object> judged(
                LabelJudge judge, List<List<String>> asked, Sound[] sounds) {
            double[] real = judge.heldOut();
            int[] right = new int[real.length];
            List<Map<String, Object>> verdicts = new ArrayList<>();
            for (int i = 0; i < sounds.length; i++) {
                List<String> heard = judge.label(sounds[i]);
                String nearest = String.join(",", heard);
                say("asked for %s, nearest %s", labels.get(i), nearest);
                verdicts.add(map("asked", labels.get(i), "nearest", nearest));
                for (int f = 0; f < right.length; f++) {
                    right[f] += heard.get(f).equals(asked.get(i).get(f)) ? 1 : 0;
                }
            }
            List<Map<String, Object>> factors = new ArrayList<>();
            for (int f = 0; f < right.length; f++) {
                double heard = right[f] / (double) sounds.length;
                say(
                        "%s",
                        String.format(
                                Locale.ROOT,
                                "factor %d: heard in %.0f %% of what was made, in %.0f %% of recordings held out",
                                f + 1,
                                100 * heard,
                                100 * real[f]));
                factors.add(map("made", heard, "heldOut", real[f]));
            }
            double made = median(Arrays.stream(sounds).mapToDouble(Sound::rms).toArray());
            double heldOut = median(judge.heldOutRms());
            say(
                    "%s",
                    String.format(
                            Locale.ROOT,
                            "loudness (root mean square, median): %.3f of what was made, %.3f of recordings held out",
                            made,
                            heldOut));
            Map<String, Object> loudness = map("made", made, "heldOut", heldOut);
            return map("factors", factors, "loudness", loudness, "sounds", verdicts);
        }

        private static double median(double[] all) {
            Arrays.sort(all);
            return (all[(all.length - 1) / 2] + all[all.length / 2]) / 2;
        }

        private void tell(
                Device d,
                WaveNetGenerator g,
                Sound whole,
                Sound[] sounds,
                double took,
                Map<String, Object> judged) {
            int samples = sounds[0].samples().length;
            double perSecond = samples / took;
            double times = whole.seconds() / took;
            Map<String, Object> m =
                    map(
                            "date", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString(),
                            "commit", System.getProperty("tatara.commit", ""),
                            "device", BenchResult.DeviceFacts.of(d.info()),
                            "machine", BenchResult.MachineFacts.here(),
                            "config", g.config(),
                            "labels", labels,
                            "like", like == null ? null : like.getFileName().toString(),
                            "temperature", temperature,
                            "guidance", guidance,
                            "floor", floor,
                            "caution", caution,
                            "weights", weights,
                            "seed", seed,
                            "rate", g.data().rate(),
                            "samplesOfEach", samples,
                            "seconds", whole.seconds(),
                            "took", took,
                            "samplesPerSecondOfEach", perSecond,
                            "timesRealTime", times,
                            "judged", judged);
            writeJson(m);
            say("sound    %s (%.2f s)", out, whole.seconds());
            if (picture != null) {
                say("picture  %s", picture);
            }
            say(
                    "%s",
                    String.format(
                            Locale.ROOT,
                            "%.2f s in %.2f s: %.2f × real time (%d at a time, %.0f samples a second of each; real time is %d)",
                            whole.seconds(),
                            took,
                            times,
                            sounds.length,
                            perSecond,
                            g.data().rate()));
        }

        /** Names and values in this order. */
        private static Map<String, Object> map(Object... namesAndValues) {
            Map<String, Object> m = new LinkedHashMap<>();
            for (int i = 0; i < namesAndValues.length; i += 2) {
                m.put((String) namesAndValues[i], namesAndValues[i + 1]);
            }
            return m;
        }
    }
}
