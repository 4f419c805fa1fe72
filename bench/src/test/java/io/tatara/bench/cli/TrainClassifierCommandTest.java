package io.tatara.bench.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** {@code train image-classifier} and {@code classify} on pictures that are dark or bright. */
class TrainClassifierCommandTest {
    private static final int SIDE = 8;

    @TempDir private Path folder;

    private record Run(int exit, String out, String err) {}

    private static Run run(List<String> args) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        int exit =
                TataraCommand.execute(
                        new PrintWriter(out), new PrintWriter(err), args.toArray(String[]::new));
        return new Run(exit, out.toString(), err.toString());
    }

    private Path data() throws IOException {
        Path data = Files.createDirectories(folder.resolve("data"));
        part(data, "train", 120);
        part(data, "t10k", 40);
        return data;
    }

    private static void part(Path data, String part, int n) throws IOException {
        SplittableRandom r = new SplittableRandom(n);
        int plane = SIDE * SIDE;
        ByteBuffer pictures = ByteBuffer.allocate(16 + n * plane);
        pictures.putInt(2051).putInt(n).putInt(SIDE).putInt(SIDE);
        ByteBuffer labels = ByteBuffer.allocate(8 + n).putInt(2049).putInt(n);
        for (int i = 0; i < n; i++) {
            int label = r.nextInt(2);
            labels.put((byte) label);
            for (int j = 0; j < plane; j++) {
                pictures.put((byte) (r.nextInt(100) + 150 * label));
            }
        }
        Files.write(data.resolve(part + "-images-idx3-ubyte"), pictures.array());
        Files.write(data.resolve(part + "-labels-idx1-ubyte"), labels.array());
    }

    private List<String> args(String... more) throws IOException {
        List<String> args =
                new ArrayList<>(
                        List.of(
                                "train",
                                "image-classifier",
                                "--device",
                                "jvm",
                                "--data",
                                data().toString(),
                                "--out",
                                folder.resolve("out").toString(),
                                "--model",
                                "mnist-net",
                                "--epochs",
                                "2",
                                "--batch",
                                "10",
                                "--validation",
                                "20",
                                "--learning-rate",
                                "0.02"));
        args.addAll(List.of(more));
        return args;
    }

    @Test
    void trainsAndClassifies() throws Exception {
        Path json = folder.resolve("result.json");
        Run r = run(args("--schedule", "step", "--json", json.toString()));
        assertThat(r.exit).as(r.err).isZero();
        assertThat(r.out.lines().toList().getLast()).isEqualTo("test accuracy 1.0000");
        JsonNode j = JsonMapper.builder().build().readTree(Files.readString(json));
        assertThat(j.toString()).doesNotContain(folder.toString());
        assertThat(j.get("testAccuracy").doubleValue()).isEqualTo(1);
        assertThat(j.get("epochs").size()).isEqualTo(2);
        assertThat(j.at("/config/schedule").stringValue()).isEqualTo("step");
        Path picture = folder.resolve("bright.png");
        BufferedImage image = new BufferedImage(SIDE, SIDE, BufferedImage.TYPE_BYTE_GRAY);
        for (int i = 0; i < SIDE * SIDE; i++) {
            image.getRaster().setSample(i % SIDE, i / SIDE, 0, 150 + i * 37 % 100);
        }
        ImageIO.write(image, "png", picture.toFile());
        Run c =
                run(
                        List.of(
                                "classify",
                                "--device",
                                "jvm",
                                "--model",
                                folder.resolve("out").toString(),
                                "--top",
                                "1",
                                picture.toString()));
        assertThat(c.exit).as(c.err).isZero();
        assertThat(c.out.strip()).matches(".*bright\\.png:  1 0\\.\\d+");
        List<String> resume = args("--resume");
        resume.set(resume.indexOf("--batch") + 1, "12");
        Run other = run(resume);
        assertThat(other.exit).isEqualTo(2);
        assertThat(other.err).contains("other settings", "batch");
    }

    @ParameterizedTest
    @CsvSource({
        "--model, vgg-16, vgg-16",
        "--set, depth=3, depth",
        "--epochs, 0, epochs",
        "--batch, 1, batch",
        "--optimizer, lion, lion",
        "--schedule, zigzag, zigzag",
        "--schedule, 'cosine,last=2', last",
        "--warm-up, 2, warmupEpochs",
        "--label-smoothing, 1, labelSmoothing",
        "--validation, 120, 120",
        "--shift, -1, shift",
        "--data, nowhere, nowhere"
    })
    void whatCannotBeIsSaidInOneLineBeforeAnythingIsWritten(
            String option, String value, String part) throws IOException {
        List<String> args = args();
        int at = args.indexOf(option);
        if (at >= 0) {
            args.subList(at, at + 2).clear();
        }
        args.addAll(List.of(option, value));
        Run r = run(args);
        assertThat(r.exit).isEqualTo(2);
        assertThat(r.err).contains(part);
        assertThat(r.err.lines()).hasSizeLessThan(3);
        assertThat(folder.resolve("out")).doesNotExist();
    }

    @Test
    void wordsThatAreNoNumbersAreUsageErrors() throws IOException {
        assertThat(run(args("--flip", "perhaps")).err).contains("--flip", "perhaps");
        assertThat(run(args("--epochs", "many")).err).contains("--epochs", "many");
        assertThat(run(List.of("train", "image-classifier")).err).contains("--data");
        assertThat(run(List.of("classify", "--model", "nowhere")).err).contains("IMAGE");
        Run r = run(List.of("classify", "--device", "jvm", "--model", "nowhere", "a.png"));
        assertThat(r.exit).isEqualTo(2);
        assertThat(r.err).contains("nowhere");
    }
}
