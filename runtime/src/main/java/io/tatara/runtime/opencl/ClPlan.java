package io.tatara.runtime.opencl;

import io.tatara.kernels.OpException;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuPlan.Arg;
import io.tatara.runtime.DeviceException;
import java.util.ArrayList;
import java.util.List;
import org.jocl.CL;
import org.jocl.CLException;
import org.jocl.Pointer;
import org.jocl.Sizeof;
import org.jocl.cl_device_id;
import org.jocl.cl_kernel;
import org.jocl.cl_mem;

/**
 * A plan ready to be enqueued: a kernel object of its own for each launch, in which the arguments
 * that never change are set once. What the device cannot do is found out here, before anything is
 * enqueued.
 */
final class ClPlan {
    /** A pointer to set before each launch. */
    private record Slot(int position, Arg arg) {}

    /** A launch. */
    record Step(
            cl_kernel kernel,
            String entry,
            int dims,
            long[] global,
            long[] local,
            List<Slot> slots) {
        /** Sets the pointers. */
        void bind(cl_mem[] in, cl_mem[] out, cl_mem[] temporaries) {
            for (Slot s : slots) {
                cl_mem m =
                        switch (s.arg()) {
                            case Arg.Input i -> in[i.index()];
                            case Arg.Output o -> out[o.index()];
                            case Arg.Temporary t -> temporaries[t.index()];
                            default -> throw new IllegalStateException("no pointer: " + s.arg());
                        };
                CL.clSetKernelArg(
                        kernel, s.position(), Sizeof.cl_mem, m == null ? null : Pointer.to(m));
            }
        }
    }

    private final List<Step> steps = new ArrayList<>();
    private final List<Long> temporaries;

    private ClPlan(List<Long> temporaries) {
        this.temporaries = temporaries;
    }

    List<Step> steps() {
        return steps;
    }

    List<Long> temporaries() {
        return temporaries;
    }

    static ClPlan of(String op, GpuPlan plan, ClDevices.Found found, ClPrograms programs) {
        ClPlan p = new ClPlan(plan.temporaries());
        try {
            for (GpuPlan.Launch l : plan.launches()) {
                checkGroup(op, l, found);
                cl_kernel kernel = kernel(l, programs);
                // In the list first, so that a failing check releases it.
                p.steps.add(step(l, kernel));
                check(op, l, kernel, found);
                constants(l, kernel);
            }
            return p;
        } catch (RuntimeException e) {
            p.release();
            throw e;
        }
    }

    private static cl_kernel kernel(GpuPlan.Launch l, ClPrograms programs) {
        try {
            return CL.clCreateKernel(programs.get(l.program()), l.entry(), null);
        } catch (CLException e) {
            throw new DeviceException(
                    "kernel "
                            + l.entry()
                            + " of "
                            + l.program().name()
                            + ": "
                            + CL.stringFor_errorCode(e.getStatus()),
                    e);
        }
    }

    private static Step step(GpuPlan.Launch l, cl_kernel kernel) {
        long[] global = new long[3];
        long[] local = new long[3];
        int dims = 1;
        for (int d = 0; d < 3; d++) {
            local[d] = l.local()[d];
            global[d] = (long) l.groups()[d] * l.local()[d];
            if (global[d] > 1) {
                dims = d + 1;
            }
        }
        List<Slot> slots = new ArrayList<>();
        for (int i = 0; i < l.args().size(); i++) {
            switch (l.args().get(i)) {
                case Arg.Input a -> slots.add(new Slot(i, a));
                case Arg.Output a -> slots.add(new Slot(i, a));
                case Arg.Temporary a -> slots.add(new Slot(i, a));
                default -> {}
            }
        }
        return new Step(kernel, l.entry(), dims, global, local, List.copyOf(slots));
    }

    private static void checkGroup(String op, GpuPlan.Launch l, ClDevices.Found found) {
        if (!l.program().headers().isEmpty() || l.dynamicShared() > 0 || l.cooperative()) {
            throw refuse(op, l, "a launch for CUDA alone", "a portable one", found);
        }
        long[] most = ClInfo.numbers(found.device(), CL.CL_DEVICE_MAX_WORK_ITEM_SIZES, 3);
        int items = 1;
        for (int d = 0; d < 3; d++) {
            if (l.local()[d] < 1 || l.local()[d] > most[d]) {
                throw refuse(
                        op,
                        l,
                        "work-group extent " + l.local()[d] + " in dimension " + d,
                        "1 to " + most[d],
                        found);
            }
            items *= l.local()[d];
        }
        if (items > found.traits().maxWorkGroup()) {
            throw refuse(
                    op,
                    l,
                    "work-group of " + items + " items",
                    "at most " + found.traits().maxWorkGroup(),
                    found);
        }
    }

    private static void check(
            String op, GpuPlan.Launch l, cl_kernel kernel, ClDevices.Found found) {
        cl_device_id d = found.device();
        int items = l.local()[0] * l.local()[1] * l.local()[2];
        long most = ClInfo.workGroup(kernel, d, CL.CL_KERNEL_WORK_GROUP_SIZE, 1)[0];
        if (items > most) {
            throw refuse(
                    op,
                    l,
                    "work-group of " + items + " items",
                    "at most " + most + " for this kernel",
                    found);
        }
        long local = ClInfo.workGroup(kernel, d, CL.CL_KERNEL_LOCAL_MEM_SIZE, 1)[0];
        if (local > found.traits().localMemory()) {
            throw refuse(
                    op,
                    l,
                    local + " bytes of local memory",
                    "at most " + found.traits().localMemory(),
                    found);
        }
        long[] sized = ClInfo.workGroup(kernel, d, CL.CL_KERNEL_COMPILE_WORK_GROUP_SIZE, 3);
        if (sized[0] != 0
                && (sized[0] != l.local()[0]
                        || sized[1] != l.local()[1]
                        || sized[2] != l.local()[2])) {
            throw refuse(
                    op,
                    l,
                    "work-group "
                            + String.join(
                                    "x", l.local()[0] + "", l.local()[1] + "", l.local()[2] + ""),
                    "the "
                            + sized[0]
                            + "x"
                            + sized[1]
                            + "x"
                            + sized[2]
                            + " that the source requires",
                    found);
        }
        int arguments = ClInfo.arguments(kernel);
        if (arguments != l.args().size()) {
            throw refuse(
                    op,
                    l,
                    l.args().size() + " arguments",
                    arguments + " as the source declares",
                    found);
        }
    }

    private static OpException refuse(
            String op, GpuPlan.Launch l, String given, String expected, ClDevices.Found f) {
        return new OpException(
                op,
                "launch of " + l.entry() + " in " + l.program().name(),
                given,
                expected + " (" + f.info().id() + ", " + f.info().name() + ")");
    }

    private static void constants(GpuPlan.Launch l, cl_kernel kernel) {
        for (int i = 0; i < l.args().size(); i++) {
            switch (l.args().get(i)) {
                case Arg.Int a ->
                        CL.clSetKernelArg(
                                kernel, i, Sizeof.cl_int, Pointer.to(new int[] {a.value()}));
                case Arg.Float a ->
                        CL.clSetKernelArg(
                                kernel, i, Sizeof.cl_float, Pointer.to(new float[] {a.value()}));
                case Arg.Null a -> CL.clSetKernelArg(kernel, i, Sizeof.cl_mem, null);
                default -> {}
            }
        }
    }

    void release() {
        steps.forEach(s -> CL.clReleaseKernel(s.kernel()));
        steps.clear();
    }
}
