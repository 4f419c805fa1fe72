package io.tatara.bench.cli;

import io.tatara.bench.measure.BenchCases;
import io.tatara.bench.measure.ResultFiles;
import io.tatara.bench.measure.Samples;
import io.tatara.bench.measure.Tuning;
import io.tatara.kernels.TataraException;
import io.tatara.kernels.check.Case;
import io.tatara.runtime.Device;
import io.tatara.runtime.tune.Candidate;
import io.tatara.runtime.tune.Tuner;
import io.tatara.runtime.tune.TuningEntry;
import io.tatara.runtime.tune.TuningFile;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code tatara tune}. */
@Command(
        name = "tune",
        description = {
            "Measure the variants of the ops on a device, and keep which is fastest for which shapes.",
            "What is kept already and still fits is not measured again."
        })
final class TuneCommand extends BaseCommand {
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
            description = "sizes, as of `bench` (default: standard)")
    private List<String> suites = List.of();

    @Option(
            names = "--case",
            paramLabel = "PATTERN",
            defaultValue = "",
            description = "only cases whose name has this regular expression")
    private String cases;

    @Option(names = "--quick", description = "the first case of each op, few samples")
    private boolean quick;

    @Option(names = "--again", description = "measure also what is kept")
    private boolean again;

    @Option(
            names = "--out",
            paramLabel = "FILE",
            description =
                    "file of measurements (default: the device's in tatara.tuning, where dispatch looks)")
    private Path file;

    @Override
    public Integer call() {
        if (file != null) {
            ResultFiles.tryOut(file);
        }
        try (Device d = device.open()) {
            say("%s", DeviceOption.describe(d.info()));
            Path target = target(d);
            Table table = new Table(out(), -30, -34, -18, 11, -18, 11, 7, -1);
            Listing listing = new Listing(table, new Progress(err()));
            Set<String> chosen =
                    suites.isEmpty() ? Set.of(BenchCases.STANDARD) : new LinkedHashSet<>(suites);
            List<TuningEntry> entries =
                    new Tuning(d, target, quick)
                            .run(new LinkedHashSet<>(ops), chosen, cases, again, listing);
            writeJson(entries);
            say("");
            say("measurements  %s", target);
            return 0;
        }
    }

    private Path target(Device d) {
        if (file != null) {
            return file;
        }
        Path folder = TuningFile.directory();
        if (folder == null) {
            throw new TataraException(
                    "measurements are switched off by tatara.tuning; --out names a file");
        }
        return folder.resolve(TuningFile.name(d.info()));
    }

    /** Prints a row as soon as a shape class is done. */
    private final class Listing implements Tuning.Listener {
        private final Table table;
        private final Progress progress;

        Listing(Table table, Progress progress) {
            this.table = table;
            this.progress = progress;
        }

        @Override
        public void begins(Case c, int index, int count) {
            if (index == 0) {
                table.row("op", "case", "old", "median", "new", "median", "gain", "");
            }
            progress.at(index, count, c.toString());
        }

        @Override
        public void tuned(Case c, Tuner.Outcome o) {
            progress.clear();
            TuningEntry e = o.entry();
            Optional<Candidate> old = e.find(e.usual()).filter(x -> !x.failed());
            Optional<Candidate> best = e.best();
            long failed = e.candidates().stream().filter(Candidate::failed).count();
            table.row(
                    c.op().name(),
                    c.name(),
                    e.usual(),
                    old.map(x -> Samples.text(x.microseconds() * 1e-6)).orElse("failed"),
                    best.map(Candidate::variant).orElse("none"),
                    best.map(x -> Samples.text(x.microseconds() * 1e-6)).orElse(""),
                    old.isPresent() && best.isPresent()
                            ? String.format(
                                    "%.2f", old.get().microseconds() / best.get().microseconds())
                            : "",
                    (o.measured() == 0 ? "kept" : o.measured() + " measured")
                            + (failed == 0 ? "" : ", " + failed + " failed"));
        }

        @Override
        public void skipped(Case c, String why) {
            progress.clear();
            say("%s", c.op().name() + "  " + c.name() + "  skipped: " + why);
        }
    }
}
