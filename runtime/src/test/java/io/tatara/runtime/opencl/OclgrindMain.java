package io.tatara.runtime.opencl;

import io.tatara.kernels.Op;
import io.tatara.kernels.OpEntry;
import io.tatara.kernels.OpTable;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.check.Case;
import io.tatara.kernels.gpu.GpuKernel;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuProgram;
import io.tatara.kernels.gpu.GpuTraits;
import io.tatara.kernels.layout.Fill;
import io.tatara.runtime.cache.ProgramCache;
import io.tatara.runtime.spi.Binding;
import io.tatara.runtime.spi.DeviceInfo;
import java.lang.reflect.Field;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jocl.CL;

/**
 * To be run in a JVM of its own in which Oclgrind is the only platform: the small cases of every
 * op, the smallest of each op first, until the time is up. {@code @@} lines on standard error tell
 * which case the simulator's findings below them belong to; wrong results stand on standard output.
 *
 * <p>Arguments: seconds to spend, and an op's name to run it alone; or {@code broken} for kernels
 * with faults.
 */
final class OclgrindMain {
    /** Nanoseconds that a case may be expected to take. */
    private static final long LONGEST = 20_000_000_000L;

    private record Task(Case c, GpuKernel<?> kernel, String name, double size) {}

    private OclgrindMain() {}

    public static void main(String[] a) throws Exception {
        waitForUnmappingHere();
        OpenClBackEnd backEnd = new OpenClBackEnd(ClLibrary.names(), () -> ProgramCache.OFF);
        DeviceInfo info =
                backEnd.discover().devices().stream()
                        .filter(d -> d.name().contains("Oclgrind"))
                        .findFirst()
                        .orElseThrow(() ->
                                new IllegalStateException("no Oclgrind: " + backEnd.discover()));
        // A device a case: the simulator keeps what it knows of a buffer's bytes when the buffer is
        // released,
        // and takes it for the next buffer's in the same place.
        if (a[0].equals("broken")) {
            try (OpenClDevice device = backEnd.open(info)) {
                broken(device);
            }
        } else {
            long end = System.nanoTime() + Integer.parseInt(a[0]) * 1_000_000_000L;
            cases(() -> backEnd.open(info), end, a.length > 1 ? a[1] : null);
        }
    }

    private static void cases(Supplier<OpenClDevice> open, long end, String only) {
        List<Queue> ops = new ArrayList<>();
        try (OpenClDevice device = open.get()) {
            for (OpEntry<?> e : OpTable.all()) {
                if (only == null || only.equals(e.name())) {
                    ops.add(new Queue(tasks(e, device.traits())));
                }
            }
        }
        int run = 0;
        for (boolean more = true; more; ) {
            more = false;
            for (Queue q : ops) {
                Task t = q.next(end);
                if (t != null) {
                    q.ran(t, run(open, t));
                    run++;
                    more = true;
                }
            }
        }
        System.out.println(
                "RUN " + run + " LEFT " + ops.stream().mapToInt(q -> q.tasks.size()).sum());
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

    private static long run(Supplier<OpenClDevice> open, Task t) {
        System.err.println("@@ " + t.name());
        long start = System.nanoTime();
        List<String> wrong;
        try (OpenClDevice device = open.get()) {
            wrong = new CaseRunner(device, device::execute, 0).run(t.c(), t.kernel());
        }
        long took = System.nanoTime() - start;
        System.out.println("CASE " + t.name() + " " + took / 1_000_000 + " ms");
        wrong.forEach(w -> System.out.println("WRONG " + t.name() + " " + w));
        return took;
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

    /** A race between work-items, a write behind the end, reads of what nobody wrote. */
    private static void broken(OpenClDevice device) {
        fault(device, "race", "y[0] = LOCAL_ID(0);");
        fault(device, "bounds", "if (LOCAL_ID(0) == 0) y[16] = 1;");
        fault(device, "unwritten global", "int i = LOCAL_ID(0); y[i] = y[i] * 2;");
        fault(
                device,
                "unwritten local",
                "SHARED float s[16]; int i = LOCAL_ID(0); if (i < 8) s[i] = 1; BARRIER(); y[i] = s[15 - i];");
    }

    private static void fault(OpenClDevice device, String name, String body) {
        System.err.println("@@ " + name);
        GpuProgram p =
                GpuProgram.of("test/fault.cl", "KERNEL void t(GLOBAL float* y) { " + body + " }\n");
        GpuKernel<Fill> k =
                (op, in, out, t) ->
                        GpuPlan.builder().launch1d(p, "t", 16, 16, GpuPlan.out(0)).build();
        TensorSpec spec = TensorSpec.f32(16);
        Binding y = new Binding(spec, device.allocate(spec.dtype(), 16), null);
        device.execute(k, new Fill(spec, 0), new Binding[0], new Binding[] {y});
        device.synchronize();
    }

    /**
     * JOCL waits for the end of each unmapping on a thread of its own, and the simulator does not
     * survive two threads at work: here the calling thread waits.
     */
    private static void waitForUnmappingHere() throws ReflectiveOperationException {
        Field executor = CL.class.getDeclaredField("referenceReleaseExecutor");
        executor.setAccessible(true);
        executor.set(null, (Executor) Runnable::run);
    }
}
