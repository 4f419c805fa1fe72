package io.tatara.tornado;

import io.tatara.tornado.cuda.MatrixUnits;
import io.tatara.tornado.kernels.Halves;
import io.tatara.tornado.kernels.Products;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * What {@link MatrixUnits} computes, without matrix units: the same arguments, groups and padded
 * result.
 */
final class StandIns {
    private static final int TILE = MatrixUnits.TILE;

    private StandIns() {}

    static float element(IntArray a, IntArray g, int z, int row, int column, int m) {
        int pa = a.get(1) + Products.batchOffset(a, z, 22) + row * a.get(2);
        int pb = a.get(5) + Products.batchOffset(a, z, 26) + column * a.get(7);
        float s = 0.0f;
        int k = row < a.get(15) && column < a.get(16) ? a.get(17) : 0;
        for (int p = 0; p < k; p++) {
            float product = 1.0f;
            // A loop, as two calls are too large for TornadoVM.
            for (int side = 0; side < 2; side++) {
                int i = side == 0 ? pa + p * a.get(3) : pb + p * a.get(6);
                int word = g.get(a.get(4 * side) + (i >> 1));
                product = product * Halves.toFloat((word >> ((i & 1) << 4)) & 0xffff, m);
            }
            s = s + product;
        }
        return s;
    }

    static int at(IntArray a, int z, int row, int column) {
        int columns = (a.get(16) + TILE - 1) / TILE * TILE;
        int rows = (a.get(15) + TILE - 1) / TILE * TILE;
        return a.get(8) + (z * rows + row) * columns + column;
    }

    static void tileOfFloat16(KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int z = c.groupIdz;
        for (int e = c.localIdx; e < TILE * TILE; e = e + MatrixUnits.GROUP) {
            int row = c.groupIdy * TILE + e / TILE;
            int column = c.groupIdx * TILE + e % TILE;
            h.set(at(a, z, row, column), element(a, g, z, row, column, 10));
        }
    }

    static void tileOfBfloat16(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int z = c.groupIdz;
        for (int e = c.localIdx; e < TILE * TILE; e = e + MatrixUnits.GROUP) {
            int row = c.groupIdy * TILE + e / TILE;
            int column = c.groupIdx * TILE + e % TILE;
            h.set(at(a, z, row, column), element(a, g, z, row, column, 7));
        }
    }
}
