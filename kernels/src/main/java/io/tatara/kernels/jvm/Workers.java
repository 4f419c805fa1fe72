package io.tatara.kernels.jvm;

/** Threads that kernels on the JVM share. Nested calls run on the caller. */
public interface Workers {
    /** A piece of parallel work: items [from, to). */
    @FunctionalInterface
    interface Body {
        void run(int from, int to);
    }

    /** How many threads may take part, the caller included. */
    int threads();

    /**
     * Runs body over [0, n) in chunks of at least {@code grain} items, on this thread and on idle
     * workers; returns when all is done. Which thread runs which chunk is open: the result must not
     * depend on it. An exception in a chunk is rethrown here.
     */
    void parallelFor(int n, int grain, Body body);

    /** No threads but the caller's. */
    Workers SERIAL =
            new Workers() {
                @Override
                public int threads() {
                    return 1;
                }

                @Override
                public void parallelFor(int n, int grain, Body body) {
                    if (n > 0) {
                        body.run(0, n);
                    }
                }
            };
}
