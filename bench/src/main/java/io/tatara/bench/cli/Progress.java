package io.tatara.bench.cli;

import java.io.Console;
import java.io.PrintWriter;

/**
 * How far long work has come: on a terminal a line that rewrites itself, elsewhere a line every
 * half minute. On standard error, so that what is piped on stays clean.
 */
final class Progress {
    private static final long REWRITE_NANOS = 200_000_000L;
    private static final long LINE_NANOS = 30_000_000_000L;

    private final PrintWriter err;
    private final boolean terminal;
    private final long begin = System.nanoTime();
    private long last = begin;
    private boolean shown;

    Progress(PrintWriter err) {
        this(err, onTerminal());
    }

    Progress(PrintWriter err, boolean terminal) {
        this.err = err;
        this.terminal = terminal;
    }

    private static boolean onTerminal() {
        Console c = System.console();
        return c != null && c.isTerminal();
    }

    /**
     * Tells where the work is.
     *
     * @param done pieces that are finished
     * @param what is done now
     */
    void at(int done, int count, String what) {
        long now = System.nanoTime();
        if (now - last < (terminal ? REWRITE_NANOS : LINE_NANOS) && (done > 0 || !terminal)) {
            return;
        }
        last = now;
        String line = text(done, count, what, (now - begin) * 1e-9);
        if (terminal) {
            err.print("\r\u001b[K" + line);
            shown = true;
        } else {
            err.println(line);
        }
        err.flush();
    }

    static String text(int done, int count, String what, double seconds) {
        String left =
                done == 0 || seconds < 5
                        ? ""
                        : ", about " + duration(seconds / done * (count - done)) + " left";
        return String.format("[%d/%d] %s%s", done, count, what, left);
    }

    private static String duration(double seconds) {
        return seconds < 90
                ? String.format("%.0f s", seconds)
                : seconds < 5400
                        ? String.format("%.0f min", seconds / 60)
                        : String.format("%.1f h", seconds / 3600);
    }

    /** Makes room for a line of output. */
    void clear() {
        if (shown) {
            err.print("\r\u001b[K");
            err.flush();
            shown = false;
        }
    }
}
