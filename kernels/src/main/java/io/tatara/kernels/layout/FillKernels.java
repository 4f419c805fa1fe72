package io.tatara.kernels.layout;

import io.tatara.kernels.DType;
import io.tatara.kernels.RefArray;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuProgram;
import io.tatara.kernels.gpu.GpuTraits;
import io.tatara.kernels.jvm.JvmArray;
import io.tatara.kernels.jvm.JvmContext;
import java.util.Arrays;

/** Reference, JVM and GPU forms of {@link Fill}. */
final class FillKernels {
    private FillKernels() {}

    static void reference(Fill op, RefArray[] in, RefArray[] out) {
        Arrays.fill(out[0].data(), op.value());
    }

    static void jvm(Fill op, JvmArray[] in, JvmArray[] out, JvmContext ctx) {
        JvmArray y = out[0];
        if (y.i() != null) {
            Arrays.fill(y.i(), 0, y.size(), (int) op.value());
        } else {
            Arrays.fill(y.f(), 0, y.size(), (float) op.value());
        }
    }

    static GpuPlan gpu(Fill op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        boolean ints = op.spec().dtype() == DType.INT32;
        int storage = ints ? 0 : GpuProgram.storage(op.spec().dtype());
        GpuProgram program = GpuProgram.resource(Fill.class, "fill.cl", "STORAGE", storage);
        int n = op.spec().size();
        return ints
                ? GpuPlan.builder()
                        .launch1d(program, "fill_int", n, 128, GpuPlan.out(0), n, (int) op.value())
                        .build()
                : GpuPlan.builder()
                        .launch1d(program, "fill", n, 128, GpuPlan.out(0), n, (float) op.value())
                        .build();
    }
}
