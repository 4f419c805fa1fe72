package io.tatara.kernels.sdpa;

import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.jvm.JvmArray;
import io.tatara.kernels.jvm.JvmContext;
import io.tatara.kernels.jvm.JvmKernel;
import java.util.Arrays;

/**
 * The gradient by blocks (Dao et al. 2022, algorithm 4): a task is a head of keys and values, or a
 * chunk of its keys where there are few heads; it computes the probabilities again, block by block,
 * and owns the sums of its keys and values. Gradients of queries are summed over chunks behind
 * that, in the chunks' order. What is a chunk depends on the shape alone, so the bits do not depend
 * on the number of threads.
 */
final class SdpaGradientBlocksJvm implements JvmKernel<ScaledDotProductAttentionGradient> {
    /** Tasks that there should be at least. */
    private static final int TASKS = 8;

    @Override
    public boolean supports(ScaledDotProductAttentionGradient op, TensorSpec[] in) {
        SdpaShape s = op.shape(in);
        double partial = (double) s.n() * s.h() * s.tq() * s.d() * chunks(s);
        return !SdpaBlocksJvm.few(s) && SdpaBlocksJvm.fits(s) && partial < Integer.MAX_VALUE / 2;
    }

    private static int chunks(SdpaShape s) {
        int heads = Math.max(1, s.n() * s.hkv());
        int wanted = (TASKS + heads - 1) / heads;
        int blocks = (s.tk() + SdpaBlocksJvm.BLOCK - 1) / SdpaBlocksJvm.BLOCK;
        return Math.max(1, Math.min(wanted, blocks));
    }

    @Override
    public void run(
            ScaledDotProductAttentionGradient op, JvmArray[] in, JvmArray[] out, JvmContext ctx) {
        SdpaInputs x = SdpaInputs.of(op.scale(), op.mask(), op.layout(), in);
        SdpaShape s = x.shape();
        if (op.scores()) {
            Arrays.fill(out[3].f(), 0, out[3].size(), 0);
        }
        int chunks = chunks(s);
        int blocks = (s.tk() + SdpaBlocksJvm.BLOCK - 1) / SdpaBlocksJvm.BLOCK;
        int chunk = Math.max(1, (blocks + chunks - 1) / chunks) * SdpaBlocksJvm.BLOCK;
        int size = out[0].size();
        float[] partial = chunks == 1 ? null : ctx.acquire(Math.max(1, chunks * size));
        try {
            ctx.workers()
                    .parallelFor(
                            s.n() * s.hkv() * chunks,
                            1,
                            (from, to) ->
                                    new SdpaGradientBlock(x, in, out, partial, ctx)
                                            .run(from, to, chunks, chunk));
            if (partial != null) {
                ctx.workers()
                        .parallelFor(
                                size,
                                65536,
                                (from, to) -> sum(partial, chunks, size, from, to, out[0].f()));
            }
        } finally {
            if (partial != null) {
                ctx.release(partial);
            }
        }
    }

    private static void sum(float[] parts, int count, int size, int from, int to, float[] y) {
        System.arraycopy(parts, from, y, from, to - from);
        for (int c = 1; c < count; c++) {
            for (int i = from; i < to; i++) {
                y[i] += parts[c * size + i];
            }
        }
    }
}
