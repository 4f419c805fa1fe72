package io.tatara.kernels.matmul;

import io.tatara.kernels.jvm.JvmArray;
import io.tatara.kernels.jvm.JvmContext;
import io.tatara.kernels.jvm.JvmKernel;
import io.tatara.kernels.jvm.Lanes;
import io.tatara.kernels.pointwise.Activation;
import io.tatara.kernels.pointwise.BinaryOp;

/**
 * {@link MatMul} on Java arrays: {@link Sgemm} with the epilogue applied to each part of the result
 * while it is in cache. Weights (inputs with a pack cache) are packed once.
 */
final class MatMulVector implements JvmKernel<MatMul> {
    /** Multiplications of one matrix from which on threads share it rather than the batch. */
    private static final long LARGE = 1 << 22;

    @Override
    public void run(MatMul op, JvmArray[] in, JvmArray[] out, JvmContext ctx) {
        MatMulShape s = MatMulShape.of(op, specs(in), out[0].spec());
        int count = s.batch().count();
        if (count == 0 || s.m() == 0 || s.n() == 0) {
            return;
        }
        long work = (long) s.m() * s.n() * s.k();
        if (count == 1 || work >= LARGE) {
            for (int z = 0; z < count; z++) {
                one(op, s, z, in, out[0].f(), ctx);
            }
        } else {
            int grain = (int) Math.max(1, Math.min(count, Blocking.SERIAL / Math.max(1, work)));
            ctx.workers()
                    .parallelFor(
                            count,
                            grain,
                            (from, to) -> {
                                for (int z = from; z < to; z++) {
                                    one(op, s, z, in, out[0].f(), ctx);
                                }
                            });
        }
    }

    private static io.tatara.kernels.TensorSpec[] specs(JvmArray[] in) {
        return new io.tatara.kernels.TensorSpec[] {in[0].spec(), in[1].spec()};
    }

    private static void one(
            MatMul op, MatMulShape s, int z, JvmArray[] in, float[] c, JvmContext ctx) {
        int co = z * s.m() * s.n();
        JvmArray bias = MatMul.optional(in, 2);
        JvmArray residual = MatMul.optional(in, 3);
        Activation f = op.epilogue().activation();
        Sgemm.Tail tail =
                bias == null && residual == null && f == Activation.NONE
                        ? null
                        : new Finish(f, array(bias), array(residual), c, co, s.n(), ctx);
        float[] a = in[0].f();
        float[] b = in[1].f();
        int ao = s.batch().offsetA(z);
        int bo = s.batch().offsetB(z);
        boolean ta = op.transposeA();
        boolean tb = op.transposeB();
        boolean weight = in[1].packs() != null && in[1].size() == s.k() * s.n() && s.k() > 0;
        if (weight) {
            PackedMatrix.Key key = PackedMatrix.Key.of(tb, s.n(), s.k(), bo, s.ldb(), ctx);
            PackedMatrix p =
                    in[1].packs()
                            .get(key, () -> Sgemm.packB(tb, s.n(), s.k(), b, bo, s.ldb(), ctx));
            Sgemm.runPacked(ta, s.m(), a, ao, s.lda(), p, 0, c, co, s.n(), tail, ctx);
        } else {
            Sgemm.run(
                    ta, tb, s.m(), s.n(), s.k(), a, ao, s.lda(), b, bo, s.ldb(), 0, c, co, s.n(),
                    tail, ctx);
        }
    }

    private static float[] array(JvmArray a) {
        return a == null ? null : a.f();
    }

    /** Bias, activation and residual for a part of C. */
    private record Finish(
            Activation activation,
            float[] bias,
            float[] residual,
            float[] c,
            int co,
            int n,
            JvmContext ctx)
            implements Sgemm.Tail {
        @Override
        public void apply(int rowFrom, int rowTo, int columnFrom, int columnTo) {
            int width = columnTo - columnFrom;
            if (bias == null && width == n) {
                run(co + rowFrom * n, 0, (rowTo - rowFrom) * n);
                return;
            }
            for (int i = rowFrom; i < rowTo; i++) {
                run(co + i * n + columnFrom, columnFrom, width);
            }
        }

        private void run(int at, int column, int count) {
            Lanes lanes = ctx.lanes();
            if (bias != null) {
                lanes.binary(BinaryOp.ADD, c, at, bias, column, c, at, count);
            }
            Activations.apply(activation, c, at, count, ctx);
            if (residual != null) {
                lanes.binary(BinaryOp.ADD, c, at, residual, at, c, at, count);
            }
        }
    }
}
