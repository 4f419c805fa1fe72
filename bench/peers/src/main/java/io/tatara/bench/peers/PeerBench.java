package io.tatara.bench.peers;

import io.tatara.bench.measure.ResultFiles;
import io.tatara.bench.measure.Samples;
import io.tatara.kernels.TataraException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code scripts/bench-peers}. */
@Command(
        name = "bench-peers",
        mixinStandardHelpOptions = true,
        showDefaultValues = true,
        description = {
            "Measure our back ends beside ONNX Runtime, PyTorch, oneDNN, OpenBLAS and ND4J: each in fresh JVMs,",
            "asked in turn. Writes a result file, a table in Markdown and a picture."
        },
        subcommands = PeerBench.Report.class)
public final class PeerBench implements Callable<Integer> {
    private static final String BUSY = "busy";
    private static final String START = "start";

    @Option(
            names = "--only",
            paramLabel = "NAME",
            split = ",",
            description =
                    "cases that begin so, such as matmul or lstm-h256; busy: the busy machine; start: start-up")
    private List<String> only = List.of();

    @Option(
            names = "--device",
            paramLabel = "NAME",
            split = ",",
            description = "our back ends: jvm, opencl")
    private List<String> devices = List.of("jvm");

    @Option(names = "--peers", paramLabel = "NAME", split = ",", description = "who takes part")
    private List<String> peers;

    @Option(
            names = "--threads",
            paramLabel = "N",
            split = ",",
            description = "numbers of threads, each by itself")
    private List<Integer> threads = List.of(1, 2);

    @Option(
            names = "--repetitions",
            paramLabel = "N",
            description = "fresh JVMs of each (default: 3, with --quick 1)")
    private Integer repetitions;

    @Option(
            names = "--suite",
            paramLabel = "NAME",
            description =
                    "standard (where none is named), or convolution: layers of image networks and WaveNet")
    private String suite = PeerCase.STANDARD;

    @Option(names = "--quick", description = "one JVM each, few short samples: no figures to quote")
    private boolean quick;

    @Option(names = "--list", description = "print the cases and end")
    private boolean list;

    @Option(
            names = "--out",
            paramLabel = "FILE",
            description =
                    "result file; table and picture lie beside it (default: bench/results/<date>-peers.json)")
    private Path file;

    @Spec private CommandSpec spec;

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        if (list) {
            PeerCase.suite(suite).forEach(c -> out.println(c.name()));
            return 0;
        }
        PeerPlan plan = plan();
        if (file != null) {
            ResultFiles.tryOut(file);
        }
        say(out, "about " + minutes(plan.estimate()) + " on a quiet machine");
        long begin = System.nanoTime();
        Path[] target = {file};
        PeerRun run = new PeerRun(plan, s -> say(out, s));
        PeerResult r = run.run(sofar -> PeerFiles.write(target(target, sofar), sofar));
        PeerFiles.write(target(target, r), r);
        Path table = sibling(target[0], ".md");
        Path picture = sibling(target[0], ".png");
        ResultFiles.writeText(table, PeerReport.of(r));
        String why = PeerChart.write(r, picture);
        say(out, "");
        say(out, PeerReport.of(r));
        say(out, "results  " + target[0]);
        say(out, "table    " + table);
        say(out, "picture  " + (why.isEmpty() ? picture : "none: " + why));
        say(out, "took " + minutes((System.nanoTime() - begin) * 1e-9));
        return 0;
    }

    private static String minutes(double seconds) {
        return seconds < 120 ? Samples.text(seconds) : "%.0f min".formatted(seconds / 60);
    }

    private static void say(PrintWriter out, String s) {
        out.println(s);
        out.flush();
    }

    private static Path target(Path[] target, PeerResult r) {
        if (target[0] == null) {
            String name = r.date().replace(":", "").replace("Z", "") + "-peers.json";
            target[0] = Path.of(System.getProperty("tatara.home", ""), "bench", "results", name);
        }
        return target[0];
    }

    private static Path sibling(Path json, String end) {
        String name = json.getFileName().toString().replaceAll("\\.json$", "");
        return json.resolveSibling(name + end);
    }

    private PeerPlan plan() {
        List<PeerCase> cases =
                PeerCase.suite(suite).stream()
                        .filter(c -> only.isEmpty() || only.stream().anyMatch(c.name()::startsWith))
                        .toList();
        boolean whole = only.isEmpty() && suite.equals(PeerCase.STANDARD);
        boolean busy = whole || only.contains(BUSY);
        boolean start = whole || only.contains(START);
        for (String o : only) {
            boolean known = Set.of(BUSY, START).contains(o);
            if (!known && cases.stream().noneMatch(c -> c.name().startsWith(o))) {
                throw new TataraException("no case begins with '" + o + "'; --list prints them");
            }
        }
        List<String> contestants = new ArrayList<>();
        devices.forEach(d -> contestants.add("tatara-" + d));
        contestants.addAll(peers == null ? Contestants.usual(suite) : peers);
        for (String c : contestants) {
            boolean ours = c.equals(Contestants.JVM) || c.equals(Contestants.OPENCL);
            if (!ours && !Contestants.ALL.contains(c)) {
                throw new TataraException("no contestant '" + c + "'");
            }
        }
        int times = repetitions != null ? repetitions : quick ? 1 : 3;
        if (times < 1 || threads.stream().anyMatch(t -> t < 1)) {
            throw new TataraException(
                    "--repetitions " + times + ", --threads " + threads + ": 1 or more is needed");
        }
        int starts = start ? quick ? 3 : 10 : 0;
        return new PeerPlan(cases, contestants, threads, times, quick ? 3 : 7, busy, starts, quick);
    }

    /** {@code scripts/bench-peers report}. */
    @Command(
            name = "report",
            mixinStandardHelpOptions = true,
            description = "Print a result file as Markdown; writes the picture where asked.")
    static final class Report implements Callable<Integer> {
        @Parameters(paramLabel = "FILE", description = "a result file of bench-peers")
        private Path file;

        @Option(
                names = "--out",
                paramLabel = "FILE",
                description = "write there, not to the screen")
        private Path target;

        @Option(names = "--picture", paramLabel = "FILE", description = "draw the picture there")
        private Path picture;

        @Spec private CommandSpec spec;

        @Override
        public Integer call() {
            PeerResult r = PeerFiles.read(file);
            String text = PeerReport.of(r);
            if (target != null) {
                ResultFiles.writeText(target, text);
            } else {
                say(spec.commandLine().getOut(), text);
            }
            String why = picture == null ? "" : PeerChart.write(r, picture);
            if (!why.isEmpty()) {
                throw new TataraException("no picture: " + why);
            }
            return 0;
        }
    }

    /** The parser with everything set, for {@link #main} and for tests. */
    static CommandLine commandLine() {
        // Else reports would have commas for points where the machine's language has them.
        Locale.setDefault(Locale.Category.FORMAT, Locale.ROOT);
        CommandLine c = new CommandLine(new PeerBench());
        c.setExecutionExceptionHandler((e, line, parsed) -> {
            if (!(e instanceof TataraException)) {
                throw e;
            }
            line.getErr().println("bench-peers: " + e.getMessage());
            return 2;
        });
        return c;
    }

    public static void main(String[] args) {
        System.exit(commandLine().execute(args));
    }
}
