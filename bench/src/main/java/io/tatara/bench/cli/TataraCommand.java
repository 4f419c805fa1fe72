package io.tatara.bench.cli;

import io.tatara.bench.measure.ResultFiles;
import io.tatara.kernels.TataraException;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.function.IntSupplier;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.Spec;

/** The command {@code tatara}. */
@Command(
        name = "tatara",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        description =
                "Hand-written deep-learning kernels for the JVM: devices, checks, benchmarks, models.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            DevicesCommand.class,
            CheckCommand.class,
            BenchCommand.class,
            TuneCommand.class,
            TrainCommand.class,
            TranslateCommand.class,
            GenerateCommand.class,
            ClassifyCommand.class,
            ModelCommand.class,
            DemoCommand.class,
            PtxCommand.class
        },
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:all is well",
            "1:a check failed",
            "2:wrong arguments, no such device or file, an error"
        })
public final class TataraCommand implements Runnable {
    @Spec private CommandSpec spec;

    /** Without a command there is nothing to do but to say which there are. */
    @Override
    public void run() {
        throw new CommandLine.ParameterException(spec.commandLine(), "which command?");
    }

    /** The parser with everything set, for {@link #main} and for tests. */
    static CommandLine commandLine() {
        // Else tables would have commas for points where the machine's language has them.
        Locale.setDefault(Locale.Category.FORMAT, Locale.ROOT);
        CommandLine c = new CommandLine(new TataraCommand());
        c.setCaseInsensitiveEnumValuesAllowed(true);
        c.setUsageHelpAutoWidth(true);
        c.setUsageHelpLongOptionsMaxWidth(28);
        c.setExecutionExceptionHandler(new ErrorLine());
        c.setExecutionStrategy(TataraCommand::run);
        return c;
    }

    /** A result that cannot be written is said before the work that it would be of. */
    private static int run(ParseResult parsed) {
        CommandLine last = parsed.asCommandLineList().getLast();
        if (last.getCommand() instanceof BaseCommand b && b.json != null && !helpAsked(parsed)) {
            try {
                ResultFiles.tryOut(b.json);
            } catch (TataraException e) {
                throw new CommandLine.ExecutionException(last, e.getMessage(), e);
            }
        }
        return new CommandLine.RunLast().execute(parsed);
    }

    private static boolean helpAsked(ParseResult parsed) {
        return parsed.asCommandLineList().stream()
                .anyMatch(c -> c.isUsageHelpRequested() || c.isVersionHelpRequested());
    }

    /** Runs a command line and returns its exit code. */
    static int execute(PrintWriter out, PrintWriter err, String... args) {
        return orHeapFull(() -> commandLine().setOut(out).setErr(err).execute(args), err);
    }

    /** A heap that is too small is a line like any other error, wherever it became full. */
    static int orHeapFull(IntSupplier command, PrintWriter err) {
        try {
            return command.getAsInt();
        } catch (OutOfMemoryError e) {
            err.printf(
                    "tatara: %s: %d MiB are not enough for this. TATARA_JVM_OPTS=-Xmx<size>g gives"
                            + " more; smaller batches or crops need less.%n",
                    e.getMessage(), Runtime.getRuntime().maxMemory() >> 20);
            err.flush();
            return ErrorLine.EXIT;
        }
    }

    public static void main(String[] args) {
        if (System.getProperty("java.util.logging.SimpleFormatter.format") == null) {
            System.setProperty("java.util.logging.SimpleFormatter.format", "%5$s%6$s%n");
        }
        System.exit(
                orHeapFull(() -> commandLine().execute(args), new PrintWriter(System.err, true)));
    }
}
