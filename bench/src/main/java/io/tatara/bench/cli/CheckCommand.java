package io.tatara.bench.cli;

import io.tatara.runtime.Device;
import io.tatara.runtime.check.CorrectnessSuite;
import io.tatara.runtime.check.Options;
import io.tatara.runtime.check.Report;
import io.tatara.runtime.check.Result;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
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
        try (Device d = device.open()) {
            say("%s", DeviceOption.describe(d.info()));
            Report report = run(d, Options.all().withOp(op).withSize(size.chosen()), out());
            if (stacktrace) {
                report.failures().stream()
                        .map(Result::cause)
                        .filter(Objects::nonNull)
                        .forEach(e -> e.printStackTrace(err()));
            }
            writeJson(json(report));
            say("%s", report.summary());
            return report.failed() > 0 ? 1 : 0;
        }
    }

    /**
     * Runs the suite, printing a row for each op and the failures; the summary is left to the
     * caller.
     */
    static Report run(Device d, Options options, PrintWriter out) {
        CorrectnessSuite suite = CorrectnessSuite.of(d, options);
        Table table = new Table(out, -32, 5, 6, 6, 7, 9, 9, 7, -1);
        table.row(
                "op", "cases", "passed", "failed", "skipped", "error", "allowed", "seconds",
                "worst");
        List<Result> ofOp = new ArrayList<>();
        Report report =
                suite.run(r -> {
                    if (!ofOp.isEmpty() && !ofOp.getFirst().op().equals(r.op())) {
                        row(table, d, ofOp);
                    }
                    ofOp.add(r);
                });
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
            list.add(e);
        }
        m.put("results", list);
        return m;
    }

    /** JSON has no NaN: null where nothing was compared; an infinite error as text. */
    private static Object number(double v) {
        return Double.isNaN(v) ? null : Double.isInfinite(v) ? "Infinity" : (Object) v;
    }
}
