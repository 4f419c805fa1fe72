package io.tatara.runtime.cuda;

import io.tatara.kernels.OpException;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuPlan.Arg;
import io.tatara.runtime.DeviceException;

/** Holds launches to what the device can do, and prepares functions for what they ask. */
final class LaunchCheck {
    private static final int PORTABLE_CLUSTER = 8;

    /** {@code CU_FUNC_ATTRIBUTE_REQUIRED_CLUSTER_WIDTH}, height, depth. */
    private static final int CLUSTER = 11;

    private final CudaDevices.Found found;
    private final CudaDriver driver;
    private final int[] most = new int[6]; // extents of the grid, then of the block

    LaunchCheck(CudaDevices.Found found) {
        this.found = found;
        this.driver = found.driver();
        for (int d = 0; d < 3; d++) {
            most[d] = driver.attribute(CudaDriver.MAX_GRID_X + d, found.device());
            most[3 + d] = driver.attribute(CudaDriver.MAX_BLOCK_X + d, found.device());
        }
    }

    /** Whether launches that may begin early do. */
    boolean early() {
        return found.early();
    }

    /** What can be said before the program is compiled. */
    void geometry(String op, GpuPlan.Launch l) {
        for (int d = 0; d < 3; d++) {
            extent(op, l, "grid", d, l.groups()[d], most[d]);
            extent(op, l, "block", d, l.local()[d], most[3 + d]);
        }
        threads(op, l, found.traits().maxWorkGroup(), "");
        if (l.dynamicShared() < 0 || l.dynamicShared() > found.traits().maxShared()) {
            throw refuse(
                    op,
                    l,
                    l.dynamicShared() + " bytes of dynamic shared memory",
                    "0 to " + found.traits().maxShared());
        }
        if (l.cooperative() && !found.cooperative()) {
            throw refuse(op, l, "a cooperative launch", "a plain one");
        }
        for (Arg a : l.args()) {
            if (a instanceof Arg.TensorMap m) {
                String flaw = found.traits().cuda(90) ? TensorMapSlot.flaw(m) : "no copy engine";
                if (flaw != null) {
                    throw refuse(op, l, "a tensor map with " + flaw, "a sound one");
                }
            }
        }
    }

    private void extent(String op, GpuPlan.Launch l, String what, int d, int given, int most) {
        if (given < 1 || given > most) {
            throw refuse(op, l, what + " extent " + given + " in dimension " + d, "1 to " + most);
        }
    }

    private void threads(String op, GpuPlan.Launch l, int most, String why) {
        long threads = threads(l);
        if (threads > most) {
            throw refuse(op, l, "a block of " + threads + " threads", "at most " + most + why);
        }
    }

    private static long threads(GpuPlan.Launch l) {
        return (long) l.local()[0] * l.local()[1] * l.local()[2];
    }

    /** The function, ready to be launched like this. */
    long function(String op, GpuPlan.Launch l, long module) {
        long f;
        try {
            f = driver.function(module, l.entry());
        } catch (CudaFailure e) {
            if (e.code() == CudaErrors.NOT_FOUND) {
                throw new DeviceException(
                        "kernel " + l.entry() + " of " + l.program().name() + ": not there", e);
            }
            throw e;
        }
        threads(
                op,
                l,
                driver.functionAttribute(CudaDriver.FUNCTION_MAX_THREADS, f),
                " for this kernel");
        int fixed = driver.functionAttribute(CudaDriver.FUNCTION_SHARED, f);
        int shared = fixed + l.dynamicShared();
        int limit =
                l.dynamicShared() > 0
                        ? found.traits().maxShared()
                        : (int) found.traits().localMemory();
        if (shared > limit) {
            throw refuse(op, l, shared + " bytes of shared memory", "at most " + limit);
        }
        arguments(op, l, f);
        prepare(op, l, f);
        return f;
    }

    private void prepare(String op, GpuPlan.Launch l, long f) {
        // Functions are shared by plans: a limit is only ever raised.
        if (l.dynamicShared()
                > driver.functionAttribute(CudaDriver.FUNCTION_MAX_DYNAMIC_SHARED, f)) {
            driver.setFunctionAttribute(
                    CudaDriver.FUNCTION_MAX_DYNAMIC_SHARED, f, l.dynamicShared());
        }
        if (found.traits().cuda(90)) {
            cluster(op, l, f);
        }
        if (l.cooperative()) {
            long resident =
                    (long) found.traits().computeUnits()
                            * driver.occupancy(f, (int) threads(l), l.dynamicShared());
            long groups = (long) l.groups()[0] * l.groups()[1] * l.groups()[2];
            if (groups > resident) {
                throw refuse(
                        op,
                        l,
                        groups + " groups that must be resident at once",
                        "at most " + resident);
            }
        }
    }

    private void cluster(String op, GpuPlan.Launch l, long f) {
        int blocks = 1;
        for (int d = 0; d < 3; d++) {
            int extent;
            try {
                extent = driver.functionAttribute(CLUSTER + d, f);
            } catch (CudaFailure e) {
                return; // a driver that does not know clusters has none to launch
            }
            if (extent > 1 && l.groups()[d] % extent != 0) {
                throw refuse(
                        op,
                        l,
                        "grid extent " + l.groups()[d] + " in dimension " + d,
                        "a multiple of the cluster's " + extent);
            }
            blocks *= Math.max(1, extent);
        }
        if (blocks > PORTABLE_CLUSTER) {
            driver.setFunctionAttribute(CudaDriver.FUNCTION_NON_PORTABLE_CLUSTER, f, 1);
        }
    }

    private void arguments(String op, GpuPlan.Launch l, long f) {
        int[] sizes = driver.parameters(f);
        if (sizes == null) {
            return;
        }
        if (sizes.length != l.args().size()) {
            throw refuse(
                    op,
                    l,
                    l.args().size() + " arguments",
                    sizes.length + " as the source declares");
        }
        for (int i = 0; i < sizes.length; i++) {
            int given =
                    switch (l.args().get(i)) {
                        case Arg.Int a -> 4;
                        case Arg.Float a -> 4;
                        case Arg.TensorMap a -> TensorMapSlot.BYTES;
                        default -> 8;
                    };
            if (sizes[i] != given) {
                throw refuse(
                        op,
                        l,
                        "argument " + i + " of " + given + " bytes",
                        sizes[i] + " as the source declares");
            }
        }
    }

    private OpException refuse(String op, GpuPlan.Launch l, String given, String expected) {
        return new OpException(
                op,
                "launch of " + l.entry() + " in " + l.program().name(),
                given,
                expected + " (" + found.info().id() + ", " + found.info().name() + ")");
    }
}
