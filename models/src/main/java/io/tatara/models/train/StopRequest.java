package io.tatara.models.train;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Asks training to finish its step, write a checkpoint and return. {@link #onShutdown} raises it
 * when the JVM is told to end (Ctrl-C), and holds the JVM until its guard is closed: when all that
 * is to be kept is written.
 */
public final class StopRequest {
    private static final long PATIENCE_SECONDS = 120;

    private final CountDownLatch done = new CountDownLatch(1);
    private volatile boolean requested;

    /** Raises the request; from any thread. */
    public void raise() {
        requested = true;
    }

    public boolean requested() {
        return requested;
    }

    /** Raises this request at shutdown until the returned guard is closed. */
    public Guard onShutdown() {
        Thread hook =
                new Thread(
                        () -> {
                            raise();
                            try {
                                done.await(PATIENCE_SECONDS, TimeUnit.SECONDS);
                            } catch (InterruptedException e) {
                                Thread.currentThread().interrupt();
                            }
                        },
                        "tatara-stop");
        Runtime.getRuntime().addShutdownHook(hook);
        return () -> {
            done.countDown();
            try {
                Runtime.getRuntime().removeShutdownHook(hook);
            } catch (IllegalStateException e) {
                // The JVM is ending already: the hook runs and returns at once.
                raise();
            }
        };
    }

    /** Ends what {@link #onShutdown} began. */
    @FunctionalInterface
    public interface Guard extends AutoCloseable {
        @Override
        void close();
    }
}
