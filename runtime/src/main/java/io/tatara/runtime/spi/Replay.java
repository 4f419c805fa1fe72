package io.tatara.runtime.spi;

/** A list of invocations that a device has prepared to run again and again on the same memory. */
public interface Replay extends AutoCloseable {
    /** Enqueues all of it, in the order in which it was recorded. */
    void run();

    /** Gives back what was prepared; behind the work enqueued so far. Twice does nothing. */
    @Override
    void close();
}
