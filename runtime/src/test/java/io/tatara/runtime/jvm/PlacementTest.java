package io.tatara.runtime.jvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;

class PlacementTest {
    @Test
    void aThreadLeavesTheProcessorItIsKeptOff() throws Exception {
        Placement here = Placement.ofCallingThread();
        assumeThat(here).as("Linux with two processors").isNotNull();
        FutureTask<int[]> task =
                new FutureTask<>(() -> {
                    int before = here.cpu();
                    here.keepOff(here.thread(), before);
                    int after = here.cpu();
                    here.keepOff(here.thread(), after);
                    return new int[] {before, after, here.cpu()};
                });
        Thread.ofPlatform().start(task);
        int[] cpus = task.get();
        assertThat(cpus[1]).isNotEqualTo(cpus[0]).isNotNegative();
        assertThat(cpus[2]).isNotEqualTo(cpus[1]).isNotNegative();
    }

    @Test
    void numbersThatAreNoneAreLeftAlone() {
        Placement here = Placement.ofCallingThread();
        assumeThat(here).as("Linux with two processors").isNotNull();
        here.keepOff(-1, 0);
        here.keepOff(here.thread(), -1);
        here.keepOff(here.thread(), 1 << 20);
        assertThat(here.cpu()).isNotNegative();
    }

    @Test
    void aWorkerRunsBesideItsCaller() throws Exception {
        Placement here = Placement.ofCallingThread();
        assumeThat(here).as("Linux with two processors").isNotNull();
        try (WorkerPool pool = new WorkerPool(2)) {
            // The worker looks for its place when it has nothing to do after the first second.
            Thread.sleep(1100);
            pool.parallelFor(2, 1, (from, to) -> {});
            Thread.sleep(200);
            long caller = Thread.currentThread().threadId();
            int both = 0;
            int shared = 0;
            for (int turn = 0; turn < 400 && both < 40; turn++) {
                Thread.sleep(1);
                int[] cpus = {-1, -1};
                pool.parallelFor(
                        2,
                        1,
                        (from, to) -> {
                            boolean mine = Thread.currentThread().threadId() == caller;
                            cpus[mine ? 0 : 1] = here.cpu();
                            long until = System.nanoTime() + 500_000;
                            while (System.nanoTime() < until) {
                                Thread.onSpinWait();
                            }
                        });
                if (cpus[0] >= 0 && cpus[1] >= 0) {
                    both++;
                    shared += cpus[0] == cpus[1] ? 1 : 0;
                }
            }
            assumeThat(both).as("turns that the worker got a processor in").isPositive();
            // The system may move a caller between the look and the work.
            assertThat(shared * 4).isLessThanOrEqualTo(both);
        }
    }
}
