package io.tatara.runtime.opencl;

import io.tatara.kernels.Op;
import io.tatara.kernels.OpEntry;
import io.tatara.kernels.OpTable;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.check.Case;
import io.tatara.kernels.gpu.GpuKernel;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuTraits;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * Runs cases on simulators, which are slow: the smallest of each op first, op by op in turn, until
 * the time is up. {@code CASE}, {@code WRONG} and {@code RUN} lines on standard output tell what
 * was run, {@code @@} lines on standard error which case the simulator's findings below them belong
 * to.
 */
public final class SmallestFirst {
    /** Nanoseconds that a case may be expected to take. */
    private static final long LONGEST = 20_000_000_000L;

    private record Task(Case c, GpuKernel<?> kernel, String name, double size) {}

    /** Runs a case by a variant and says what is wrong with the results. */
    public interface Runner {
        List<String> run(Case c, GpuKernel<?> kernel);
    }

    private SmallestFirst() {}

    /**
     * @param end by {@link System#nanoTime}
     * @param only an op's name, null for all
     */
    public static void run(GpuTraits traits, Runner runner, long end, String only) {
        List<Queue> ops = new ArrayList<>();
        for (OpEntry<?> e : OpTable.all()) {
            if (only == null || only.equals(e.name())) {
                ops.add(new Queue(tasks(e, traits)));
            }
        }
        int run = 0;
        for (boolean more = true; more; ) {
            more = false;
            for (Queue q : ops) {
                Task t = q.next(end);
                if (t != null) {
                    q.ran(t, run(runner, t));
                    run++;
                    more = true;
                }
            }
        }
        System.out.println(
                "RUN " + run + " LEFT " + ops.stream().mapToInt(q -> q.tasks.size()).sum());
    }

    private static long run(Runner runner, Task t) {
        System.err.println("@@ " + t.name());
        long start = System.nanoTime();
        List<String> wrong = runner.run(t.c(), t.kernel());
        long took = System.nanoTime() - start;
        System.out.println("CASE " + t.name() + " " + took / 1_000_000 + " ms");
        wrong.forEach(w -> System.out.println("WRONG " + t.name() + " " + w));
        return took;
    }

    /** The cases of an op that are still to be run, the smallest first. */
    private static final class Queue {
        final Deque<Task> tasks;
        private double size;
        private long nanos = -1;

        Queue(List<Task> tasks) {
            this.tasks = new ArrayDeque<>(tasks);
        }

        /** The next case, where it can be expected to end in time; the first is run in any case. */
        Task next(long end) {
            if (tasks.isEmpty()) {
                return null;
            }
            double growth = Math.max(1, tasks.peek().size() / Math.max(1, size));
            long expected = (long) (nanos * growth * growth);
            if (nanos >= 0 && (expected > LONGEST || System.nanoTime() + expected > end)) {
                return null;
            }
            return tasks.poll();
        }

        void ran(Task t, long took) {
            size = t.size();
            nanos = took;
        }
    }

    private static <O extends Op> List<Task> tasks(OpEntry<O> e, GpuTraits traits) {
        List<Task> tasks = new ArrayList<>();
        for (Case c : e.cases().get()) {
            if (c.isBench() || c.isLarge()) {
                continue;
            }
            O op = e.type().cast(c.op());
            TensorSpec[] out = op.infer(c.specs());
            double size = op.cost(c.specs()).flops() + size(c.specs()) + size(out);
            for (int i = 0; i < e.gpu().size(); i++) {
                GpuKernel<O> k = e.gpu().get(i);
                if (k.supports(op, c.specs(), traits)) {
                    GpuPlan plan = k.plan(op, c.specs(), out, traits);
                    String name = c + " " + k.variant() + (i == 0 ? "" : " " + i);
                    tasks.add(
                            new Task(
                                    c,
                                    k,
                                    name,
                                    plan.launches().isEmpty() ? 0 : size + items(plan)));
                }
            }
        }
        // A case that runs nothing proves nothing: those of no elements come last.
        tasks.sort(Comparator.comparing((Task t) -> t.size() == 0).thenComparing(Task::size));
        return tasks;
    }

    private static double size(TensorSpec[] specs) {
        return Stream.of(specs).filter(Objects::nonNull).mapToDouble(TensorSpec::size).sum();
    }

    /** Work-items of all launches. */
    private static double items(GpuPlan plan) {
        double n = 0;
        for (GpuPlan.Launch l : plan.launches()) {
            double items = 1;
            for (int d = 0; d < 3; d++) {
                items *= (double) l.groups()[d] * l.local()[d];
            }
            n += items;
        }
        return n;
    }
}
