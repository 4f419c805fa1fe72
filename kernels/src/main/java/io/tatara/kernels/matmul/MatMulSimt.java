package io.tatara.kernels.matmul;

import io.tatara.kernels.DType;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuProgram;
import io.tatara.kernels.gpu.GpuTraits;
import java.util.List;

/**
 * {@code matmul_simt.cu}: float32 in the ordinary arithmetic units of CUDA devices, any strides.
 */
final class MatMulSimt implements ProductKernel {
    /** Shares as an H200 has them at 4096³. */
    static final List<TileChoice.Tile> TILES =
            List.of(
                    tile(128, 128, 64, 64, 8, 4, 2, 1.0, false),
                    tile(64, 128, 32, 64, 16, 3, 3, 0.93, true),
                    tile(64, 128, 32, 64, 8, 4, 2, 0.93, true),
                    tile(128, 64, 64, 32, 8, 4, 2, 0.85, true),
                    tile(64, 64, 32, 32, 16, 4, 3, 0.85, true),
                    tile(32, 64, 16, 32, 16, 4, 4, 0.74, true));

    private static TileChoice.Tile tile(
            int bm,
            int bn,
            int wm,
            int wn,
            int depth,
            int stages,
            int blocks,
            double share,
            boolean splits) {
        int shared = (bm + 4 + bn + 4) * depth * 4 * stages;
        return new TileChoice.Tile(
                bm, bn, wm, wn, depth * 4, stages, shared, blocks, share, splits);
    }

    /** Without cp.async the next slice waits in registers, of which a deep one takes too many. */
    static List<TileChoice.Tile> tiles(GpuTraits traits) {
        return traits.cuda(80)
                ? TILES
                : TILES.stream().filter(t -> (t.bm() + t.bn()) * t.slice() <= 8192).toList();
    }

    @Override
    public String variant() {
        return "simt";
    }

    @Override
    public boolean supports(Product p, GpuTraits traits) {
        return traits.cuda(75) && p.numbers().ab() == DType.FLOAT32;
    }

    /** Too little work for a tile is left to smaller kernels. */
    @Override
    public boolean suits(Product p, GpuTraits traits) {
        return p.k() >= 8 && (p.m() >= 16 || p.n() >= 16);
    }

    @Override
    public void add(GpuPlan.Builder plan, Product p, GpuTraits traits) {
        add(plan, p, traits, TileChoice.of(p, traits, tiles(traits), rate(traits)));
    }

    @Override
    public List<ProductKernel> candidates(Product p, GpuTraits traits) {
        return TiledKernel.all(this, tiles(traits), rate(traits), MatMulSimt::add);
    }

    /** Products and sums of a multiprocessor in a clock. */
    static double rate(GpuTraits traits) {
        boolean few = traits.arch() == 75 || traits.arch() == 80;
        return few ? 64 : 128;
    }

    static void add(GpuPlan.Builder plan, Product p, GpuTraits traits, TileChoice choice) {
        TileChoice.Tile t = choice.tile();
        boolean async = traits.cuda(80);
        boolean ak = p.a().rowStride() != 1;
        boolean bk = p.b().columnStride() != 1;
        // Without cp.async two slots do, and the next slice waits in registers.
        int stages = async ? t.stages() : 2;
        GpuProgram program =
                p.cuda(
                        "matmul_simt.cu",
                        async
                                ? List.of(
                                        "warp.cuh",
                                        "grid.cuh",
                                        "tensor.cuh",
                                        "tiles.cuh",
                                        "simt.cuh")
                                : List.of("warp.cuh", "grid.cuh", "tiles.cuh", "simt.cuh"),
                        "BM",
                        t.bm(),
                        "BN",
                        t.bn(),
                        "WM",
                        t.wm(),
                        "WN",
                        t.wn(),
                        "DEPTH",
                        t.slice() / 4,
                        "STAGES",
                        stages,
                        "BLOCKS",
                        // A fourth block would leave sm_120's code too few registers.
                        traits.arch() >= 120 ? Math.min(3, t.blocks()) : t.blocks(),
                        "ASYNC",
                        async ? 1 : 0,
                        "AK",
                        ak ? 1 : 0,
                        "BK",
                        bk ? 1 : 0,
                        "ACOPY",
                        p.alignmentOfA(ak) == 16 ? 16 : 4,
                        "BCOPY",
                        p.alignmentOfB(bk) == 16 ? 16 : 4,
                        "CVEC",
                        p.alignmentOfC() >= 4 * p.numbers().c().bytes() ? 1 : 0,
                        "SPLIT",
                        choice.splits() > 1 ? 1 : 0);
        GpuPlan.Arg partial = choice.partial(plan, p);
        Object semaphores = partial == null ? null : new GpuPlan.Arg.Semaphores();
        plan.launch(
                program,
                "matmul_simt",
                choice.grid(p),
                new int[] {t.threads(), 1, 1},
                t.shared() / t.stages() * stages,
                false,
                p.args(choice.depth(), partial, semaphores));
    }
}
