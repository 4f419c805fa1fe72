package io.tatara.bench.cli;

import io.tatara.bench.measure.ResultFiles;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** What every command has. */
@Command(mixinStandardHelpOptions = true, versionProvider = Version.class)
abstract class BaseCommand implements Callable<Integer> {
    @Option(
            names = "--json",
            paramLabel = "FILE",
            description = "also write the result to FILE, as JSON")
    Path json;

    @Option(names = "--stacktrace", description = "with an error, show where it happened")
    boolean stacktrace;

    @Spec CommandSpec spec;

    PrintWriter out() {
        return spec.commandLine().getOut();
    }

    PrintWriter err() {
        return spec.commandLine().getErr();
    }

    void say(String format, Object... args) {
        out().println(args.length == 0 ? format : String.format(format, args));
        out().flush();
    }

    void writeJson(Object value) {
        if (json != null) {
            ResultFiles.write(json, value);
        }
    }
}
