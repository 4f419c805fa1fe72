package io.tatara.bench.cli;

import java.io.PrintWriter;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
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
        CommandLine c = new CommandLine(new TataraCommand());
        c.setCaseInsensitiveEnumValuesAllowed(true);
        c.setUsageHelpAutoWidth(true);
        c.setUsageHelpLongOptionsMaxWidth(28);
        c.setExecutionExceptionHandler(new ErrorLine());
        return c;
    }

    /** Runs a command line and returns its exit code. */
    static int execute(PrintWriter out, PrintWriter err, String... args) {
        return commandLine().setOut(out).setErr(err).execute(args);
    }

    public static void main(String[] args) {
        if (System.getProperty("java.util.logging.SimpleFormatter.format") == null) {
            System.setProperty("java.util.logging.SimpleFormatter.format", "%5$s%6$s%n");
        }
        System.exit(commandLine().execute(args));
    }
}
