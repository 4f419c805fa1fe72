package io.tatara.bench.cli;

import io.tatara.bench.measure.BarChart;
import io.tatara.bench.measure.BenchResult;
import io.tatara.bench.measure.Plan;
import io.tatara.bench.measure.ResultFiles;
import io.tatara.kernels.OpEntry;
import io.tatara.kernels.OpTable;
import io.tatara.kernels.TataraException;
import io.tatara.kernels.matmul.MatMul;
import io.tatara.kernels.pointwise.Pointwise;
import io.tatara.kernels.recurrent.LstmSequence;
import io.tatara.kernels.softmax.Softmax;
import io.tatara.models.demo.DemoTask;
import io.tatara.models.train.ConsoleListener;
import io.tatara.runtime.Device;
import io.tatara.runtime.Tatara;
import io.tatara.runtime.check.CorrectnessSuite;
import io.tatara.runtime.check.Options;
import io.tatara.runtime.check.Report;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code tatara demo}. */
@Command(
        name = "demo",
        description =
                "Everything once: devices, a quick check, a translator of numbers and dates trained in about a minute, a short benchmark.")
final class DemoCommand extends BaseCommand {
    private static final List<Class<?>> MEASURED =
            List.of(MatMul.class, Pointwise.class, Softmax.class, LstmSequence.class);

    private static final String BENCH = "bench.json";

    @Mixin private DeviceOption device;

    @Option(
            names = "--out",
            paramLabel = "DIR",
            description = "folder for what it writes (default: ${DEFAULT-VALUE})",
            defaultValue = "out/demo")
    private Path out;

    private final Map<String, Object> record = new LinkedHashMap<>();
    private final Map<Path, String> files = new LinkedHashMap<>();

    @Override
    public Integer call() throws IOException {
        ResultFiles.tryOut(out.resolve(BENCH));
        heading("Devices");
        DevicesCommand.print(Tatara.discover(), out());
        try (Device d = device.open()) {
            say("");
            say("This demo runs on %s.", DeviceOption.describe(d.info()));
            boolean sound = check(d);
            if (!train(d)) {
                return TrainCommand.INTERRUPTED;
            }
            measure(d);
            heading("Files");
            files.forEach((file, what) -> say("%-36s %s", file, what));
            writeJson(record);
            return sound ? 0 : 1;
        }
    }

    private void heading(String title) {
        say("");
        say("== %s", title);
    }

    private boolean check(Device d) {
        heading("Check: every op against the double-precision reference");
        Report report = CorrectnessSuite.of(d, Options.all().withSize(Options.Size.QUICK)).run();
        CheckCommand.printFailures(report, out());
        say("%d ops: %s", report.byOp().size(), report.summary());
        record.put("check", report.summary());
        return report.failed() == 0;
    }

    private boolean train(Device d) throws IOException {
        heading("Training: English numbers, dates and times to Japanese, GRU with attention");
        // The training's own record is written last: a checkpoint without it is a run that was
        // stopped.
        Path done = out.resolve("history.json");
        boolean resume =
                Files.exists(out.resolve("checkpoint").resolve("last.safetensors"))
                        && !Files.exists(done);
        if (resume) {
            say("an earlier demo was stopped here: going on from its checkpoint");
        } else {
            Files.deleteIfExists(done);
        }
        DemoTask.Result r =
                DemoTask.run(d, DemoTask.config(), out, resume, ConsoleListener.standard());
        if (!r.training().finished()) {
            return false;
        }
        say("");
        r.examples().forEach(e -> say("  %s", e));
        say("");
        say("held-out phrases translated without any error: %.1f %%", r.exactMatch() * 100);
        record.put("exactMatch", r.exactMatch());
        file("attention.png", "which English word each Japanese word looks at");
        file("curves.png", "loss and BLEU over the epochs");
        file("samples.txt", "translations of held-out phrases");
        file(
                "model.safetensors",
                "the model: scripts/tatara translate --model " + out + " \"twenty three cats\"");
        return true;
    }

    private void file(String name, String what) {
        Path p = out.resolve(name);
        if (Files.exists(p)) {
            files.put(p, what);
        }
    }

    private void measure(Device d) {
        heading("Benchmark: a first impression (scripts/tatara bench measures all)");
        Set<String> ops = new LinkedHashSet<>();
        for (OpEntry<?> e : OpTable.all()) {
            if (MEASURED.contains(e.type())) {
                ops.add(e.name());
            }
        }
        try {
            BenchResult result = BenchCommand.run(d, Plan.ofOps(ops, true), out(), err(), r -> {});
            Path json = out.resolve(BENCH);
            ResultFiles.write(json, result);
            record.put("bench", result);
            if (BarChart.write(result, BenchCommand.picture(json)).isEmpty()) {
                file("bench.png", "the benchmark against the machine's roofs");
            }
            file(BENCH, "the same in numbers");
        } catch (TataraException e) {
            say("the benchmark failed: %s", e.getMessage());
        }
    }
}
