package io.tatara.bench.measure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

class WarmUpTest {
    private static final int SLOW = 60;
    private static final long MILLISECOND = 1_000_000;

    /** As if it were compiled after a while: what comes then is waited for, and looked at. */
    @Test
    void goesOnWhereWorkBecameFaster() {
        AtomicInteger runs = new AtomicInteger();
        WarmUp.of(() -> {
            int millis = runs.incrementAndGet() <= SLOW ? 5 : 1;
            LockSupport.parkNanos(millis * MILLISECOND);
        });
        assertThat(runs.get()).isGreaterThan(SLOW + 10);
    }

    @Test
    void handsOnWhatWorkThrows() {
        assertThatThrownBy(() ->
                        WarmUp.of(() -> {
                            throw new IllegalStateException("broken");
                        }))
                .hasMessage("broken");
    }
}
