package io.tatara.kernels.matmul;

import io.tatara.kernels.DType;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuTraits;
import java.util.List;

/**
 * {@code matmul_words.cu}: what {@link MatMulSimt} computes, where all operands are whole 16-byte
 * words and no tile has an edge, in fewer instructions. Not measured, so it stands behind the other
 * for the tuner to compare.
 */
final class MatMulWords implements ProductKernel {
    private static final int TILE = 128;
    private static final int WARP = 64;
    private static final int DEPTH = 16;
    private static final int WORD = 4;

    /** From here on two blocks have room for three slots each. */
    private static final int SHARED_FOR_THREE = 120_000;

    @Override
    public String variant() {
        return "simt/words";
    }

    /** On newer architectures its registers do not suffice. */
    @Override
    public boolean supports(Product p, GpuTraits traits) {
        return traits.cuda(80)
                && traits.arch() < 100
                && p.numbers().ab() == DType.FLOAT32
                && p.m() >= TILE
                && p.n() >= TILE
                && p.k() >= DEPTH
                && p.k() % DEPTH == 0
                && (aAlongK(p) ? p.alignmentOfA(true) == 16 : aAlongM(p))
                && (bAlongK(p) ? p.alignmentOfB(true) == 16 : bAlongN(p));
    }

    private static boolean aAlongK(Product p) {
        return p.a().columnStride() == 1;
    }

    private static boolean aAlongM(Product p) {
        return p.a().rowStride() == 1 && p.alignmentOfA(false) == 16 && p.m() % WORD == 0;
    }

    private static boolean bAlongK(Product p) {
        return p.b().rowStride() == 1;
    }

    private static boolean bAlongN(Product p) {
        return p.b().columnStride() == 1 && p.alignmentOfB(false) == 16 && p.n() % WORD == 0;
    }

    /** Floats of an operand's slice. */
    private static int words(boolean alongK) {
        return alongK ? TILE * (DEPTH + WORD) : DEPTH * (TILE + WORD);
    }

    @Override
    public void add(GpuPlan.Builder plan, Product p, GpuTraits traits) {
        boolean ak = aAlongK(p);
        boolean bk = bAlongK(p);
        int stages = traits.maxShared() >= SHARED_FOR_THREE ? 3 : 2;
        int shared = (words(ak) + words(bk)) * Float.BYTES * stages;
        TileChoice.Tile tile =
                new TileChoice.Tile(
                        TILE, TILE, WARP, WARP, DEPTH * WORD, stages, shared, 2, 1, false);
        TileChoice choice = TileChoice.cut(p, tile, 1);
        plan.launch(
                p.cuda(
                        "matmul_words.cu",
                        List.of("warp.cuh", "grid.cuh", "tensor.cuh", "tiles.cuh", "simt.cuh"),
                        "BM",
                        TILE,
                        "BN",
                        TILE,
                        "WM",
                        WARP,
                        "WN",
                        WARP,
                        "DEPTH",
                        DEPTH,
                        "STAGES",
                        stages,
                        "BLOCKS",
                        tile.blocks(),
                        "AK",
                        ak ? 1 : 0,
                        "BK",
                        bk ? 1 : 0,
                        "CVEC",
                        p.alignmentOfC() >= 4 * p.numbers().c().bytes() ? 1 : 0),
                "matmul_words",
                choice.grid(p),
                new int[] {tile.threads(), 1, 1},
                shared,
                false,
                p.args(choice.depth()));
    }
}
