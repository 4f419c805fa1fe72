package io.tatara.bench.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.tatara.models.audio.Sound;
import io.tatara.models.audio.Wav;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Training and generation of WaveNet as a user meets them. */
class WaveNetCommandTest {
    @TempDir private static Path folder;
    private static Path data;

    private record Run(int exit, String out, String err) {}

    private static Run run(String... args) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        int exit = TataraCommand.execute(new PrintWriter(out), new PrintWriter(err), args);
        return new Run(exit, out.toString(), err.toString());
    }

    private static Run train(String... more) {
        List<String> args =
                new ArrayList<>(
                        List.of("train", "wavenet", "--device", "jvm", "--data", data.toString()));
        args.addAll(Arrays.asList(more));
        return run(args.toArray(String[]::new));
    }

    private static Run generate(Path model, String... more) {
        List<String> args =
                new ArrayList<>(
                        List.of(
                                "generate",
                                "wavenet",
                                "--device",
                                "jvm",
                                "--model",
                                model.toString()));
        args.addAll(Arrays.asList(more));
        return run(args.toArray(String[]::new));
    }

    private static void assertOneLine(Run r, String... parts) {
        assertThat(r.exit).isEqualTo(2);
        assertThat(r.err.lines()).hasSize(1);
        assertThat(r.err).startsWith("tatara: ").contains(parts);
        assertThat(r.out).isEmpty();
    }

    @BeforeAll
    static void recordings() {
        data = folder.resolve("data");
        for (int i = 0; i < 10; i++) {
            float[] x = new float[400];
            for (int t = 0; t < x.length; t++) {
                x[t] = (float) (0.5 * Math.sin((i % 2 == 0 ? 0.2 : 0.9) * t + i));
            }
            Wav.write(data.resolve((i % 2) + "_" + i + ".wav"), new Sound(x, 1000));
        }
    }

    /** Those of a small network behind the others. */
    private static String[] network(String... settings) {
        String[] small = {
            "--layers",
            "4",
            "--residual",
            "8",
            "--skip",
            "8",
            "--held-out",
            "_[01]\\.wav$",
            "--condition",
            "^(\\d)_",
            "--prediction",
            "--epochs",
            "1",
            "--crop",
            "200",
            "--set",
            "levels=32"
        };
        return Stream.of(settings, small).flatMap(Stream::of).toArray(String[]::new);
    }

    @Test
    void trainsAndGenerates() throws Exception {
        Path model = folder.resolve("model");
        Path json = folder.resolve("train.json");
        String[] settings = {
            "--out",
            model.toString(),
            "--dropout",
            "0.01",
            "--label-dropout",
            "0.25",
            "--optimizer",
            "muon",
            "--gain",
            "3",
            "--speed",
            "0.05",
            "--dither",
            "0.25",
            "--noise",
            "1.5",
            "--features",
            "--json",
            json.toString()
        };
        Run r = train(network(settings));
        assertThat(r.err).isEmpty();
        assertThat(r.exit).isZero();
        assertThat(r.out.lines().toList().getLast())
                .matches("held-out loss \\d\\.\\d{4} nats a sample");
        JsonNode j = JsonMapper.builder().build().readTree(Files.readString(json));
        assertThat(j.at("/heldOutLoss").doubleValue()).isBetween(1.0, 4.0);
        assertThat(j.at("/begin").isNull()).isTrue();
        assertThat(j.at("/config/residual").intValue()).isEqualTo(8);
        assertThat(j.at("/config/prediction").booleanValue()).isTrue();
        assertThat(
                        Stream.of("dropout", "labelDropout", "gain", "speed", "dither", "noise")
                                .map(f -> j.at("/config/" + f).doubleValue()))
                .containsExactly(0.01, 0.25, 3.0, 0.05, 0.25, 1.5);
        assertThat(j.at("/config/features").booleanValue()).isTrue();
        assertThat(j.at("/config/optimizer").stringValue()).isEqualTo("muon");
        assertThat(Files.readString(json)).doesNotContain(folder.toString());
        Path wav = folder.resolve("made/sound.wav");
        Path png = folder.resolve("made/sound.png");
        json = folder.resolve("made.json");
        r =
                generate(
                        model,
                        "--seconds",
                        "0.3",
                        "--label",
                        "0",
                        "--label",
                        "1",
                        "--like",
                        data.resolve("0_4.wav").toString(),
                        "--guidance",
                        "1.5",
                        "--weights",
                        "bfloat16",
                        "--floor",
                        "0.001",
                        "--caution",
                        "0.5",
                        "--out",
                        wav.toString(),
                        "--picture",
                        png.toString(),
                        "--judge",
                        data.toString(),
                        "--json",
                        json.toString());
        assertThat(r.exit).isZero();
        assertThat(r.out.lines().toList().getLast()).contains("× real time (2 at a time");
        assertThat(r.out)
                .contains("asked for 1, nearest ")
                .contains("in 100 % of recordings held out");
        assertThat(Wav.read(wav).samples()).hasSize(600);
        assertThat(png).isNotEmptyFile();
        made(json, r.out);
        goesOnFrom(model);
        refusals(model, wav);
    }

    /**
     * The same network, trained with other settings; its tables of noise and features are let be.
     */
    private static void goesOnFrom(Path model) throws Exception {
        Path json = folder.resolve("further.json");
        String[] settings = {
            "--out",
            folder.resolve("further").toString(),
            "--begin",
            model.toString(),
            "--json",
            json.toString()
        };
        Run r = train(network(settings));
        assertThat(r.err).isEmpty();
        assertThat(r.exit).isZero();
        JsonNode j = JsonMapper.builder().build().readTree(Files.readString(json));
        assertThat(j.at("/begin").stringValue()).isEqualTo("model");
        assertThat(j.at("/config/noise").doubleValue()).isZero();
        assertThat(Files.readString(json)).doesNotContain(folder.toString());
        String like = data.resolve("0_4.wav").toString();
        Path further = folder.resolve("further");
        assertOneLine(
                generate(
                        further,
                        "--seconds",
                        "1",
                        "--out",
                        "a.wav",
                        "--label",
                        "0",
                        "--like",
                        like),
                "without features");
        settings[2] = "--resume";
        settings[3] = "--json";
        settings[4] = json.toString();
        assertThat(train(Arrays.copyOf(settings, 5)).exit).isZero();
        j = JsonMapper.builder().build().readTree(Files.readString(json));
        assertThat(j.at("/begin").stringValue()).as("of a run taken up").isEqualTo("model");
    }

    /** The file has what was said, and no path of this machine. */
    private static void made(Path json, String said) throws Exception {
        String text = Files.readString(json);
        assertThat(text).doesNotContain(folder.toString());
        JsonNode j = JsonMapper.builder().build().readTree(text);
        assertThat(j.at("/rate").intValue()).isEqualTo(1000);
        assertThat(j.at("/like").stringValue()).isEqualTo("0_4.wav");
        assertThat(j.at("/guidance").doubleValue()).isEqualTo(1.5);
        assertThat(j.at("/floor").doubleValue()).isEqualTo(0.001);
        assertThat(j.at("/caution").doubleValue()).isEqualTo(0.5);
        assertThat(j.at("/weights").stringValue()).isEqualTo("bfloat16");
        assertThat(j.at("/samplesOfEach").intValue()).isEqualTo(300);
        assertThat(j.at("/seconds").doubleValue()).isEqualTo(0.6);
        double took = j.at("/took").doubleValue();
        assertThat(j.at("/samplesPerSecondOfEach").doubleValue()).isEqualTo(300 / took);
        assertThat(j.at("/timesRealTime").doubleValue()).isEqualTo(0.6 / took);
        assertThat(j.at("/device/id").stringValue()).isEqualTo("jvm:0");
        assertThat(j.at("/config/residual").intValue()).isEqualTo(8);
        // Sines of 0.5.
        assertThat(j.at("/judged/loudness/heldOut").doubleValue()).isBetween(0.3, 0.4);
        assertThat(j.at("/judged/loudness/made").doubleValue()).isBetween(1e-3, 0.9);
        assertThat(j.at("/judged/factors/0/heldOut").doubleValue()).isEqualTo(1);
        int right = 0;
        for (int i = 0; i < 2; i++) {
            JsonNode sound = j.at("/judged/sounds/" + i);
            assertThat(sound.get("asked").stringValue()).isEqualTo(String.valueOf(i));
            String nearest = sound.get("nearest").stringValue();
            assertThat(said).contains("asked for " + i + ", nearest " + nearest);
            right += nearest.equals(String.valueOf(i)) ? 1 : 0;
        }
        assertThat(j.at("/judged/factors/0/made").doubleValue()).isEqualTo(right / 2.0);
    }

    private static void refusals(Path model, Path wav) {
        String nowhere = folder.resolve("nowhere").toString();
        assertOneLine(train("--out", nowhere, "--begin", nowhere), "--begin " + nowhere);
        Run other = train("--out", nowhere, "--condition", "^(\\d)_", "--begin", model.toString());
        assertThat(other.exit).isNotZero();
        assertThat(other.err).startsWith("tatara: begin: ").contains("[layers ");
        String out = wav.toString();
        assertOneLine(generate(model, "--seconds", "0", "--out", out), "--seconds");
        assertOneLine(
                generate(model, "--seconds", "1", "--out", out, "--temperature", "-1"),
                "temperature: given -1.0");
        assertOneLine(
                generate(model, "--seconds", "1", "--out", out, "--guidance", "-1"),
                "guidance: given -1.0");
        assertOneLine(
                generate(model, "--seconds", "1", "--out", out, "--like", "none.wav"), "none.wav");
        assertOneLine(
                generate(model, "--seconds", "1", "--out", out, "--floor", "1"),
                "floor: given 1.0");
        assertOneLine(
                generate(model, "--seconds", "1", "--out", out, "--caution", "2"),
                "caution: given 2.0");
        assertOneLine(
                generate(model, "--seconds", "1", "--out", out, "--weights", "int32"),
                "--weights int32",
                "bfloat16");
        assertOneLine(generate(model, "--seconds", "1", "--out", "a.mp3"), "a.mp3", ".wav");
        assertOneLine(
                generate(model, "--seconds", "1", "--out", out, "--picture", "a.gif"), "a.gif");
        // Before the sound is made, which then were lost.
        String below = out + "/a.wav";
        assertOneLine(
                generate(model, "--seconds", "1", "--label", "1", "--out", below),
                "cannot write " + below);
        String picture = out + "/a.png";
        assertOneLine(
                generate(
                        model,
                        "--seconds",
                        "1",
                        "--label",
                        "1",
                        "--out",
                        out,
                        "--picture",
                        picture),
                "cannot write " + picture);
        assertOneLine(
                generate(model, "--seconds", "1", "--out", out, "--label", "7"), "7", "[[0, 1]]");
        assertOneLine(generate(model, "--seconds", "1", "--out", out), "one of each");
        assertOneLine(
                generate(
                        model,
                        "--seconds",
                        "1",
                        "--out",
                        out,
                        "--label",
                        "1",
                        "--judge",
                        model.toString()),
                "no WAV file");
        assertOneLine(
                generate(folder.resolve("none"), "--seconds", "1", "--out", out), "config.json");
    }

    @Test
    void badOptionsAreOneLineEach() {
        assertOneLine(train("--layers", "0"), "layers", "0");
        assertOneLine(train("--crop", "100"), "crop", "2048");
        assertOneLine(train("--held-out", "("), "heldOut");
        assertOneLine(train("--condition", "abc"), "condition", "group");
        assertOneLine(train("--schedule", "cosin"), "cosin");
        assertOneLine(train("--optimizer", "sgd"), "optimizer", "muon");
        assertOneLine(train("--label-dropout", "1"), "labelDropout");
        assertOneLine(train("--set", "hiden=3"), "hiden", "residual");
        assertOneLine(run("train", "wavenet", "--device", "jvm", "--data", "nowhere"), "nowhere");
        assertThat(run("generate").exit).isEqualTo(2);
        assertThat(run("generate", "wavenet").err).contains("--model");
        assertThat(run("train", "wavenet", "--data", "x", "--layers", "many").exit).isEqualTo(2);
    }
}
