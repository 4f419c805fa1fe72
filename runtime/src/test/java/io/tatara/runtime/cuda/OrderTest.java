package io.tatara.runtime.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * Random uploads, kernels and allocations on a driver that keeps vector clocks instead of running
 * anything: whatever touches the same memory must be ordered by streams and events as it was
 * called.
 */
class OrderTest {
    private static final int MEMORIES = 5;
    private static final int STEPS = 20_000;

    /** How far a point in a stream is known to be behind each stream's work. */
    private record Clock(long compute, long copies) {
        Clock and(Clock o) {
            return new Clock(Math.max(compute, o.compute), Math.max(copies, o.copies));
        }

        long of(boolean copyStream) {
            return copyStream ? copies : compute;
        }
    }

    /** A piece of work on a stream that touched memory. */
    private record Touch(boolean copyStream, long position) {}

    private final FakeDriver fake = new FakeDriver();
    private final Map<Long, Clock> events = new HashMap<>();
    private final Clock[] now = {new Clock(0, 0), new Clock(0, 0)}; // compute, copies
    private long copies;
    private int waits;

    private int index(Object stream) {
        return (long) stream == copies ? 1 : 0;
    }

    /** Work on a stream. */
    private Clock work(boolean copyStream) {
        int s = copyStream ? 1 : 0;
        Clock c = now[s];
        now[s] =
                copyStream
                        ? new Clock(c.compute, c.copies + 1)
                        : new Clock(c.compute + 1, c.copies);
        return now[s];
    }

    @Test
    void whatTouchesTheSameMemoryKeepsItsOrder() {
        fake.answers.put(
                "record",
                a -> {
                    events.put((Long) a[0], now[index(a[1])]);
                    return null;
                });
        fake.answers.put(
                "waitFor",
                a -> {
                    waits++;
                    int s = index(a[0]);
                    now[s] = now[s].and(events.getOrDefault((Long) a[1], new Clock(0, 0)));
                    return null;
                });
        CudaContext context = new CudaContext(fake.driver(), 0, 0, 0);
        copies = context.copies();
        Order order = new Order(context);
        Random random = new Random(5);
        List<CudaMemory> memory = new ArrayList<>();
        Map<CudaMemory, List<Touch>> touched = new HashMap<>();
        for (int i = 0; i < MEMORIES; i++) {
            memory.add(new CudaMemory(null, 1 + i, 16, true));
        }
        memory.get(0).shared = true;
        int uploads = 0;
        for (int step = 0; step < STEPS; step++) {
            CudaMemory m = memory.get(random.nextInt(MEMORIES));
            switch (random.nextInt(6)) {
                case 0, 1 -> {
                    uploads++;
                    order.beforeUpload(m);
                    touch(touched, m, true, work(true), step);
                    order.afterUpload(m);
                }
                case 2, 3 -> { // a kernel on two of them
                    CudaMemory n = memory.get(random.nextInt(MEMORIES));
                    order.next();
                    order.use(m);
                    order.use(n);
                    Clock c = work(false);
                    touch(touched, m, false, c, step);
                    if (n != m) {
                        touch(touched, n, false, c, step);
                    }
                }
                case 4 -> // a kernel of others', who hold that memory's address, on our stream
                        touch(touched, memory.getFirst(), false, work(false), step);
                default -> { // given back and made anew in the same place, but for the shared one
                    int at = memory.indexOf(m);
                    if (at > 0) {
                        order.next();
                        order.use(m);
                        touch(touched, m, false, work(false), step);
                        CudaMemory fresh = new CudaMemory(null, m.pointer(), 16, true);
                        memory.set(at, fresh);
                        touched.put(fresh, touched.remove(m));
                        order.next();
                        order.use(fresh);
                        touch(touched, fresh, false, work(false), step);
                    }
                }
            }
        }
        assertThat(uploads).isGreaterThan(1000);
        assertThat(waits).as("fewer waits than two an upload").isLessThan(2 * uploads);
    }

    private void touch(
            Map<CudaMemory, List<Touch>> touched,
            CudaMemory m,
            boolean copyStream,
            Clock clock,
            int step) {
        List<Touch> before = touched.computeIfAbsent(m, k -> new ArrayList<>());
        for (Touch t : before) {
            assertThat(clock.of(t.copyStream))
                    .as("step %d on memory %d after %s", step, m.pointer(), t)
                    .isGreaterThanOrEqualTo(t.position);
        }
        before.removeIf(t -> t.copyStream == copyStream); // the newest of a stream stands for all
        before.add(new Touch(copyStream, clock.of(copyStream)));
    }
}
