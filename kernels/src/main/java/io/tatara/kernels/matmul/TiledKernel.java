package io.tatara.kernels.matmul;

import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuTraits;
import java.util.ArrayList;
import java.util.List;

/**
 * A kernel of tiles held to one of them, to be measured; how the sums are cut is still chosen.
 *
 * @param rate products and sums of a multiprocessor in a clock ({@link TileChoice#of})
 */
record TiledKernel(ProductKernel base, TileChoice.Tile tile, double rate, Adder adder)
        implements ProductKernel {
    /** Adds the launches for a tile. */
    interface Adder {
        void add(GpuPlan.Builder plan, Product p, GpuTraits traits, TileChoice choice);
    }

    static List<ProductKernel> all(
            ProductKernel base, List<TileChoice.Tile> tiles, double rate, Adder adder) {
        List<ProductKernel> list = new ArrayList<>();
        tiles.forEach(t -> list.add(new TiledKernel(base, t, rate, adder)));
        return list;
    }

    @Override
    public String variant() {
        return base.variant()
                + "/"
                + tile.bm()
                + "x"
                + tile.bn()
                + "x"
                + tile.slice()
                + "x"
                + tile.stages();
    }

    @Override
    public boolean supports(Product p, GpuTraits traits) {
        return base.supports(p, traits) && tile.shared() <= traits.maxShared();
    }

    @Override
    public void add(GpuPlan.Builder plan, Product p, GpuTraits traits) {
        adder.add(plan, p, traits, TileChoice.of(p, traits, List.of(tile), rate));
    }
}
