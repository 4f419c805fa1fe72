package io.tatara.runtime.opencl;

import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.gpu.GpuKernel;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuProgram;
import io.tatara.kernels.gpu.GpuTraits;
import io.tatara.kernels.layout.Fill;
import io.tatara.runtime.cache.ProgramCache;
import io.tatara.runtime.spi.Binding;
import io.tatara.runtime.spi.DeviceInfo;
import java.lang.reflect.Field;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
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
        GpuTraits traits;
        try (OpenClDevice device = open.get()) {
            traits = device.traits();
        }
        SmallestFirst.run(
                traits,
                (c, kernel) -> {
                    try (OpenClDevice device = open.get()) {
                        return new CaseRunner(device, device::execute, 0).run(c, kernel);
                    }
                },
                end,
                only);
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
