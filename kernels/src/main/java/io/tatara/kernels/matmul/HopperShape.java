package io.tatara.kernels.matmul;

import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuTraits;

/**
 * {@link MatMulHopper} with one shape of tile, for the tuner.
 *
 * @param bn columns of a tile
 * @param cluster blocks of a cluster
 * @param splits pieces of k
 */
record HopperShape(MatMulHopper base, int bn, int cluster, int splits) implements ProductKernel {
    @Override
    public String variant() {
        return "%s/%dx%d%s"
                .formatted(base.variant(), bn, cluster, splits == 1 ? "" : "/k" + splits);
    }

    @Override
    public boolean supports(Product p, GpuTraits traits) {
        if (!base.supports(p, traits)) {
            return false;
        }
        HopperTiling t = tiling(p, traits);
        return t.splits() == splits && t.fits(p.m(), p.n());
    }

    private HopperTiling tiling(Product p, GpuTraits traits) {
        int slices = Product.ceil(p.k(), HopperTiling.BK);
        return HopperTiling.make(
                new int[] {bn, cluster},
                p.m(),
                p.n(),
                p.batch(),
                slices,
                Product.ceil(slices, splits),
                MatMulHopper.stageable(p),
                traits.computeUnits());
    }

    @Override
    public void add(GpuPlan.Builder plan, Product p, GpuTraits traits) {
        MatMulHopper.add(plan, p, tiling(p, traits));
    }
}
