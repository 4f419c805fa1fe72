package io.tatara.runtime.opencl;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Optional;

/**
 * Gives the JVM its signal handlers back after a driver took them. The LLVM inside PoCL (and other
 * drivers) installs handlers for SIGSEGV and its like while it compiles; the JVM needs that signal
 * for safepoints and null checks, and two threads meeting LLVM's handler at one time end the
 * process (seen: one-shot handlers, the second signal finds the default action). Restoring them
 * when a call returns leaves only the compilation itself; with libjsig preloaded, as the scripts
 * and the tests do, the handlers are chained and nothing is left to do.
 */
final class SignalGuard {
    private static final System.Logger LOG = System.getLogger("io.tatara.opencl");

    /** SIGILL, SIGTRAP, SIGBUS, SIGFPE, SIGSEGV on Linux. */
    private static final int[] SIGNALS = {4, 5, 7, 8, 11};

    /** More than struct sigaction takes on any Linux. */
    private static final long SIZE = 512;

    private static final Optional<SignalGuard> GUARD = create();

    private final MethodHandle sigaction;
    private final MemorySegment[] actions = new MemorySegment[SIGNALS.length];

    private SignalGuard(MethodHandle sigaction) throws Throwable {
        this.sigaction = sigaction;
        for (int i = 0; i < SIGNALS.length; i++) {
            actions[i] = Arena.global().allocate(SIZE, 16);
            if ((int) sigaction.invokeExact(SIGNALS[i], MemorySegment.NULL, actions[i]) != 0) {
                throw new IllegalStateException("sigaction(" + SIGNALS[i] + ") cannot be read");
            }
        }
    }

    /** Remembers the handlers as they are now; to be called before the first call of a driver. */
    static void remember() {
        // The work is the class's initialization.
    }

    /** Puts the remembered handlers back in place. */
    static void restore() {
        GUARD.ifPresent(SignalGuard::putBack);
    }

    private void putBack() {
        try {
            for (int i = 0; i < SIGNALS.length; i++) {
                int ignored =
                        (int) sigaction.invokeExact(SIGNALS[i], actions[i], MemorySegment.NULL);
            }
        } catch (Throwable t) {
            throw new IllegalStateException(t);
        }
    }

    private static Optional<SignalGuard> create() {
        String preload = System.getenv("LD_PRELOAD");
        if (!System.getProperty("os.name").equals("Linux")
                || (preload != null && preload.contains("libjsig"))) {
            return Optional.empty();
        }
        try {
            Linker linker = Linker.nativeLinker();
            MethodHandle h =
                    linker.downcallHandle(
                            linker.defaultLookup().findOrThrow("sigaction"),
                            FunctionDescriptor.of(
                                    ValueLayout.JAVA_INT,
                                    ValueLayout.JAVA_INT,
                                    ValueLayout.ADDRESS,
                                    ValueLayout.ADDRESS));
            return Optional.of(new SignalGuard(h));
        } catch (Throwable t) {
            LOG.log(
                    System.Logger.Level.WARNING,
                    "the JVM's signal handlers cannot be kept from OpenCL drivers",
                    t);
            return Optional.empty();
        }
    }
}
