package io.tatara.tornado.cuda;

import io.tatara.tornado.kernels.Products;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.enums.MMAShape;
import uk.ac.manchester.tornado.api.types.HalfFloat;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Products of 16-bit matrices with float32 sums, with the arguments of {@link Products}: the places
 * of a and b are words of the int32 heap, that of c is a padded matrix of float32, ⌈m⌉ × ⌈n⌉ for
 * each of the batch, both rounded up to {@link #TILE}, from which {@link #finishProduct} takes what
 * there is.
 *
 * <p>A group of 128 items, four warps, computes a tile of 64 x 64, a warp 32 x 32 of it as 2 x 4
 * products of 16 x 16 by 16 x 8 (mma.sync m16n8k16). Slices 16 deep pass through local memory, two
 * numbers a word: a's along k, rows behind one another; b's along n, blocks of 16 x 8 behind one
 * another. Zeros stand beyond the edges.
 *
 * <p>The two methods differ in the type alone: TornadoVM's fragments pass through no method of
 * ours. Not run on a GPU yet, not measured.
 */
public final class MatrixUnits {
    /** Rows and columns of a tile. */
    public static final int TILE = 64;

    /** Items of a group. */
    public static final int GROUP = 128;

    /** Index of the padded matrix's place among the arguments of {@link #finishProduct}. */
    public static final int SCRATCH = 34;

    private MatrixUnits() {}

    /** Numbers i and i + step behind the word at, the first in the low half; absent ones are 0. */
    static int pair(IntArray g, int at, int i, int step, int present) {
        int word = 0;
        if (present > 0) {
            word = (g.get(at + (i >> 1)) >> ((i & 1) << 4)) & 0xffff;
            if (present > 1) {
                int j = i + step;
                int next = (g.get(at + (j >> 1)) >> ((j & 1) << 4)) & 0xffff;
                word = word | (next << 16);
            }
        }
        return word;
    }

    /** How many of two numbers from i on are within an end. */
    static int within(int i, int end) {
        int left = end - i;
        if (left > 2) {
            left = 2;
        }
        return left;
    }

    /** Bias, activation, residual; an item an element. */
    public static void finishProduct(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int m = a.get(15);
        int n = a.get(16);
        int at = c.globalIdx;
        int z = at / (m * n);
        if (z < a.get(18)) {
            int rest = at - z * m * n;
            int row = rest / n;
            int column = rest - row * n;
            int rows = (m + TILE - 1) / TILE * TILE;
            int columns = (n + TILE - 1) / TILE * TILE;
            float sum = h.get(a.get(SCRATCH) + (z * rows + row) * columns + column);
            Products.finish(a, h, z, row, column, sum);
        }
    }

    /** float16. Groups along x (columns), y (rows), z (batch). */
    public static void mmaFloat16(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int[] at = c.allocateIntLocalArray(512);
        int[] bt = c.allocateIntLocalArray(512);
        int m = a.get(15);
        int n = a.get(16);
        int k = a.get(17);
        int z = c.groupIdz;
        int id = c.localIdx;
        int warp = id / 32;
        int row0 = c.groupIdy * TILE;
        int column0 = c.groupIdx * TILE;
        int pa = a.get(1) + Products.batchOffset(a, z, 22);
        int pb = a.get(5) + Products.batchOffset(a, z, 26);
        float[] s00 = c.mmaFragment(0.0f);
        float[] s01 = c.mmaFragment(0.0f);
        float[] s02 = c.mmaFragment(0.0f);
        float[] s03 = c.mmaFragment(0.0f);
        float[] s10 = c.mmaFragment(0.0f);
        float[] s11 = c.mmaFragment(0.0f);
        float[] s12 = c.mmaFragment(0.0f);
        float[] s13 = c.mmaFragment(0.0f);
        for (int p0 = 0; p0 < k; p0 = p0 + 16) {
            for (int e = id; e < 512; e = e + GROUP) {
                int r = row0 + e / 8;
                int p = p0 + e % 8 * 2;
                int present = r < m ? within(p, k) : 0;
                at[e] = pair(g, a.get(0), pa + r * a.get(2) + p * a.get(3), a.get(3), present);
            }
            for (int e = id; e < 512; e = e + GROUP) {
                int p = p0 + e % 64 / 4;
                int q = column0 + e / 64 * 8 + e % 4 * 2;
                int present = p < k ? within(q, n) : 0;
                bt[e] = pair(g, a.get(4), pb + p * a.get(6) + q * a.get(7), a.get(7), present);
            }
            c.localBarrier();
            int rows = warp / 2 * 1024;
            int block = warp % 2 * 1024;
            HalfFloat[] a0 = c.mmaLoadA(at, 16, rows);
            HalfFloat[] a1 = c.mmaLoadA(at, 16, rows + 512);
            HalfFloat[] b0 = c.mmaLoadB(bt, 16, block);
            HalfFloat[] b1 = c.mmaLoadB(bt, 16, block + 256);
            HalfFloat[] b2 = c.mmaLoadB(bt, 16, block + 512);
            HalfFloat[] b3 = c.mmaLoadB(bt, 16, block + 768);
            s00 = c.mma(a0, b0, s00, MMAShape.M16N8K16);
            s01 = c.mma(a0, b1, s01, MMAShape.M16N8K16);
            s02 = c.mma(a0, b2, s02, MMAShape.M16N8K16);
            s03 = c.mma(a0, b3, s03, MMAShape.M16N8K16);
            s10 = c.mma(a1, b0, s10, MMAShape.M16N8K16);
            s11 = c.mma(a1, b1, s11, MMAShape.M16N8K16);
            s12 = c.mma(a1, b2, s12, MMAShape.M16N8K16);
            s13 = c.mma(a1, b3, s13, MMAShape.M16N8K16);
            c.localBarrier();
        }
        int columns = (n + TILE - 1) / TILE * TILE;
        int row = z * ((m + TILE - 1) / TILE * TILE) + row0 + warp / 2 * 32;
        int column = a.get(8) + column0 + warp % 2 * 32;
        c.mmaStore(s00, h, row, column, columns);
        c.mmaStore(s01, h, row, column + 8, columns);
        c.mmaStore(s02, h, row, column + 16, columns);
        c.mmaStore(s03, h, row, column + 24, columns);
        c.mmaStore(s10, h, row + 16, column, columns);
        c.mmaStore(s11, h, row + 16, column + 8, columns);
        c.mmaStore(s12, h, row + 16, column + 16, columns);
        c.mmaStore(s13, h, row + 16, column + 24, columns);
    }

    /** bfloat16. Groups along x (columns), y (rows), z (batch). */
    public static void mmaBfloat16(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int[] at = c.allocateIntLocalArray(512);
        int[] bt = c.allocateIntLocalArray(512);
        int m = a.get(15);
        int n = a.get(16);
        int k = a.get(17);
        int z = c.groupIdz;
        int id = c.localIdx;
        int warp = id / 32;
        int row0 = c.groupIdy * TILE;
        int column0 = c.groupIdx * TILE;
        int pa = a.get(1) + Products.batchOffset(a, z, 22);
        int pb = a.get(5) + Products.batchOffset(a, z, 26);
        float[] s00 = c.mmaFragment(0.0f);
        float[] s01 = c.mmaFragment(0.0f);
        float[] s02 = c.mmaFragment(0.0f);
        float[] s03 = c.mmaFragment(0.0f);
        float[] s10 = c.mmaFragment(0.0f);
        float[] s11 = c.mmaFragment(0.0f);
        float[] s12 = c.mmaFragment(0.0f);
        float[] s13 = c.mmaFragment(0.0f);
        for (int p0 = 0; p0 < k; p0 = p0 + 16) {
            for (int e = id; e < 512; e = e + GROUP) {
                int r = row0 + e / 8;
                int p = p0 + e % 8 * 2;
                int present = r < m ? within(p, k) : 0;
                at[e] = pair(g, a.get(0), pa + r * a.get(2) + p * a.get(3), a.get(3), present);
            }
            for (int e = id; e < 512; e = e + GROUP) {
                int p = p0 + e % 64 / 4;
                int q = column0 + e / 64 * 8 + e % 4 * 2;
                int present = p < k ? within(q, n) : 0;
                bt[e] = pair(g, a.get(4), pb + p * a.get(6) + q * a.get(7), a.get(7), present);
            }
            c.localBarrier();
            int rows = warp / 2 * 1024;
            int block = warp % 2 * 1024;
            HalfFloat[] a0 = c.mmaLoadA(at, 16, rows);
            HalfFloat[] a1 = c.mmaLoadA(at, 16, rows + 512);
            HalfFloat[] b0 = c.mmaLoadB(bt, 16, block);
            HalfFloat[] b1 = c.mmaLoadB(bt, 16, block + 256);
            HalfFloat[] b2 = c.mmaLoadB(bt, 16, block + 512);
            HalfFloat[] b3 = c.mmaLoadB(bt, 16, block + 768);
            s00 = c.mmaBF16(a0, b0, s00, MMAShape.M16N8K16);
            s01 = c.mmaBF16(a0, b1, s01, MMAShape.M16N8K16);
            s02 = c.mmaBF16(a0, b2, s02, MMAShape.M16N8K16);
            s03 = c.mmaBF16(a0, b3, s03, MMAShape.M16N8K16);
            s10 = c.mmaBF16(a1, b0, s10, MMAShape.M16N8K16);
            s11 = c.mmaBF16(a1, b1, s11, MMAShape.M16N8K16);
            s12 = c.mmaBF16(a1, b2, s12, MMAShape.M16N8K16);
            s13 = c.mmaBF16(a1, b3, s13, MMAShape.M16N8K16);
            c.localBarrier();
        }
        int columns = (n + TILE - 1) / TILE * TILE;
        int row = z * ((m + TILE - 1) / TILE * TILE) + row0 + warp / 2 * 32;
        int column = a.get(8) + column0 + warp % 2 * 32;
        c.mmaStore(s00, h, row, column, columns);
        c.mmaStore(s01, h, row, column + 8, columns);
        c.mmaStore(s02, h, row, column + 16, columns);
        c.mmaStore(s03, h, row, column + 24, columns);
        c.mmaStore(s10, h, row + 16, column, columns);
        c.mmaStore(s11, h, row + 16, column + 8, columns);
        c.mmaStore(s12, h, row + 16, column + 16, columns);
        c.mmaStore(s13, h, row + 16, column + 24, columns);
    }
}
