package io.tatara.bench.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.tatara.bench.measure.BenchResult;
import io.tatara.bench.measure.DispatchFigure;
import io.tatara.bench.measure.Measurement;
import io.tatara.bench.measure.PeerFigure;
import io.tatara.bench.measure.ResultFiles;
import io.tatara.bench.measure.Roofs;
import io.tatara.bench.measure.StepFigure;
import io.tatara.runtime.Tatara;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The commands as a user meets them: output, exit code, files. */
class CommandLineTest {
    @TempDir private Path folder;

    private record Run(int exit, String out, String err) {
        List<String> lines() {
            return out.lines().toList();
        }
    }

    private static Run run(String... args) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        int exit = TataraCommand.execute(new PrintWriter(out), new PrintWriter(err), args);
        return new Run(exit, out.toString(), err.toString());
    }

    private JsonNode json(Path file) throws Exception {
        return JsonMapper.builder().build().readTree(Files.readString(file));
    }

    private static void assertOneLine(Run r, String... parts) {
        assertThat(r.exit).isEqualTo(2);
        assertThat(r.err.lines()).hasSize(1);
        assertThat(r.err).startsWith("tatara: ").contains(parts);
    }

    @Test
    void aFullHeapIsALineLikeAnyOtherError() {
        StringWriter err = new StringWriter();
        int exit =
                TataraCommand.orHeapFull(
                        () -> new long[Integer.MAX_VALUE].length, new PrintWriter(err));
        assertOneLine(new Run(exit, "", err.toString()), "-Xmx", "MiB");
    }

    @Test
    void devicesNamesTheJvm() throws Exception {
        Path file = folder.resolve("devices.json");
        Run r = run("devices", "--json", file.toString());
        assertThat(r.exit).isZero();
        assertThat(r.out).contains("jvm:0").contains("Without --device: ").contains("opencl");
        assertThat(json(file).at("/backEnds/jvm/devices/0/backEnd").stringValue()).isEqualTo("jvm");
    }

    @Test
    void aTrainingStepIsDrawn() throws Exception {
        Path svg = folder.resolve("step.svg");
        String data = folder.resolve("no-data").toString();
        String[] small = {
            "train",
            "translator",
            "--device",
            "jvm",
            "--data",
            data,
            "--out",
            folder.resolve("out").toString(),
            "--hidden",
            "8",
            "--embedding",
            "8",
            "--batch",
            "4",
            "--set",
            "vocabulary=50",
            "--graph"
        };
        List<String> args = new ArrayList<>(List.of(small));
        args.add(svg.toString());
        Run r = run(args.toArray(String[]::new));
        assertThat(r.out).contains("graph    " + svg);
        assertThat(Files.readString(svg)).startsWith("<?xml").contains("lstm", "adam", "in place");
        assertOneLine(r, "no-data");
        args.set(args.size() - 1, folder.resolve("step.png").toString());
        Run wrong = run(args.toArray(String[]::new));
        assertOneLine(wrong, "step.png", ".dot or .svg");
        assertThat(wrong.out).isEmpty();
        String[] bench = {"bench", "--device", "jvm", "--op", "fill", "--graph", "a.svg"};
        assertOneLine(run(bench), "--step translator");
    }

    @Test
    void checkEndsWithTheCounts() throws Exception {
        Path file = folder.resolve("check.json");
        Run r =
                run(
                        "check",
                        "--device",
                        "jvm",
                        "--quick",
                        "--op",
                        "softmax",
                        "--json",
                        file.toString());
        assertThat(r.exit).isZero();
        assertThat(r.lines().getLast()).matches("[1-9]\\d* passed, 0 failed, \\d+ skipped");
        assertThat(r.out).contains("softmax");
        JsonNode j = json(file);
        assertThat(j.get("device").stringValue()).isEqualTo("jvm:0");
        assertThat(j.get("failed").intValue()).isZero();
        assertThat(j.get("results").size())
                .isEqualTo(j.get("passed").intValue() + j.get("skipped").intValue());
        assertThat(j.at("/results/0/op").stringValue()).isEqualTo("softmax");
        assertThat(j.at("/results/0/status").stringValue()).isEqualTo("passed");
    }

    @Test
    void smallestSkipsMore() {
        Run r = run("check", "--device", "jvm", "--smallest", "--op", "matmul");
        assertThat(r.exit).isZero();
        assertThat(r.lines().getLast()).matches("[1-9]\\d* passed, 0 failed, [1-9]\\d* skipped");
    }

    @Test
    void describesANetwork() throws Exception {
        Path file = folder.resolve("network.json");
        Run r = run("model", "describe", "mobilenet-v1", "--json", file.toString());
        assertThat(r.exit).isZero();
        assertThat(r.out)
                .contains("4,231,976 weights, 568,740,352 multiply-adds")
                .contains("features.13.pointwise")
                .contains("H·W·C·(K²+M)");
        assertThat(Files.readString(file)).contains("4231976");
        assertThat(run("model", "describe", "resnet-18", "--set", "classes=10").out)
                .contains("11,181,642 weights");
        assertOneLine(run("model", "describe", "alexnet"), "alexnet", "densenet");
        assertThat(run("model").exit).isEqualTo(2);
    }

    @Test
    void unknownDeviceOpAndFileAreOneLineEach() {
        assertOneLine(run("check", "--device", "abacus"), "abacus", "jvm:0");
        assertOneLine(
                run("check", "--device", "jvm", "--variant", "portable"), "jvm:0", "no variants");
        assertThat(run("check", "--device", "jvm", "--variant", "(").exit).isEqualTo(2);
        assertOneLine(run("bench", "--device", "abacus"), "abacus", "jvm:0");
        assertOneLine(
                run("check", "--device", "jvm", "--op", "frobnicate"), "frobnicate", "matmul");
        assertOneLine(
                run("bench", "--device", "jvm", "--op", "frobnicate", "--quick"),
                "frobnicate",
                "matmul");
        assertOneLine(run("bench", "--device", "jvm", "--suite", "slow"), "slow", "deepbench");
        assertOneLine(run("bench", "--device", "jvm", "--case", "no such"), "no such");
        assertOneLine(run("bench", "--device", "jvm", "--case", "("), "is no pattern of cases");
        assertOneLine(run("bench", "--device", "jvm", "--step", "gpt"), "gpt", "translator");
        assertOneLine(run("bench", "report", folder.resolve("none.json").toString()), "none.json");
        assertOneLine(
                run(
                        "translate",
                        "--device",
                        "jvm",
                        "--model",
                        folder.resolve("none").toString(),
                        "hello"),
                "none");
        assertOneLine(
                run(
                        "train",
                        "translator",
                        "--device",
                        "jvm",
                        "--data",
                        folder.resolve("none").toString()),
                "none");
        assertOneLine(run("check", "--device", "jvm", "--threads", "0"), "--threads");
    }

    @Test
    void aResultThatCannotBeWrittenIsSaidBeforeTheWork() throws Exception {
        String taken = Files.createDirectory(folder.resolve("taken.json")).toString();
        String below = Files.createFile(folder.resolve("file")).resolve("x.json").toString();
        for (String file : List.of(taken, below)) {
            for (String option : List.of("--json", "--out")) {
                Run r = run("check", "--device", "jvm", "--op", "fill", option, file);
                assertOneLine(r, "cannot write " + file);
                assertThat(r.out).doesNotContain("fill");
                r = run("bench", "--device", "jvm", "--op", "fill", "--quick", option, file);
                assertOneLine(r, "cannot write " + file);
                assertThat(r.out).doesNotContain("roofs");
            }
            assertOneLine(run("model", "describe", "resnet-20", "--json", file), "cannot write");
        }
        String file = folder.resolve("file").toString();
        Run demo = run("demo", "--device", "jvm", "--out", file);
        assertOneLine(demo, "cannot write " + file);
        assertThat(demo.out).isEmpty();
        assertOneLine(run("tune", "--device", "jvm", "--out", taken), "cannot write " + taken);
        Path none = folder.resolve("none.json");
        assertThat(run("model", "describe", "vgg", "--json", none.toString()).exit).isEqualTo(2);
        assertThat(none).doesNotExist();
    }

    @Test
    void stacktraceIsShownOnRequest() {
        Run r = run("check", "--device", "abacus", "--stacktrace");
        assertThat(r.exit).isEqualTo(2);
        assertThat(r.err).contains("DeviceException").contains("\tat ");
    }

    @Test
    void wrongArgumentsExitWithTwo() {
        assertThat(run("check", "--colour").exit).isEqualTo(2);
        assertThat(run("dance").exit).isEqualTo(2);
        assertThat(run().exit).isEqualTo(2);
        assertThat(run("train", "translator").err).contains("--data");
        assertThat(run("train", "translator", "--data", "x", "--cell", "abacus").exit).isEqualTo(2);
        assertThat(run("train", "translator", "--data", "x", "--schedule", "cosin").err)
                .contains("schedule", "cosin", "inverse-sqrt");
    }

    @Test
    void helpAndVersion() {
        assertThat(run("--version").out).startsWith("tatara ");
        assertThat(run("--help").out)
                .contains("devices", "check", "bench", "train", "translate", "demo");
        assertThat(run("train", "translator", "--help").out)
                .contains("--attention", "default: 40000", "--resume");
        assertThat(run("bench", "--help").out)
                .contains("report", "--quick", "--peers", "--suite", "--dispatch", "--step");
    }

    @Test
    void damagedResultFileIsOneLine() throws Exception {
        Path file = Files.writeString(folder.resolve("bad.json"), "{\"format\": ");
        assertOneLine(run("bench", "report", file.toString()), "bad.json", "no benchmark result");
        Path other = Files.writeString(folder.resolve("other.json"), "{\"format\": 99}");
        assertOneLine(run("bench", "report", other.toString()), "other.json");
    }

    @Test
    void reportIsMarkdown() {
        Measurement m =
                new Measurement(
                        "matmul",
                        "square|64",
                        "standard",
                        "float32",
                        "float32[64, 64]",
                        2e6,
                        1e5,
                        1,
                        List.of(1e-4, 1.1e-4, 0.9e-4),
                        1e-4,
                        0.1,
                        "arithmetic",
                        0.5,
                        "",
                        "",
                        List.of(
                                new PeerFigure("cuBLAS", List.of(8e-5), 8e-5, 0, 0.8, ""),
                                new PeerFigure("torch|eager", List.of(2e-4), 2e-4, 0, 2, "")));
        Measurement bad =
                new Measurement(
                        "softmax",
                        "rows",
                        null,
                        null,
                        "",
                        1,
                        1,
                        0,
                        List.of(),
                        0,
                        0,
                        "",
                        0,
                        "no room\nsecond line",
                        null,
                        null);
        BenchResult result =
                new BenchResult(
                        BenchResult.FORMAT,
                        "2026-01-02T03:04:05Z",
                        "abc1234",
                        new BenchResult.DeviceFacts(
                                "jvm:0", "A CPU", "a JVM", "CPU", 1, Map.of("threads", "1")),
                        new BenchResult.MachineFacts("an OS", "a JDK", "A CPU", 2, 1),
                        Map.of("timer", "none"),
                        new Roofs(
                                4e10,
                                "test",
                                List.of(new Roofs.Copy(1 << 20, 1e10)),
                                List.of(new Roofs.Matrix("tf32", 2e12, "mma.sync"))),
                        Map.of("torch", "2.9", "device", "A GPU"),
                        List.of(m, bad),
                        List.of(
                                new StepFigure(
                                        "translator",
                                        Map.of("batch", 64),
                                        100,
                                        List.of(0.5),
                                        0.5,
                                        0,
                                        "",
                                        List.of())),
                        List.of(
                                new DispatchFigure(
                                        "eager", 10, List.of(2e-6), 2e-6, 0.1, 3e-6, "")),
                        true);
        Path file = ResultFiles.defaultName(folder, result);
        assertThat(file.getFileName().toString()).isEqualTo("2026-01-02T030405-jvm-0-a-cpu.json");
        ResultFiles.write(file, result);
        assertThat(ResultFiles.read(file)).isEqualTo(result);
        // Whatever the machine's language.
        Locale.setDefault(Locale.Category.FORMAT, Locale.GERMANY);
        Run r = run("bench", "report", file.toString());
        assertThat(r.exit).isZero();
        assertThat(r.out)
                .contains(
                        "| matmul | square\\|64 | 100.00 µs | 10.0 % | 20.0 | 1.0 | arithmetic | 50 | cuBLAS 0.80, torch\\|eager 2.00 |")
                .contains("| cuBLAS | 1 | 0 | 1 | 0.80 | 0.80 matmul/square\\|64 |")
                .contains("| torch\\|eager | 1 | 1 | 0 | 2.00 |")
                .contains("Peers: device A GPU, torch 2.9.")
                .contains("2.0 TFLOP/s in tf32 (mma.sync)")
                .contains("| translator | 500.00 ms | 0.0 % | 200 |")
                .contains("| eager | 2.00 µs | 10.0 % | 3.00 µs |")
                .contains("failed: no room |")
                .contains("40.0 GFLOP/s", "10.0 GB/s at 1 MiB", "abc1234")
                .doesNotContain("second line");
    }

    @Test
    void filesOfTheFirstFormatAreRead() throws Exception {
        Path file =
                Files.writeString(
                        folder.resolve("old.json"),
                        """
                        {"format": 1, "date": "2026-01-02T03:04:05Z", "commit": "",
                         "device": {"id": "jvm:0", "name": "A CPU", "driver": "a JVM", "kind": "CPU",
                                    "memory": 1, "traits": {}},
                         "machine": {"os": "an OS", "jdk": "a JDK", "cpu": "A CPU", "cores": 2, "heap": 1},
                         "settings": {}, "roofs": {"flops": 1e9, "arithmetic": "", "copies": []},
                         "cases": [{"op": "softmax", "name": "rows", "shapes": "", "flops": 1, "bytes": 1,
                                    "sets": 1, "samples": [0.5], "median": 0.5, "spread": 0,
                                    "roof": "memory", "ofRoof": 0.25, "failure": ""}]}
                        """);
        Run r = run("bench", "report", file.toString());
        assertThat(r.exit).isZero();
        assertThat(r.out)
                .contains("| softmax | rows | 500.00 ms | 0.0 % | 0.0 | 0.0 | memory | 25 |\n")
                .doesNotContain("peer");
    }

    @Test
    void checkWritesWhatOneSendsIn() throws Exception {
        Path file = folder.resolve("sent.json");
        String[] args = {"check", "--device", "jvm", "--smallest", "--op", "fill", "--out"};
        List<String> all = new ArrayList<>(List.of(args));
        all.add(file.toString());
        assertThat(run(all.toArray(String[]::new)).exit).isZero();
        JsonNode j = json(file);
        assertThat(j.get("finished").booleanValue()).isTrue();
        assertThat(j.at("/device/id").stringValue()).isEqualTo("jvm:0");
        assertThat(j.get("passed").intValue()).isPositive();
        assertThat(j.get("failures").size()).isZero();
        assertThat(j.at("/ops/0/op").stringValue()).isEqualTo("fill");
    }

    @Test
    void dispatchAloneMeasuresNoCases() throws Exception {
        Path file = folder.resolve("dispatch.json");
        Run r = run("bench", "--device", "jvm", "--quick", "--dispatch", "--out", file.toString());
        assertThat(r.exit).isZero();
        JsonNode j = json(file);
        assertThat(j.get("cases").size()).isZero();
        assertThat(j.get("dispatch").size()).isGreaterThan(1);
        assertThat(j.get("finished").booleanValue()).isTrue();
        assertThat(folder.resolve("dispatch.png")).doesNotExist();
    }

    @Test
    void tuneSaysWhereThereIsNothingToChoose() {
        assertOneLine(run("tune", "--device", "jvm"), "jvm:0", "nothing to tune");
    }

    @Test
    void tuneKeepsWhatItMeasured() throws Exception {
        assumeTrue(
                Tatara.devices().stream().anyMatch(d -> d.backEnd().equals("opencl")),
                "no OpenCL device");
        Path file = folder.resolve("tuning.json");
        String[] command = {
            "tune", "--device", "opencl", "--quick", "--op", "matmul", "--out", file.toString()
        };
        Run first = run(command);
        assertThat(first.exit).as(first.err).isZero();
        assertThat(first.out).contains("measured").contains("square-256");
        JsonNode written = json(file);
        assertThat(written.at("/entries/0/candidates").size()).isGreaterThan(1);
        assertThat(run(command).out).contains("kept");
        assertThat(json(file)).isEqualTo(written);
    }

    @Test
    void progressTellsHowLong() {
        assertThat(Progress.text(0, 10, "x", 0)).isEqualTo("[0/10] x");
        assertThat(Progress.text(5, 10, "x", 60)).isEqualTo("[5/10] x, about 60 s left");
        StringWriter s = new StringWriter();
        Progress p = new Progress(new PrintWriter(s), true);
        p.at(0, 10, "x");
        p.clear();
        assertThat(s.toString()).isEqualTo("\r\u001b[K[0/10] x\r\u001b[K");
        StringWriter quiet = new StringWriter();
        new Progress(new PrintWriter(quiet), false).at(3, 10, "x");
        assertThat(quiet.toString()).isEmpty();
    }
}
