package io.tatara.bench.cli;

import io.tatara.bench.measure.BarChart;
import io.tatara.bench.measure.BenchResult;
import io.tatara.bench.measure.Benchmark;
import io.tatara.bench.measure.Measurement;
import io.tatara.bench.measure.ResultFiles;
import io.tatara.runtime.Device;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Set;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code tatara bench}. */
@Command(
        name = "bench",
        description = {
            "Measure a device: its copy bandwidth and arithmetic peak, then the ops against these roofs.",
            "JMH on the JVM, device events elsewhere. Writes a result file and a picture."
        },
        subcommands = BenchCommand.ReportCommand.class)
final class BenchCommand extends BaseCommand {
    @Mixin private DeviceOption device;

    @Option(names = "--op", paramLabel = "NAME", description = "only this op")
    private String op;

    @Option(names = "--quick", description = "the first case of each op, few short samples")
    private boolean quick;

    @Option(
            names = "--out",
            paramLabel = "FILE",
            description =
                    "result file; the picture lies beside it (default: bench/results/<date>-<device>.json)")
    private Path file;

    @Override
    public Integer call() {
        try (Device d = device.open()) {
            say("%s", DeviceOption.describe(d.info()));
            BenchResult result = run(d, op == null ? Set.of() : Set.of(op), quick, out());
            Path target = file != null ? file : ResultFiles.defaultName(folder(), result);
            ResultFiles.write(target, result);
            writeJson(result);
            say("");
            say("results  %s", target);
            Path picture = picture(target);
            if (BarChart.write(result, picture)) {
                say("picture  %s", picture);
            }
            return result.cases().stream().anyMatch(m -> !m.failure().isEmpty()) ? 1 : 0;
        }
    }

    /** In the project where the launcher says where that is, else here. */
    private static Path folder() {
        return Path.of(System.getProperty("tatara.home", "")).resolve("bench").resolve("results");
    }

    static Path picture(Path json) {
        String name = json.getFileName().toString();
        return json.resolveSibling(
                (name.endsWith(".json") ? name.substring(0, name.length() - 5) : name) + ".png");
    }

    /** Measures and prints row by row. */
    static BenchResult run(Device d, Set<String> ops, boolean quick, PrintWriter out) {
        Table table = new Table(out, -30, -34, 11, 8, 9, 9, -10, 6);
        return new Benchmark(d, ops, quick)
                .run(
                        roofs -> {
                            out.println("roofs: " + ResultFiles.describe(roofs));
                            table.row(
                                    "op", "case", "median", "spread", "GFLOP/s", "GB/s", "roof",
                                    "% roof");
                        },
                        m -> print(table, m, out));
    }

    private static void print(Table table, Measurement m, PrintWriter out) {
        if (m.failure().isEmpty()) {
            table.row(
                    m.op(),
                    m.name(),
                    m.time(),
                    String.format("%.1f %%", m.spread() * 100),
                    String.format("%.1f", m.gigaflops()),
                    String.format("%.1f", m.gigabytes()),
                    m.roof(),
                    String.format("%.0f", m.ofRoof() * 100));
        } else {
            out.println(m.op() + "  " + m.name() + "  failed: " + m.failure());
            out.flush();
        }
    }

    /** {@code tatara bench report}. */
    @Command(name = "report", description = "Print a result file as a Markdown table.")
    static final class ReportCommand extends BaseCommand {
        @Parameters(paramLabel = "FILE", description = "a result file of `bench`")
        private Path file;

        @Override
        public Integer call() {
            BenchResult r = ResultFiles.read(file);
            out().print(ResultFiles.markdown(r));
            out().flush();
            writeJson(r);
            return 0;
        }
    }
}
