package io.tatara.bench.cli;

import io.tatara.kernels.TataraException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import picocli.CommandLine;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.ParseResult;

/**
 * Turns what a command throws into a line on standard error and exit code 2; {@code --stacktrace}
 * shows the rest.
 */
final class ErrorLine implements IExecutionExceptionHandler {
    static final int EXIT = 2;

    @Override
    public int handleExecutionException(Exception e, CommandLine command, ParseResult parsed) {
        PrintWriter err = command.getErr();
        boolean expected =
                e instanceof TataraException
                        || e instanceof IOException
                        || e instanceof UncheckedIOException;
        boolean all = command.getCommand() instanceof BaseCommand b && b.stacktrace;
        String message = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
        err.println(
                "tatara: "
                        + (expected
                                ? message
                                : e.getClass().getSimpleName() + ": " + message + hint(all)));
        if (all) {
            e.printStackTrace(err);
        }
        err.flush();
        return EXIT;
    }

    private static String hint(boolean all) {
        return all ? "" : " (--stacktrace shows where)";
    }
}
