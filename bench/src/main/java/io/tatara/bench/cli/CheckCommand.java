package io.tatara.bench.cli;

import io.tatara.bench.measure.BenchResult;
import io.tatara.bench.measure.ResultFiles;
import io.tatara.runtime.Device;
import io.tatara.runtime.check.CorrectnessSuite;
import io.tatara.runtime.check.Options;
import io.tatara.runtime.check.Report;
import io.tatara.runtime.check.Result;
import io.tatara.runtime.spi.DeviceInfo;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code tatara check}. */
@Command(
        name = "check",
        description = {
            "Hold a device to the double-precision reference: every op, every case, forward and gradient.",
            "The last line is `N passed, N failed, N skipped`; the exit code is 1 where anything failed."
        })
final class CheckCommand extends BaseCommand {
    private static final int MOST_FAILURES = 20;

    @Mixin private DeviceOption device;

    @Option(names = "--op", paramLabel = "NAME", description = "only this op")
    private String op;

    @Option(
            names = "--variant",
            paramLabel = "PATTERN",
            description = {
                "instead of what the device chooses, run the cases by each variant",
                "in whose name this regular expression is found (those that tune compares);",
                "outputs alone, no gradient rules"
            })
    private Pattern variant;

    @Option(
            names = "--out",
            paramLabel = "FILE",
            description =
                    "write device, counts and failures to FILE, as JSON, after each op: to send in")
    private Path file;

    @ArgGroup private Size size = new Size();

    /** One of them at most. */
    static final class Size {
        @Option(names = "--quick", description = "leave the large cases out")
        private boolean quick;

        @Option(names = "--smallest", description = "only the smallest cases, for simulators")
        private boolean smallest;

        Options.Size chosen() {
            return smallest ? Options.Size.SMALLEST : quick ? Options.Size.QUICK : Options.Size.ALL;
        }
    }

    @Override
    public Integer call() {
        if (file != null) {
            ResultFiles.tryOut(file);
        }
        try (Device d = device.open()) {
            say("%s", DeviceOption.describe(d.info()));
            Options options = Options.all().withOp(op).withSize(size.chosen()).withVariant(variant);
            Report report =
                    run(d, options, out(), err(), (r, done) -> write(d.info(), options, r, done));
            if (stacktrace) {
                report.failures().stream()
                        .map(Result::cause)
                        .filter(Objects::nonNull)
                        .forEach(e -> e.printStackTrace(err()));
            }
            writeJson(json(report));
            write(d.info(), options, report, true);
            say("%s", report.summary());
            return report.failed() > 0 ? 1 : 0;
        }
    }

    /** Is told what there is after each op. */
    interface Sofar {
        void accept(Report report, boolean finished);
    }

    /**
     * Runs the suite, printing a row for each op and the failures; the summary is left to the
     * caller.
     */
    static Report run(Device d, Options options, PrintWriter out, PrintWriter err, Sofar sofar) {
        CorrectnessSuite suite = CorrectnessSuite.of(d, options);
        int count = suite.checks().size();
        Progress progress = new Progress(err);
        Table table = new Table(out, -32, 5, 6, 6, 7, 9, 9, 7, -1);
        table.row(
                "op", "cases", "passed", "failed", "skipped", "error", "allowed", "seconds",
                "worst");
        List<Result> all = new ArrayList<>();
        List<Result> ofOp = new ArrayList<>();
        Report report =
                suite.run(r -> {
                    if (!ofOp.isEmpty() && !ofOp.getFirst().op().equals(r.op())) {
                        progress.clear();
                        row(table, d, ofOp);
                        sofar.accept(new Report(d.info().id(), all), false);
                    }
                    ofOp.add(r);
                    all.add(r);
                    progress.at(all.size(), count, r.op() + "/" + r.name());
                });
        progress.clear();
        row(table, d, ofOp);
        printFailures(report, out);
        return report;
    }

    static void printFailures(Report report, PrintWriter out) {
        List<Result> failures = report.failures();
        for (Result f : failures.subList(0, Math.min(MOST_FAILURES, failures.size()))) {
            out.println("FAILED " + f.op() + "/" + f.name() + " " + kind(f) + ": " + f.message());
        }
        if (failures.size() > MOST_FAILURES) {
            out.println("… and " + (failures.size() - MOST_FAILURES) + " more");
        }
        out.flush();
    }

    private static void row(Table table, Device d, List<Result> ofOp) {
        for (Report.OpSummary s : new Report(d.info().id(), ofOp).byOp()) {
            Result w = s.worst();
            table.row(
                    s.op(),
                    s.cases(),
                    s.passed(),
                    s.failed(),
                    s.skipped(),
                    w == null ? "-" : String.format("%.2g", w.error()),
                    w == null ? "-" : String.format("%.2g", w.tolerance()),
                    String.format("%.2f", s.seconds()),
                    w == null || w.error() == 0 ? "" : w.name() + ", " + w.where());
        }
        ofOp.clear();
    }

    private static String kind(Result r) {
        return r.kind().name().toLowerCase(Locale.ROOT);
    }

    static Map<String, Object> json(Report report) {
        Map<String, Object> m = new LinkedHashMap<>();
        m.put("device", report.device());
        m.put("passed", report.passed());
        m.put("failed", report.failed());
        m.put("skipped", report.skipped());
        List<Map<String, Object>> list = new ArrayList<>();
        for (Result r : report.results()) {
            list.add(json(r));
        }
        m.put("results", list);
        return m;
    }

    private static Map<String, Object> json(Result r) {
        Map<String, Object> e = new LinkedHashMap<>();
        e.put("op", r.op());
        e.put("case", r.name());
        e.put("kind", kind(r));
        e.put("status", r.status().name().toLowerCase(Locale.ROOT));
        e.put("error", number(r.error()));
        e.put("tolerance", number(r.tolerance()));
        e.put("where", r.where());
        e.put("seconds", r.seconds());
        e.put("message", r.message());
        return e;
    }

    private void write(DeviceInfo info, Options options, Report report, boolean finished) {
        if (file == null) {
            return;
        }
        Map<String, Object> m = new LinkedHashMap<>();
        m.put("format", 1);
        m.put("kind", "check");
        m.put("date", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
        m.put("commit", System.getProperty("tatara.commit", ""));
        m.put("finished", finished);
        m.put("device", BenchResult.DeviceFacts.of(info));
        m.put("machine", BenchResult.MachineFacts.here());
        m.put("op", options.op());
        m.put("variant", options.variant() == null ? null : options.variant().pattern());
        m.put("size", options.size().name().toLowerCase(Locale.ROOT));
        m.put("passed", report.passed());
        m.put("failed", report.failed());
        m.put("skipped", report.skipped());
        List<Map<String, Object>> ops = new ArrayList<>();
        for (Report.OpSummary s : report.byOp()) {
            Map<String, Object> o = new LinkedHashMap<>();
            o.put("op", s.op());
            o.put("passed", s.passed());
            o.put("failed", s.failed());
            o.put("skipped", s.skipped());
            o.put("seconds", s.seconds());
            o.put("worst", s.worst() == null ? null : json(s.worst()));
            ops.add(o);
        }
        m.put("ops", ops);
        m.put("failures", report.failures().stream().map(CheckCommand::json).toList());
        ResultFiles.write(file, m);
    }

    /** JSON has no NaN: null where nothing was compared; an infinite error as text. */
    private static Object number(double v) {
        return Double.isNaN(v) ? null : Double.isInfinite(v) ? "Infinity" : (Object) v;
    }
}
