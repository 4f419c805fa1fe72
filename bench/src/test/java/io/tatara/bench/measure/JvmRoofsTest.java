package io.tatara.bench.measure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tatara.kernels.TataraException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class JvmRoofsTest {
    @Test
    void allThreadsCount() {
        assertThat(new JvmRoofs(2, true).best(() -> () -> 1, 1)).isPositive();
    }

    /** The others do not wait for it at the start. */
    @Test
    @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void aThreadThatFindsNoMemoryEndsAll() {
        for (int which = 1; which <= 2; which++) {
            int bad = which;
            AtomicInteger made = new AtomicInteger();
            Supplier<JvmRoofs.Loop> maker =
                    () -> {
                        if (made.incrementAndGet() == bad) {
                            throw new OutOfMemoryError("no memory");
                        }
                        return () -> 1;
                    };
            assertThatThrownBy(() -> new JvmRoofs(2, true).best(maker, 1))
                    .isInstanceOf(TataraException.class)
                    .hasMessageContaining("no memory");
        }
    }
}
