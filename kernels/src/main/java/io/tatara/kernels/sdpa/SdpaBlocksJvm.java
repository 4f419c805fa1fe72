package io.tatara.kernels.sdpa;

import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.jvm.JvmArray;
import io.tatara.kernels.jvm.JvmContext;
import io.tatara.kernels.jvm.JvmKernel;
import java.util.Arrays;

/**
 * Attention by blocks with an online softmax (Milakov and Gimelshein 2018; Dao et al. 2022). Keys
 * and values of a head are packed once; a task is some panels of queries of one head, which the
 * blocks of keys pass by. Scores are computed transposed, [keys][queries], so that they are the
 * right operand of the second product as they stand, and maxima and sums are per lane. Hidden
 * blocks are left out; only blocks on the diagonal are masked.
 */
final class SdpaBlocksJvm implements JvmKernel<ScaledDotProductAttention> {
    /** Keys of a block, a multiple of every tile's height. */
    static final int BLOCK = 192;

    /** Panels of queries of a task. */
    static final int PANELS = 4;

    static final float LOG2E = 1.44269504f;
    private static final double LN2 = Math.log(2);

    /** Fewer queries go row by row: a panel would be mostly empty. */
    static boolean few(SdpaShape s) {
        return s.tq() < 5;
    }

    /** Whether what is packed of all heads can be counted in ints. */
    static boolean fits(SdpaShape s) {
        double heads = (double) s.n() * Math.max(s.h(), s.hkv());
        double rows = Math.max(s.tq(), s.tk()) + 2.0 * BLOCK;
        return heads * rows * (s.d() + s.dv() + 32.0) < Integer.MAX_VALUE / 2;
    }

    @Override
    public boolean supports(ScaledDotProductAttention op, TensorSpec[] in) {
        return !few(op.shape(in)) && fits(op.shape(in));
    }

    @Override
    public void run(ScaledDotProductAttention op, JvmArray[] in, JvmArray[] out, JvmContext ctx) {
        SdpaInputs x = SdpaInputs.of(op.scale(), op.mask(), op.layout(), in);
        SdpaShape s = x.shape();
        if (s.n() * s.h() * s.tq() == 0) {
            return;
        }
        PanelMath math = PanelMath.of(ctx);
        int heads = s.n() * s.hkv();
        int rows = SdpaPacking.up(s.tk(), math.mr());
        float[] keys = ctx.acquire(Math.max(1, heads * rows * s.d()));
        float[] values = ctx.acquire(Math.max(1, heads * s.tk() * SdpaPacking.up(s.dv(), 4)));
        try {
            int grain = 1 + 16384 / (1 + s.tk() * (s.d() + s.dv()));
            ctx.workers()
                    .parallelFor(
                            heads,
                            grain,
                            (from, to) -> {
                                for (int i = from; i < to; i++) {
                                    pack(x, math, i, keys, values, ctx);
                                }
                            });
            int queries = PANELS * math.nr();
            int tasks = (s.tq() + queries - 1) / queries;
            ctx.workers()
                    .parallelFor(
                            s.n() * s.h() * tasks,
                            1,
                            (from, to) ->
                                    new SdpaQueryBlock(x, math, keys, values, out, ctx)
                                            .run(from, to, tasks));
        } finally {
            ctx.release(keys);
            ctx.release(values);
        }
    }

    private static void pack(
            SdpaInputs x, PanelMath math, int head, float[] keys, float[] values, JvmContext ctx) {
        SdpaShape s = x.shape();
        int n = head / s.hkv();
        int length = x.length(n);
        int k = s.keyAt(n, head % s.hkv(), s.d());
        int rows = SdpaPacking.up(s.tk(), math.mr());
        SdpaPacking.transposed(
                length,
                s.d(),
                1,
                x.key(),
                k,
                s.keyStep(s.d()),
                math.mr(),
                keys,
                head * rows * s.d(),
                ctx);
        int v = s.keyAt(n, head % s.hkv(), s.dv());
        int whole = SdpaPacking.up(s.dv(), 4);
        int step = s.keyStep(s.dv());
        for (int j = 0; j < length; j += BLOCK) {
            int count = Math.min(BLOCK, length - j);
            int to = (head * s.tk() + j) * whole;
            SdpaPacking.tiles(math, count, s.dv(), x.value(), v + j * step, step, values, to);
        }
    }

    /** Natural logarithm of a sum of powers of two whose largest exponent is m. */
    static float logSumExp(float m, float sum) {
        return sum == 0 ? Float.NEGATIVE_INFINITY : (float) (m * LN2 + Math.log(sum));
    }

    /** Hides from each query of a block of scores what the causal mask hides. */
    static void hide(SdpaInputs x, int n, int i, int j, int rows, int nr, float[] s, float value) {
        if (x.mask() == AttentionMask.NONE) {
            return;
        }
        int shift = x.mask() == AttentionMask.CAUSAL ? 0 : x.length(n) - x.shape().tq();
        for (int r = Math.max(0, shift + i + 1 - j); r < rows; r++) {
            int hidden = Math.min(nr, j + r - shift - i);
            Arrays.fill(s, r * nr, r * nr + hidden, value);
        }
    }

    /** Adds the bias, in units of ln 2, to a block of scores [rows][nr]. */
    static void bias(
            SdpaInputs x, int n, int h, int i, int j, int rows, int queries, int nr, float[] s) {
        if (x.bias() == null) {
            return;
        }
        int at = x.biasAt(n, h, i) + j * x.biasStrides()[3];
        for (int r = 0; r < rows; r++) {
            for (int q = 0; q < queries; q++) {
                s[r * nr + q] +=
                        LOG2E * x.bias()[at + r * x.biasStrides()[3] + q * x.biasStrides()[2]];
            }
        }
    }
}
