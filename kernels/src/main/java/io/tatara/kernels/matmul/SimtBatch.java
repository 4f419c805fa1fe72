package io.tatara.kernels.matmul;

import io.tatara.kernels.DType;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuTraits;
import io.tatara.kernels.pointwise.Activation;
import java.util.List;

/**
 * Products of one size in strict float32 by {@code matmul_simt.cu} in one launch, for other rooms:
 * C[i] = A[i] · B[i]. CUDA alone.
 *
 * @param count of products
 * @param m rows of each C
 * @param n columns
 * @param k length of the sums
 * @param c where the products go, a {@link GpuPlan.Arg} [count, m, ld]
 * @param ld elements from one row of it to the next
 * @param accumulate whether they are added to what stands there
 */
public record SimtBatch(
        int count,
        int m,
        int n,
        int k,
        Matrices a,
        Matrices b,
        Object c,
        int ld,
        boolean accumulate) {
    /**
     * A matrix for each product; no element is further than an int's range from the first.
     *
     * @param arg the buffer, a {@link GpuPlan.Arg}
     * @param rowStride elements from a row to the next
     * @param columnStride elements from a column to the next
     * @param apart elements from a matrix to the next
     */
    public record Matrices(Object arg, int rowStride, int columnStride, int apart) {
        private Product.Operand operand() {
            return new Product.Operand(arg, 0, rowStride, columnStride, new int[] {apart});
        }
    }

    private Product product() {
        return Product.of(
                        new Product.Numbers(DType.FLOAT32, DType.FLOAT32, Precision.STRICT),
                        new int[] {count},
                        new int[] {m, n, k},
                        a.operand(),
                        b.operand(),
                        new Product.Finish(null, null, Activation.NONE, accumulate),
                        new Product.Target(c, 0, ld))
                .getFirst();
    }

    private TileChoice choice(Product p, GpuTraits traits) {
        List<TileChoice.Tile> tiles = MatMulSimt.tiles(traits);
        if (accumulate) {
            // sm_80's code for three blocks of that tile has no register left to add to what
            // stands there.
            tiles = tiles.stream().filter(t -> t.bn() < 128 || t.blocks() < 3).toList();
        }
        return TileChoice.of(p, traits, tiles, MatMulSimt.rate(traits));
    }

    /** Clocks that it should take, by the rough model that chooses its tiles. */
    public double clocks(GpuTraits traits) {
        Product p = product();
        return choice(p, traits).clocks(p, traits, MatMulSimt.rate(traits));
    }

    /** Adds the launch. No extent is 0. */
    public void add(GpuPlan.Builder plan, GpuTraits traits) {
        Product p = product();
        MatMulSimt.add(plan, p, traits, choice(p, traits));
    }
}
