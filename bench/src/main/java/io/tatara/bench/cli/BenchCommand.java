package io.tatara.bench.cli;

import io.tatara.bench.measure.BarChart;
import io.tatara.bench.measure.BenchCases;
import io.tatara.bench.measure.BenchResult;
import io.tatara.bench.measure.Benchmark;
import io.tatara.bench.measure.DispatchFigure;
import io.tatara.bench.measure.Markdown;
import io.tatara.bench.measure.Measurement;
import io.tatara.bench.measure.Plan;
import io.tatara.bench.measure.ResultFiles;
import io.tatara.bench.measure.Roofs;
import io.tatara.bench.measure.Samples;
import io.tatara.bench.measure.StepFigure;
import io.tatara.bench.measure.TranslatorSteps;
import io.tatara.kernels.TataraException;
import io.tatara.kernels.check.Case;
import io.tatara.runtime.Device;
import io.tatara.runtime.GraphFile;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
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

    @Option(
            names = "--op",
            paramLabel = "NAME",
            split = ",",
            description = "only this op (or these, separated by commas)")
    private List<String> ops = List.of();

    @Option(
            names = "--suite",
            paramLabel = "NAME",
            split = ",",
            description =
                    "sizes: standard, deepbench, transformer, or all (default: standard; deepbench and transformer are large)")
    private List<String> suites = List.of();

    @Option(
            names = "--peers",
            description =
                    "beside each case, PyTorch's time (cuBLAS, cuDNN, eager, compiled) in the same run")
    private boolean peers;

    @Option(
            names = "--python",
            paramLabel = "FILE",
            description = "the interpreter that has PyTorch (default: TATARA_PYTHON, else python3)")
    private String python;

    @Option(names = "--step", paramLabel = "MODEL", description = "a training step: translator")
    private List<String> steps = List.of();

    @Option(
            names = "--dispatch",
            description = "what an op costs the host, one by one and as a recorded graph")
    private boolean dispatch;

    @Option(
            names = "--graph",
            paramLabel = "FILE",
            description = "with --step: draw the step as recorded graph: .dot or .svg")
    private Path graph;

    @Option(
            names = "--case",
            paramLabel = "PATTERN",
            defaultValue = "",
            description = "only cases whose name has this regular expression")
    private String cases;

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
        GraphFile drawing = drawing();
        if (file != null) {
            ResultFiles.tryOut(file);
        }
        try (Device d = device.open()) {
            say("%s", DeviceOption.describe(d.info()));
            if (drawing != null) {
                TranslatorSteps.draw(d, drawing);
                say("graph    %s", drawing.path());
            }
            Writer writer = new Writer();
            BenchResult result = run(d, plan(), out(), err(), writer);
            Path target = writer.write(result);
            writeJson(result);
            say("");
            say("results  %s", target);
            if (!result.cases().isEmpty()) {
                Path picture = picture(target);
                String why = BarChart.write(result, picture);
                say("picture  %s", why.isEmpty() ? picture : "none: " + why);
            }
            return result.failed() ? 1 : 0;
        }
    }

    private GraphFile drawing() {
        if (graph == null) {
            return null;
        }
        if (!steps.contains(TranslatorSteps.NAME)) {
            throw new TataraException(
                    "--graph draws a training step: --step " + TranslatorSteps.NAME + " is needed");
        }
        return GraphFile.of(graph);
    }

    /** Keeps the result in its file while the run goes on. */
    private final class Writer implements java.util.function.Consumer<BenchResult> {
        private Path target;

        @Override
        public void accept(BenchResult r) {
            write(r);
        }

        Path write(BenchResult r) {
            if (target == null) {
                target = file != null ? file : ResultFiles.defaultName(folder(), r);
            }
            ResultFiles.write(target, r);
            return target;
        }
    }

    /** Cases where nothing else alone was asked for. */
    private Plan plan() {
        boolean others = dispatch || !steps.isEmpty();
        boolean measured = !others || !ops.isEmpty() || !suites.isEmpty() || !cases.isEmpty();
        Set<String> chosen =
                !measured
                        ? Set.of()
                        : suites.isEmpty()
                                ? Set.of(BenchCases.STANDARD)
                                : new LinkedHashSet<>(suites);
        return new Plan(
                new LinkedHashSet<>(ops),
                chosen,
                cases,
                quick,
                new LinkedHashSet<>(steps),
                dispatch,
                interpreter());
    }

    private String interpreter() {
        String set = System.getenv("TATARA_PYTHON");
        if (python != null) {
            return python;
        }
        return !peers ? "" : set != null && !set.isBlank() ? set : "python3";
    }

    /**
     * Where results go: the folder that the launcher names, else the project's where it says where
     * that is, else here.
     */
    private static Path folder() {
        String results = System.getProperty("tatara.results");
        return results != null
                ? Path.of(results)
                : Path.of(System.getProperty("tatara.home", ""))
                        .resolve("bench")
                        .resolve("results");
    }

    static Path picture(Path json) {
        String name = json.getFileName().toString();
        return json.resolveSibling(
                (name.endsWith(".json") ? name.substring(0, name.length() - 5) : name) + ".png");
    }

    /** Measures and prints row by row. */
    static BenchResult run(
            Device d,
            Plan plan,
            PrintWriter out,
            PrintWriter err,
            java.util.function.Consumer<BenchResult> sofar) {
        return new Benchmark(d, plan).run(new Printer(out, new Progress(err), sofar));
    }

    /** Prints what is measured as it comes. */
    private static final class Printer implements Benchmark.Listener {
        private final PrintWriter out;
        private final Progress progress;
        private final java.util.function.Consumer<BenchResult> sofar;
        private final Table table;
        private boolean stepsBegun;
        private boolean dispatchBegun;

        Printer(
                PrintWriter out,
                Progress progress,
                java.util.function.Consumer<BenchResult> sofar) {
            this.out = out;
            this.progress = progress;
            this.sofar = sofar;
            this.table = new Table(out, -30, -34, 11, 8, 9, 9, -10, 6, -1);
        }

        @Override
        public void roofs(Roofs roofs) {
            out.println("roofs: " + ResultFiles.describe(roofs));
            out.flush();
        }

        @Override
        public void peers(Map<String, String> facts) {
            out.println("peers: " + Markdown.peers(facts));
            out.flush();
        }

        @Override
        public void begins(Case c, int index, int count) {
            if (index == 0) {
                table.row(
                        "op", "case", "median", "spread", "GFLOP/s", "GB/s", "roof", "% roof", "");
            }
            progress.at(index, count, c.toString());
        }

        @Override
        public void measured(Measurement m) {
            progress.clear();
            if (m.measured()) {
                table.row(
                        m.op(),
                        m.name(),
                        m.time(),
                        String.format("%.1f %%", m.spread() * 100),
                        String.format("%.1f", m.gigaflops()),
                        String.format("%.1f", m.gigabytes()),
                        m.roof(),
                        String.format("%.0f", m.ofRoof() * 100),
                        m.peers().isEmpty() ? "" : "ours / peer: " + Markdown.ratios(m.peers()));
            } else {
                String why =
                        m.failure().isEmpty()
                                ? "skipped: " + m.skipped()
                                : "failed: " + m.failure();
                out.println(m.op() + "  " + m.name() + "  " + why);
                out.flush();
            }
        }

        @Override
        public void step(StepFigure s) {
            progress.clear();
            if (!stepsBegun) {
                out.println("training step");
                stepsBegun = true;
            }
            out.println(
                    s.failure().isEmpty()
                            ? String.format(
                                    "%-80s %11s  %5.1f %%  %8.0f words/s%s",
                                    s.name(),
                                    Samples.text(s.median()),
                                    s.spread() * 100,
                                    s.tokensPerSecond(),
                                    s.peers().isEmpty()
                                            ? ""
                                            : "  ours / peer: " + Markdown.ratios(s.peers()))
                            : s.name() + "  failed: " + s.failure());
            out.flush();
        }

        @Override
        public void dispatch(DispatchFigure d) {
            if (!dispatchBegun) {
                out.println("an op's cost                    host, with the device's work");
                dispatchBegun = true;
            }
            out.println(
                    d.failure().isEmpty()
                            ? String.format(
                                    "%-28s %11s  %11s",
                                    d.name(), Samples.text(d.median()), Samples.text(d.drained()))
                            : d.name() + "  failed: " + d.failure());
            out.flush();
        }

        @Override
        public void sofar(BenchResult r) {
            sofar.accept(r);
        }
    }

    /** {@code tatara bench report}. */
    @Command(name = "report", description = "Print a result file as Markdown tables.")
    static final class ReportCommand extends BaseCommand {
        @Parameters(paramLabel = "FILE", description = "a result file of `bench`")
        private Path file;

        @Override
        public Integer call() {
            BenchResult r = ResultFiles.read(file);
            out().print(Markdown.of(r));
            out().flush();
            writeJson(r);
            return 0;
        }
    }
}
