package io.tatara.kernels.matmul;

import io.tatara.kernels.DType;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuProgram;
import io.tatara.kernels.gpu.GpuTraits;
import java.util.List;

/**
 * {@code matmul_sm80.cu}: matrix units of compute capability 8.0 and later, for float16, bfloat16
 * and, where {@link Precision#TF32} allows it, float32.
 */
final class MatMulSm80 implements ProductKernel {
    private static final List<String> HEADERS =
            List.of("warp.cuh", "grid.cuh", "tensor.cuh", "tiles.cuh");

    /** More stages where shared memory is plenty; no cut sums where registers are full as it is. */
    static final List<TileChoice.Tile> TILES =
            List.of(
                    tile(128, 256, 64, 64, 64, 4, 1, 1.0, false),
                    tile(128, 128, 64, 64, 64, 4, 2, 0.97, false),
                    tile(128, 128, 64, 64, 64, 3, 2, 0.95, false),
                    tile(64, 128, 32, 64, 64, 4, 2, 0.85, true),
                    tile(64, 128, 32, 64, 64, 3, 2, 0.83, true),
                    tile(128, 64, 64, 32, 64, 4, 2, 0.85, true),
                    tile(128, 64, 64, 32, 64, 3, 2, 0.83, true),
                    tile(64, 64, 32, 32, 128, 3, 3, 0.65, true),
                    tile(32, 128, 32, 32, 128, 3, 3, 0.65, true),
                    tile(32, 64, 16, 32, 128, 3, 3, 0.4, true));

    private static TileChoice.Tile tile(
            int bm,
            int bn,
            int wm,
            int wn,
            int slice,
            int stages,
            int blocks,
            double share,
            boolean splits) {
        int shared = (bm + bn) * slice * stages;
        return new TileChoice.Tile(bm, bn, wm, wn, slice, stages, shared, blocks, share, splits);
    }

    @Override
    public String variant() {
        return "sm80";
    }

    @Override
    public boolean supports(Product p, GpuTraits traits) {
        boolean type =
                p.numbers().ab().bytes() == 2
                        || p.numbers().ab() == DType.FLOAT32
                                && p.numbers().precision() == Precision.TF32;
        return traits.cuda(80)
                && type
                && (p.aAlongK() || p.aAlongM())
                && (p.bAlongK() || p.bAlongN());
    }

    /** Too little work for a tile is left to smaller kernels. */
    @Override
    public boolean suits(Product p, GpuTraits traits) {
        return p.k() >= 8 && (p.m() >= 16 || p.n() >= 16);
    }

    @Override
    public void add(GpuPlan.Builder plan, Product p, GpuTraits traits) {
        add(plan, p, TileChoice.of(p, traits, tiles(p), rate(p, traits)));
    }

    @Override
    public List<ProductKernel> candidates(Product p, GpuTraits traits) {
        return TiledKernel.all(
                this, tiles(p), rate(p, traits), (plan, q, t, choice) -> add(plan, q, choice));
    }

    /**
     * Rounding to TF32 takes registers: four stages of the tile with most sums would spill, and any
     * number of them where both operands run along k.
     */
    static List<TileChoice.Tile> tiles(Product p) {
        if (p.numbers().ab().bytes() == 2) {
            return TILES;
        }
        boolean alongK = p.aAlongK() && !p.bAlongN();
        return TILES.stream()
                .filter(t -> t.bm() != 128 || t.bn() != 128 || t.stages() < 4 && !alongK)
                .toList();
    }

    /** Products and sums of a multiprocessor in a clock, as NVIDIA's architecture papers tell. */
    private static double rate(Product p, GpuTraits traits) {
        boolean large = traits.arch() == 80 || traits.arch() == 90 || traits.arch() == 100;
        return (large ? 1024 : 512) / (p.numbers().ab().bytes() == 2 ? 1 : 2);
    }

    static void add(GpuPlan.Builder plan, Product p, TileChoice choice) {
        TileChoice.Tile t = choice.tile();
        boolean ak = p.aAlongK();
        boolean bk = !p.bAlongN();
        GpuProgram program =
                p.cuda(
                        "matmul_sm80.cu",
                        HEADERS,
                        "BM",
                        t.bm(),
                        "BN",
                        t.bn(),
                        "WM",
                        t.wm(),
                        "WN",
                        t.wn(),
                        "BKB",
                        t.slice(),
                        "STAGES",
                        t.stages(),
                        "AK",
                        ak ? 1 : 0,
                        "BK",
                        bk ? 1 : 0,
                        "ACOPY",
                        p.alignmentOfA(ak),
                        "BCOPY",
                        p.alignmentOfB(bk),
                        "CVEC",
                        p.alignmentOfC() == 16 ? 1 : 0,
                        "SPLIT",
                        choice.splits() > 1 ? 1 : 0);
        GpuPlan.Arg partial = choice.partial(plan, p);
        Object semaphores = partial == null ? null : new GpuPlan.Arg.Semaphores();
        plan.launch(
                program,
                "matmul_sm80",
                choice.grid(p),
                new int[] {t.threads(), 1, 1},
                t.shared(),
                false,
                p.args(choice.depth(), partial, semaphores));
    }
}
