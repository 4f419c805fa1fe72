package io.tatara.kernels.embedding;

import io.tatara.kernels.RefArray;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuTraits;
import io.tatara.kernels.jvm.JvmArray;
import io.tatara.kernels.jvm.JvmContext;
import io.tatara.kernels.layout.RowGather;
import io.tatara.kernels.layout.RowScatter;

/**
 * Reference, JVM and GPU forms of {@link Embedding} and its gradient: rows gathered and summed by
 * id.
 */
final class EmbeddingKernels {
    private EmbeddingKernels() {}

    static void reference(Embedding op, RefArray[] in, RefArray[] out) {
        int v = in[0].shape().dim(0);
        int d = in[0].shape().dim(1);
        for (int p = 0; p < in[1].data().length; p++) {
            int id = (int) in[1].data()[p];
            for (int c = 0; c < d; c++) {
                out[0].data()[p * d + c] =
                        id >= 0 && id < v ? in[0].data()[id * d + c] : Double.NaN;
            }
        }
    }

    static void gradientReference(EmbeddingGradient op, RefArray[] in, RefArray[] out) {
        int d = out[0].shape().dim(1);
        for (int p = 0; p < in[0].data().length; p++) {
            int id = (int) in[0].data()[p];
            if (id < 0 || id >= op.vocabulary() || id == op.paddingIndex()) {
                continue;
            }
            for (int c = 0; c < d; c++) {
                out[0].data()[id * d + c] += in[1].data()[p * d + c];
            }
        }
    }

    static void jvm(Embedding op, JvmArray[] in, JvmArray[] out, JvmContext ctx) {
        int v = in[0].spec().shape().dim(0);
        int d = in[0].spec().shape().dim(1);
        RowGather.jvm(in[0], in[1].i(), out[0], 1, v, in[1].size(), d, ctx.workers());
    }

    static GpuPlan gpu(Embedding op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        int v = in[0].shape().dim(0);
        int d = in[0].shape().dim(1);
        return RowGather.gpu(
                GpuPlan.in(0),
                GpuPlan.in(1),
                GpuPlan.out(0),
                in[0].dtype(),
                1,
                v,
                in[1].size(),
                d,
                traits);
    }

    static void gradientJvm(EmbeddingGradient op, JvmArray[] in, JvmArray[] out, JvmContext ctx) {
        int d = out[0].spec().shape().dim(1);
        RowScatter.jvm(
                in[0].i(),
                in[0].size(),
                op.paddingIndex(),
                in[1].f(),
                out[0].f(),
                1,
                op.vocabulary(),
                d,
                ctx);
    }

    static GpuPlan gradientGpu(
            EmbeddingGradient op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        int d = out[0].shape().dim(1);
        return RowScatter.gpu(
                GpuPlan.in(0),
                GpuPlan.in(1),
                GpuPlan.out(0),
                in[1].dtype(),
                in[0].size(),
                op.paddingIndex(),
                1,
                op.vocabulary(),
                d,
                traits);
    }
}
