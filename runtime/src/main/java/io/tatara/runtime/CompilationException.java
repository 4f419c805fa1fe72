package io.tatara.runtime;

import io.tatara.kernels.TataraException;

/**
 * A kernel source that the device's compiler refused: the log, and the source lines it speaks of.
 */
public class CompilationException extends TataraException {
    private final String log;

    public CompilationException(String program, String log, String excerpt) {
        super(
                "kernel source "
                        + program
                        + " does not compile:\n"
                        + log.strip()
                        + (excerpt.isEmpty() ? "" : "\n" + excerpt));
        this.log = log;
    }

    /** The compiler's log as it came. */
    public String log() {
        return log;
    }
}
