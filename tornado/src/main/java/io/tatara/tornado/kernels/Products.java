package io.tatara.tornado.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Matrix products C = activation(A · B + bias) + residual of strided, batched operands, with the
 * arguments of {@code matmul.cl}: a, ao, ars, acs, b, bo, brs, bcs, c, co, ldc, cbs, bias,
 * residual, ro, m, n, k, nb, e1, e2, e3, sa0 … sa3, sb0 … sb3, ACTIVATION, ACCUMULATE, TA, TB.
 *
 * <p>{@link #matmulTiled}: groups of 256 items compute tiles of 64 x 64, slices 16 deep pass
 * through local memory, an item holds 4 x 4 sums in registers. {@link #matmulSkinny}: at most 8
 * rows, bound by reading B. {@link #matmulSimple}: an item an element.
 */
public final class Products {
    /** Rows and columns of a tile. */
    public static final int TILE = 64;

    private Products() {}

    /** Where the matrix z of the batch begins; first: index of the strides. */
    public static int batchOffset(IntArray a, int z, int first) {
        int e3 = a.get(21);
        int e2 = a.get(20);
        int e1 = a.get(19);
        int r3 = z / e3;
        int r2 = r3 / e2;
        int r1 = r2 / e1;
        return r1 * a.get(first)
                + (r2 - r1 * e1) * a.get(first + 1)
                + (r3 - r2 * e2) * a.get(first + 2)
                + (z - r3 * e3) * a.get(first + 3);
    }

    /** Bias, activation, residual and the old value, then the store. */
    public static void finish(IntArray a, FloatArray h, int z, int row, int column, float sum) {
        int n = a.get(16);
        int at = a.get(8) + a.get(9) + z * a.get(11) + row * a.get(10) + column;
        int bias = a.get(12);
        int residual = a.get(13);
        float v = sum;
        if (bias >= 0) {
            v = v + h.get(bias + column);
        }
        v = Fn.activate(a.get(30), v);
        if (residual >= 0) {
            v = v + h.get(residual + a.get(14) + (z * a.get(15) + row) * n + column);
        }
        if (a.get(31) == 1) {
            v = v + h.get(at);
        }
        h.set(at, v);
    }

    /** An item an element. */
    public static void matmulSimple(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int m = a.get(15);
        int n = a.get(16);
        int k = a.get(17);
        int at = c.globalIdx;
        int z = at / (m * n);
        if (z < a.get(18)) {
            int rest = at - z * m * n;
            int row = rest / n;
            int column = rest - row * n;
            int acs = a.get(3);
            int brs = a.get(6);
            int pa = a.get(0) + a.get(1) + batchOffset(a, z, 22) + row * a.get(2);
            int pb = a.get(4) + a.get(5) + batchOffset(a, z, 26) + column * a.get(7);
            float s = 0.0f;
            for (int p = 0; p < k; p++) {
                s = s + h.get(pa + p * acs) * h.get(pb + p * brs);
            }
            finish(a, h, z, row, column, s);
        }
    }

    /** m ≤ 8: a group takes 32 columns (8 where B runs along k) and splits k among its items. */
    public static void matmulSkinny(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        float[] part = c.allocateFloatLocalArray(2048);
        int m = a.get(15);
        int n = a.get(16);
        int k = a.get(17);
        int nb = a.get(18);
        int tb = a.get(33);
        int ars = a.get(2);
        int acs = a.get(3);
        int brs = a.get(6);
        int id = c.localIdx;
        int columns = 32;
        int slices = 8;
        if (tb == 1) {
            columns = 8;
            slices = 32;
        }
        int q = id % columns;
        int slice = id / columns;
        if (tb == 1) {
            q = id / slices;
            slice = id % slices;
        }
        int column = c.groupIdx * columns + q;
        int zs = c.globalGroupSizeZ;
        for (int z = c.groupIdz; z < nb; z = z + zs) {
            int pa = a.get(0) + a.get(1) + batchOffset(a, z, 22);
            int pb = a.get(4) + a.get(5) + batchOffset(a, z, 26) + column * a.get(7);
            for (int i = 0; i < m; i++) {
                float s = 0.0f;
                if (column < n) {
                    for (int p = slice; p < k; p = p + slices) {
                        s = s + h.get(pa + i * ars + p * acs) * h.get(pb + p * brs);
                    }
                }
                part[(i * columns + q) * slices + slice] = s;
            }
            c.localBarrier();
            for (int e = id; e < m * columns; e = e + 256) {
                int row = e / columns;
                int out = c.groupIdx * columns + e - row * columns;
                float s = 0.0f;
                for (int t = 0; t < slices; t++) {
                    s = s + part[e * slices + t];
                }
                if (out < n) {
                    finish(a, h, z, row, out, s);
                }
            }
            c.localBarrier();
        }
    }

    /** Groups of 256 along x (columns), y (rows), z (batch). */
    public static void matmulTiled(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        float[] at = c.allocateFloatLocalArray(1040);
        float[] bt = c.allocateFloatLocalArray(1040);
        int m = a.get(15);
        int n = a.get(16);
        int k = a.get(17);
        int nb = a.get(18);
        int ta = a.get(32);
        int tb = a.get(33);
        int ars = a.get(2);
        int acs = a.get(3);
        int brs = a.get(6);
        int bcs = a.get(7);
        int id = c.localIdx;
        int tx = id % 16;
        int ty = id / 16;
        int column0 = c.groupIdx * TILE;
        int row0 = c.groupIdy * TILE;
        int zs = c.globalGroupSizeZ;
        for (int z = c.groupIdz; z < nb; z = z + zs) {
            int pa = a.get(0) + a.get(1) + batchOffset(a, z, 22);
            int pb = a.get(4) + a.get(5) + batchOffset(a, z, 26);
            float s00 = 0.0f;
            float s01 = 0.0f;
            float s02 = 0.0f;
            float s03 = 0.0f;
            float s10 = 0.0f;
            float s11 = 0.0f;
            float s12 = 0.0f;
            float s13 = 0.0f;
            float s20 = 0.0f;
            float s21 = 0.0f;
            float s22 = 0.0f;
            float s23 = 0.0f;
            float s30 = 0.0f;
            float s31 = 0.0f;
            float s32 = 0.0f;
            float s33 = 0.0f;
            for (int p0 = 0; p0 < k; p0 = p0 + 16) {
                for (int e = id; e < 1024; e = e + 256) {
                    int r = e / 16;
                    int p = e % 16;
                    if (ta == 1) {
                        r = e % TILE;
                        p = e / TILE;
                    }
                    float v = 0.0f;
                    if (row0 + r < m && p0 + p < k) {
                        v = h.get(pa + (row0 + r) * ars + (p0 + p) * acs);
                    }
                    at[p * 65 + r] = v;
                }
                for (int e = id; e < 1024; e = e + 256) {
                    int q = e % TILE;
                    int p = e / TILE;
                    if (tb == 1) {
                        q = e / 16;
                        p = e % 16;
                    }
                    float v = 0.0f;
                    if (column0 + q < n && p0 + p < k) {
                        v = h.get(pb + (p0 + p) * brs + (column0 + q) * bcs);
                    }
                    bt[p * 65 + q] = v;
                }
                c.localBarrier();
                for (int p = 0; p < 16; p++) {
                    float x0 = at[p * 65 + ty];
                    float x1 = at[p * 65 + ty + 16];
                    float x2 = at[p * 65 + ty + 32];
                    float x3 = at[p * 65 + ty + 48];
                    float y0 = bt[p * 65 + tx];
                    float y1 = bt[p * 65 + tx + 16];
                    float y2 = bt[p * 65 + tx + 32];
                    float y3 = bt[p * 65 + tx + 48];
                    s00 = s00 + x0 * y0;
                    s01 = s01 + x0 * y1;
                    s02 = s02 + x0 * y2;
                    s03 = s03 + x0 * y3;
                    s10 = s10 + x1 * y0;
                    s11 = s11 + x1 * y1;
                    s12 = s12 + x1 * y2;
                    s13 = s13 + x1 * y3;
                    s20 = s20 + x2 * y0;
                    s21 = s21 + x2 * y1;
                    s22 = s22 + x2 * y2;
                    s23 = s23 + x2 * y3;
                    s30 = s30 + x3 * y0;
                    s31 = s31 + x3 * y1;
                    s32 = s32 + x3 * y2;
                    s33 = s33 + x3 * y3;
                }
                c.localBarrier();
            }
            for (int e = 0; e < 16; e++) {
                int i = e / 4;
                int j = e - 4 * i;
                float u = s00;
                float v = s10;
                float w = s20;
                float t = s30;
                if (j == 1) {
                    u = s01;
                    v = s11;
                    w = s21;
                    t = s31;
                } else if (j == 2) {
                    u = s02;
                    v = s12;
                    w = s22;
                    t = s32;
                } else if (j == 3) {
                    u = s03;
                    v = s13;
                    w = s23;
                    t = s33;
                }
                float s = u;
                if (i == 1) {
                    s = v;
                } else if (i == 2) {
                    s = w;
                } else if (i == 3) {
                    s = t;
                }
                int row = row0 + ty + i * 16;
                int column = column0 + tx + j * 16;
                if (row < m && column < n) {
                    finish(a, h, z, row, column, s);
                }
            }
        }
    }

    /**
     * s, dy, dz, n, ACTIVATION: dz = dy · f'; s is f's result where that tells f', else its
     * argument.
     */
    public static void activationGradient(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int i = c.globalIdx;
        if (i < a.get(3)) {
            int kind = a.get(4);
            float d = 1.0f;
            if (kind > 0) {
                d = Fn.slope(kind, h.get(a.get(0) + i));
            }
            h.set(a.get(2) + i, h.get(a.get(1) + i) * d);
        }
    }

    /** x, xo, items, y, yo, rows, columns, rs, cs, e1, e2, e3, s0, s1, s2, s3. */
    public static void scatterStrided(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int i = c.globalIdx;
        if (i < a.get(2)) {
            int rows = a.get(5);
            int columns = a.get(6);
            int e1 = a.get(9);
            int e2 = a.get(10);
            int e3 = a.get(11);
            int r = i / columns;
            int column = i - r * columns;
            int z = r / rows;
            int row = r - z * rows;
            int r3 = z / e3;
            int r2 = r3 / e2;
            int r1 = r2 / e1;
            int to = a.get(3) + a.get(4) + row * a.get(7) + column * a.get(8);
            to = to + r1 * a.get(12) + (r2 - r1 * e1) * a.get(13);
            to = to + (r3 - r2 * e2) * a.get(14) + (z - r3 * e3) * a.get(15);
            h.set(to, h.get(a.get(0) + a.get(1) + i));
        }
    }
}
