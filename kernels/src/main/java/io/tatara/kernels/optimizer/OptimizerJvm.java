package io.tatara.kernels.optimizer;

import io.tatara.kernels.jvm.JvmArray;
import io.tatara.kernels.jvm.JvmContext;
import io.tatara.kernels.jvm.Lanes;
import io.tatara.kernels.pointwise.BinaryOp;
import io.tatara.kernels.pointwise.UnaryOp;

/**
 * The ops of this room on Java arrays. Blocks stay in the first-level cache through the few passes
 * that a step is made of, so main memory is read and written once.
 */
final class OptimizerJvm {
    private static final int BLOCK = 1024;

    private OptimizerJvm() {}

    /** Elements [at, at + n) of one tensor, with scratch of two blocks' length. */
    @FunctionalInterface
    private interface Block {
        void run(Lanes lanes, int tensor, int at, int n, float[] scratch);
    }

    private static void forBlocks(JvmArray[] in, int tensors, JvmContext ctx, Block body) {
        TensorLists.forEach(
                in,
                1,
                tensors,
                ctx,
                (piece, tensor, from, n) -> {
                    float[] scratch = ctx.acquire(2 * BLOCK);
                    try {
                        for (int i = 0; i < n; i += BLOCK) {
                            body.run(
                                    ctx.lanes(), tensor, from + i, Math.min(BLOCK, n - i), scratch);
                        }
                    } finally {
                        ctx.release(scratch);
                    }
                });
    }

    /** A gradient scale that skips the step. */
    private static boolean skips(float scale) {
        return scale == Float.POSITIVE_INFINITY;
    }

    static void sgd(Sgd op, JvmArray[] in, JvmArray[] out, JvmContext ctx) {
        float rate = in[0].f()[0];
        float scale = in[0].f()[1];
        int k = op.tensors();
        if (skips(scale)) {
            return;
        }
        forBlocks(
                in,
                k,
                ctx,
                (lanes, j, at, n, d) -> {
                    float[] p = in[1 + j].f();
                    lanes.binaryScalar(BinaryOp.MUL, in[1 + k + j].f(), at, scale, d, 0, n);
                    if (op.weightDecay() > 0) {
                        lanes.axpy(op.weightDecay(), p, at, d, 0, n);
                    }
                    if (!op.hasMomentum()) {
                        lanes.axpy(-rate, d, 0, p, at, n);
                        return;
                    }
                    float[] m = in[1 + 2 * k + j].f();
                    lanes.binaryScalar(BinaryOp.MUL, m, at, op.momentum(), m, at, n);
                    lanes.binary(BinaryOp.ADD, m, at, d, 0, m, at, n);
                    if (op.nesterov()) {
                        lanes.axpy(op.momentum(), m, at, d, 0, n);
                        lanes.axpy(-rate, d, 0, p, at, n);
                    } else {
                        lanes.axpy(-rate, m, at, p, at, n);
                    }
                });
    }

    static void adam(Adam op, JvmArray[] in, JvmArray[] out, JvmContext ctx) {
        float[] hyper = in[0].f();
        float rate = hyper[0];
        float scale = hyper[1];
        float c1 = hyper[2];
        float c2 = hyper[3];
        int k = op.tensors();
        if (skips(scale)) {
            return;
        }
        forBlocks(
                in,
                k,
                ctx,
                (lanes, j, at, n, t) ->
                        adam(
                                op,
                                rate,
                                scale,
                                c1,
                                c2,
                                in[1 + j].f(),
                                in[1 + k + j].f(),
                                in[1 + 2 * k + j].f(),
                                in[1 + 3 * k + j].f(),
                                at,
                                at + n));
    }

    /** One loop, which the compiler turns into vectors by itself: all arrays run alike. */
    private static void adam(
            Adam op,
            float rate,
            float scale,
            float c1,
            float c2,
            float[] p,
            float[] g,
            float[] m,
            float[] v,
            int from,
            int to) {
        float beta1 = op.beta1();
        float beta2 = op.beta2();
        float rest1 = 1 - beta1;
        float rest2 = 1 - beta2;
        float epsilon = op.epsilon();
        float penalty = op.penalty();
        float decay = rate * op.decay();
        float step = rate * c1;
        for (int i = from; i < to; i++) {
            float d = g[i] * scale + penalty * p[i];
            float a = beta1 * m[i] + rest1 * d;
            float b = beta2 * v[i] + rest2 * (d * d);
            m[i] = a;
            v[i] = b;
            p[i] = p[i] - decay * p[i] - step * (a / ((float) Math.sqrt(b * c2) + epsilon));
        }
    }

    static void adagrad(Adagrad op, JvmArray[] in, JvmArray[] out, JvmContext ctx) {
        float rate = in[0].f()[0];
        float scale = in[0].f()[1];
        int k = op.tensors();
        if (skips(scale)) {
            return;
        }
        forBlocks(
                in,
                k,
                ctx,
                (lanes, j, at, n, d) -> {
                    float[] p = in[1 + j].f();
                    float[] s = in[1 + 2 * k + j].f();
                    gradient(lanes, in[1 + k + j].f(), p, at, n, scale, op.weightDecay(), d);
                    lanes.fma(d, 0, d, 0, s, at, s, at, n);
                    lanes.unary(UnaryOp.SQRT, s, at, d, BLOCK, n);
                    divide(lanes, d, op.epsilon(), n);
                    lanes.axpy(-rate, d, 0, p, at, n);
                });
    }

