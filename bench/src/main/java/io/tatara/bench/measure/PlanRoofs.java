package io.tatara.bench.measure;

import io.tatara.kernels.DType;
import io.tatara.kernels.TataraException;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuProgram;
import io.tatara.kernels.gpu.GpuTraits;
import io.tatara.kernels.layout.Fill;
import io.tatara.runtime.OutOfDeviceMemoryException;
import io.tatara.runtime.spi.BackEndDevice;
import io.tatara.runtime.spi.Binding;
import io.tatara.runtime.spi.Memory;
import io.tatara.runtime.spi.PlanRunner;
import java.util.ArrayList;
import java.util.List;

/**
 * The roofs of a device that runs kernel plans, by two kernels of our own and the device's events.
 * The best run counts.
 */
final class PlanRoofs {
    private static final int CHAINS = 12;

    /** Working sets; only GPUs, whose caches are larger than a CPU's, get the largest. */
    private static final long[] SIZES = {512L << 10, 4L << 20, 32L << 20, 512L << 20, 2L << 30};

    private final BackEndDevice device;
    private final PlanRunner runner;
    private final boolean quick;
    private final GpuTraits traits;

    PlanRoofs(BackEndDevice device, PlanRunner runner, boolean quick) {
        this.device = device;
        this.runner = runner;
        this.quick = quick;
        this.traits = runner.traits();
    }

    Roofs measure() {
        List<Roofs.Copy> copies = new ArrayList<>();
        for (long bytes : SIZES) {
            if (bytes > 1L << 30 && (traits.cpu() || quick)) {
                break;
            }
            try {
                copies.add(new Roofs.Copy(bytes, copy(bytes)));
            } catch (OutOfDeviceMemoryException e) {
                break; // a small device: the sizes so far will do
            } catch (TataraException e) {
                // No compiler here and no program made ahead: times without roofs are worth having.
                return new Roofs(0, "not measured: " + e.getMessage(), List.of());
            }
        }
        double flops;
        String how = "fused multiply-adds in registers, every compute unit";
        try {
            flops = fma();
        } catch (TataraException e) {
            flops = 0;
            how = "not measured: " + e.getMessage();
        }
        return new Roofs(
                flops,
                how,
                copies,
                new MatrixRoofs(traits, quick, plan -> fastest(plan, 4, MatrixRoofs.items(traits)))
                        .measure());
    }

    /** The program of {@code roof_copy} and {@code roof_fma}. */
    static GpuProgram program(boolean cpu, int repeat) {
        return GpuProgram.resource(
                PlanRoofs.class, "roofs.cl", "ON_CPU", cpu ? 1 : 0, "REPEAT", repeat);
    }

    /** Steps of the chains of multiply-adds. */
    static int repeat(boolean quick) {
        return quick ? 1024 : 4096;
    }

    private double copy(long bytes) {
        int n = (int) (bytes / 8);
        int local = traits.cpu() ? 1 : Math.min(256, traits.maxWorkGroup());
        int groups =
                traits.cpu()
                        ? traits.computeUnits() * 4
                        : Math.max(1, Math.min(n / 4 / local, traits.computeUnits() * 32));
        GpuPlan plan =
                GpuPlan.builder()
                        .launch(
                                program(traits.cpu(), 1),
                                "roof_copy",
                                new int[] {groups, 1, 1},
                                new int[] {local, 1, 1},
                                GpuPlan.in(0),
                                GpuPlan.out(0),
                                n / 4,
                                groups * local)
                        .build();
        return bytes / fastest(plan, n, n);
    }

    private double fma() {
        int repeat = repeat(quick);
        int local = traits.cpu() ? 1 : Math.min(256, traits.maxWorkGroup());
        int groups = traits.computeUnits() * (traits.cpu() ? 16 : 32);
        int items = groups * local;
        GpuPlan plan =
                GpuPlan.builder()
                        .launch(
                                program(traits.cpu(), repeat),
                                "roof_fma",
                                new int[] {groups, 1, 1},
                                new int[] {local, 1, 1},
                                GpuPlan.out(0),
                                0.999f,
                                0.5f)
                        .build();
        double flops = 2.0 * CHAINS * repeat * items * (traits.cpu() ? 16 : 1);
        return flops / fastest(plan, 4, items);
    }

    /** Seconds of the fastest run. */
    private double fastest(GpuPlan plan, int inputs, int outputs) {
        Memory from = device.allocate(DType.FLOAT32, inputs);
        Memory to = null;
        try {
            to = device.allocate(DType.FLOAT32, outputs);
            Binding[] in = {new Binding(TensorSpec.f32(inputs), from, null)};
            // Written once, so that every page is there; on the device, since it may be a gigabyte.
            device.execute(new Fill(TensorSpec.f32(inputs), 1), new Binding[0], in);
            Binding[] out = {new Binding(TensorSpec.f32(outputs), to, null)};
            double best = Double.POSITIVE_INFINITY;
            long end = System.nanoTime() + (quick ? 100_000_000L : 600_000_000L);
            for (int i = 0; i < 8 || (i < 200 && System.nanoTime() < end); i++) {
                long nanos = device.time(() -> runner.run(plan, in, out));
                best = i < 2 || nanos <= 0 ? best : Math.min(best, nanos * 1e-9);
            }
            return best;
        } finally {
            device.release(from);
            if (to != null) {
                device.release(to);
            }
        }
    }
}
