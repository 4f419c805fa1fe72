package io.tatara.bench.measure;

import io.tatara.kernels.DType;
import io.tatara.kernels.TataraException;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuTraits;
import io.tatara.runtime.spi.BackEndDevice;
import io.tatara.runtime.spi.Binding;
import io.tatara.runtime.spi.Memory;
import io.tatara.runtime.spi.PlanRunner;

/**
 * Keeps a GPU busy while the host enqueues what is to be timed, so that the events around it
 * enclose the device's work alone and not its waiting for the host. What the host needs is measured
 * on its own ({@link Dispatch}).
 */
final class Delay implements AutoCloseable {
    private static final int LANES = 32;
    private static final int MOST = 200;

    /** Steps of the kernel that does nothing but take time. */
    static final int REPEAT = 1 << 14;

    private final BackEndDevice device;
    private final PlanRunner runner;
    private final GpuPlan plan;
    private final Binding[] out;
    private final double seconds;

    private Delay(BackEndDevice device, PlanRunner runner) {
        this.device = device;
        this.runner = runner;
        this.plan =
                GpuPlan.builder()
                        .launch(
                                PlanRoofs.program(false, REPEAT),
                                "roof_fma",
                                new int[] {1, 1, 1},
                                new int[] {LANES, 1, 1},
                                GpuPlan.out(0),
                                0.999f,
                                0.5f)
                        .build();
        Memory m = device.allocate(DType.FLOAT32, LANES);
        this.out = new Binding[] {new Binding(TensorSpec.f32(LANES), m, null)};
        double best = Double.POSITIVE_INFINITY;
        try {
            for (int i = 0; i < 5; i++) {
                long nanos = device.time(() -> runner.run(plan, new Binding[0], out));
                best = Math.min(best, nanos * 1e-9);
            }
        } catch (TataraException e) {
            device.release(m);
            throw e;
        }
        this.seconds = Math.max(best, 1e-6);
    }

    /** For GPUs that run plans; null where none is needed, or none can be had. */
    static Delay of(BackEndDevice device) {
        if (device instanceof PlanRunner runner) {
            GpuTraits t = runner.traits();
            if (!t.cpu()) {
                try {
                    return new Delay(device, runner);
                } catch (TataraException e) {
                    return null; // no compiler and no program made ahead: told by the roofs
                }
            }
        }
        return null;
    }

    /** Enqueues work that takes at least this long (within reason). */
    void enqueue(double atLeast) {
        int n = (int) Math.min(MOST, Math.ceil(atLeast / seconds));
        for (int i = 0; i < n; i++) {
            runner.run(plan, new Binding[0], out);
        }
    }

    @Override
    public void close() {
        device.release(out[0].memory());
    }
}