    /** d = scale g + decay p. */
    private static void gradient(
            Lanes lanes, float[] g, float[] p, int at, int n, float scale, float decay, float[] d) {
        lanes.binaryScalar(BinaryOp.MUL, g, at, scale, d, 0, n);
        if (decay > 0) {
            lanes.axpy(decay, p, at, d, 0, n);
        }
    }

    /** The first block of d over the second plus epsilon. */
    private static void divide(Lanes lanes, float[] d, float epsilon, int n) {
        lanes.binaryScalar(BinaryOp.ADD, d, BLOCK, epsilon, d, BLOCK, n);
        lanes.binary(BinaryOp.DIV, d, 0, d, BLOCK, d, 0, n);
    }

    static void rmsProp(RmsProp op, JvmArray[] in, JvmArray[] out, JvmContext ctx) {
        float rate = in[0].f()[0];
        float scale = in[0].f()[1];
        int k = op.tensors();
        if (skips(scale)) {
            return;
        }
        forBlocks(
                in,
                k,
                ctx,
                (lanes, j, at, n, d) -> {
                    float[] p = in[1 + j].f();
                    float[] v = in[1 + 2 * k + j].f();
                    gradient(lanes, in[1 + k + j].f(), p, at, n, scale, op.weightDecay(), d);
                    lanes.unary(UnaryOp.SQUARE, d, 0, d, BLOCK, n);
                    lanes.binaryScalar(BinaryOp.MUL, v, at, op.alpha(), v, at, n);
                    lanes.axpy(1 - op.alpha(), d, BLOCK, v, at, n);
                    if (op.centered()) {
                        float[] a = in[1 + 3 * k + j].f();
                        lanes.binaryScalar(BinaryOp.MUL, a, at, op.alpha(), a, at, n);
                        lanes.axpy(1 - op.alpha(), d, 0, a, at, n);
                        lanes.unary(UnaryOp.SQUARE, a, at, d, BLOCK, n);
                        lanes.binary(BinaryOp.SUB, v, at, d, BLOCK, d, BLOCK, n);
                        lanes.binaryScalar(BinaryOp.MAX, d, BLOCK, 0, d, BLOCK, n);
                        lanes.unary(UnaryOp.SQRT, d, BLOCK, d, BLOCK, n);
                    } else {
                        lanes.unary(UnaryOp.SQRT, v, at, d, BLOCK, n);
                    }
                    divide(lanes, d, op.epsilon(), n);
                    if (op.hasMomentum()) {
                        float[] m = in[op.velocities() + j].f();
                        lanes.binaryScalar(BinaryOp.MUL, m, at, op.momentum(), m, at, n);
                        lanes.binary(BinaryOp.ADD, m, at, d, 0, m, at, n);
                        lanes.axpy(-rate, m, at, p, at, n);
                    } else {
                        lanes.axpy(-rate, d, 0, p, at, n);
                    }
                });
    }

    static void lossScale(LossScale op, JvmArray[] in, JvmArray[] out, JvmContext ctx) {
        float norm = in[0].f()[0];
        float[] state = in[1].f();
        float scale = state[0];
        boolean finite = Float.isFinite(norm);
        float step = Float.POSITIVE_INFINITY;
        float good = finite ? state[1] + 1 : 0;
        if (finite) {
            step = 1 / scale;
            if (op.maxNorm() > 0) {
                step *= Math.min(1, op.maxNorm() / (norm / scale + 1e-6f));
            }
            if (good >= op.interval()) {
                good = 0;
                scale = Math.min(scale * op.growth(), Math.max(scale, LossScale.MOST));
            }
        } else {
            scale = Math.max(scale * op.backoff(), Math.min(scale, LossScale.LEAST));
        }
        float[] after = out[0].f();
        after[0] = scale;
        after[1] = Math.min(good, LossScale.MOST);
        after[2] = Math.min(state[2] + (finite ? 1 : 0), LossScale.MOST);
        after[3] = Math.min(state[3] + (finite ? 0 : 1), LossScale.MOST);
        out[1].f()[0] = step;
    }

    static void globalNorm(GlobalNorm op, JvmArray[] in, JvmArray[] out, JvmContext ctx) {
        double[] sums = new double[TensorLists.pieces(in, 0, op.tensors())];
        TensorLists.forEach(
                in,
                0,
                op.tensors(),
                ctx,
                (piece, j, from, n) -> {
                    double s = 0;
                    for (int i = 0; i < n; i += BLOCK) {
                        int count = Math.min(BLOCK, n - i);
                        s += ctx.lanes().dot(in[j].f(), from + i, in[j].f(), from + i, count);
                    }
                    sums[piece] = s;
                });
        double total = 0;
        for (double s : sums) {
            total += s;
        }
        out[0].f()[0] = (float) Math.sqrt(total);
    }

    static void clipScale(ClipScale op, JvmArray[] in, JvmArray[] out, JvmContext ctx) {
        out[0].f()[0] = Math.min(1f, op.maxNorm() / (in[0].f()[0] + 1e-6f));
    }

    static void scaleAll(ScaleAll op, JvmArray[] in, JvmArray[] out, JvmContext ctx) {
        float scale = in[0].f()[0];
        TensorLists.forEach(
                in,
                1,
                op.tensors(),
                ctx,
                (piece, j, from, n) -> {
                    float[] g = in[1 + j].f();
                    ctx.lanes().binaryScalar(BinaryOp.MUL, g, from, scale, g, from, n);
                });
    }
}
