package io.tatara.runtime.jvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.tatara.kernels.Shape;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class WorkerPoolTest {
    @Test
    void everyItemRunsOnceAlsoNestedAndFromManyThreads() throws Exception {
        try (WorkerPool pool = new WorkerPool(4)) {
            Thread[] callers = new Thread[6];
            AtomicInteger wrong = new AtomicInteger();
            for (int t = 0; t < callers.length; t++) {
                callers[t] =
                        new Thread(() -> {
                            for (int r = 0; r < 300; r++) {
                                AtomicIntegerArray seen = new AtomicIntegerArray(101);
                                pool.parallelFor(
                                        101,
                                        1,
                                        (from, to) -> {
                                            for (int i = from; i < to; i++) {
                                                int at = i;
                                                pool.parallelFor(
                                                        1, 1, (a, b) -> seen.incrementAndGet(at));
                                            }
                                        });
                                for (int i = 0; i < 101; i++) {
                                    if (seen.get(i) != 1) {
                                        wrong.incrementAndGet();
                                    }
                                }
                            }
                        });
                callers[t].start();
            }
            for (Thread t : callers) {
                t.join();
            }
            assertThat(wrong.get()).isZero();
        }
    }

    @Test
    void aFailureReachesTheCallerAndThePoolGoesOn() {
        try (WorkerPool pool = new WorkerPool(3)) {
            assertThatThrownBy(() ->
                            pool.parallelFor(
                                    1000,
                                    1,
                                    (from, to) -> {
                                        if (to > 500) {
                                            throw new IllegalStateException("planned");
                                        }
                                    }))
                    .hasMessage("planned");
            AtomicInteger sum = new AtomicInteger();
            pool.parallelFor(1000, 1, (from, to) -> sum.addAndGet(to - from));
            assertThat(sum.get()).isEqualTo(1000);
        }
    }

    @Test
    void theLongestLoopsAreDoneWhole() {
        try (WorkerPool pool = new WorkerPool(2)) {
            for (int n : new int[] {2_000_000_000, Shape.MAX_SIZE}) {
                for (int grain : new int[] {1, 1 << 15, 1 << 30}) {
                    AtomicLong sum = new AtomicLong();
                    pool.parallelFor(n, grain, (from, to) -> sum.addAndGet(to - from));
                    assertThat(sum.get()).isEqualTo(n);
                }
            }
        }
    }
}
