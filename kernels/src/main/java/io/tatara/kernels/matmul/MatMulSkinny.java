package io.tatara.kernels.matmul;

import static io.tatara.kernels.matmul.Product.ceil;

import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuProgram;
import io.tatara.kernels.gpu.GpuTraits;
import java.util.List;

/**
 * {@code matmul_skinny.cu}: few rows or few columns, where reading the other operand is the work.
 */
final class MatMulSkinny implements ProductKernel {
    private static final int MAX_SPLITS = 64;

    @Override
    public String variant() {
        return "skinny";
    }

    /** Rows (or columns) that fit the registers. */
    private static int most(Product p) {
        return p.numbers().ab().bytes() == 2 ? 8 : 16;
    }

    /** Beyond so many, tiles are faster even where they are mostly empty (H200). */
    private static int worthwhile(Product p) {
        return p.numbers().precision() == Precision.TF32 ? 4 : 8;
    }

    private static boolean swapped(Product p) {
        return p.n() < p.m();
    }

    @Override
    public boolean supports(Product p, GpuTraits traits) {
        boolean runs = swapped(p) ? p.aAlongK() || p.aAlongM() : p.bAlongK() || p.bAlongN();
        return traits.cuda(75) && Math.min(p.m(), p.n()) <= most(p) && runs;
    }

    @Override
    public boolean suits(Product p, GpuTraits traits) {
        return Math.min(p.m(), p.n()) <= worthwhile(p)
                && (long) Math.max(p.m(), p.n()) * p.k() >= 4096;
    }

    @Override
    public void add(GpuPlan.Builder plan, Product p, GpuTraits traits) {
        boolean swap = swapped(p);
        int rows = swap ? p.n() : p.m();
        int columns = swap ? p.m() : p.n();
        boolean along = swap ? p.aAlongK() : p.bAlongK();
        int bytes = p.numbers().ab().bytes();
        int run = swap ? p.alignmentOfA(along) : p.alignmentOfB(along);
        int v = Math.max(1, run / bytes);
        boolean xAlong = swap ? p.b().rowStride() == 1 : p.a().columnStride() == 1;
        int xRun = swap ? p.alignmentOfB(true) : p.alignmentOfA(true);
        int width = along ? 4 : 32 * v;
        int blocks = ceil(columns, width);
        // A few blocks for each multiprocessor, each with something to read.
        int least = along ? 256 * v : 64;
        long groups = (long) blocks * p.batch();
        int wanted = (int) Math.min(MAX_SPLITS, (4L * traits.computeUnits()) / groups);
        int splits =
                groups > GpuPlan.SEMAPHORES ? 1 : Math.clamp(wanted, 1, ceil(p.k() + 1, least));
        int depth = Math.max(8, ceil(ceil(p.k(), splits), 8) * 8);
        splits = Math.max(1, ceil(p.k(), depth));
        int m = rows <= 1 ? 1 : Integer.highestOneBit(rows - 1) * 2;
        GpuProgram program =
                p.cuda(
                        "matmul_skinny.cu",
                        List.of("warp.cuh", "grid.cuh"),
                        "M",
                        m,
                        "WIDE",
                        v,
                        "WK",
                        along ? 1 : 0,
                        "XVEC",
                        xAlong && xRun >= v * bytes ? 1 : 0,
                        "SWAP",
                        swap ? 1 : 0,
                        "SPLIT",
                        splits > 1 ? 1 : 0);
        Object partial = null;
        Object semaphores = null;
        if (splits > 1) {
            partial = plan.temporary(4L * groups * splits * m * width);
            semaphores = new GpuPlan.Arg.Semaphores();
        }
        plan.launch(
                program,
                "matmul_few_rows",
                new int[] {blocks, splits, p.gridZ()},
                new int[] {256, 1, 1},
                p.args(depth, partial, semaphores));
    }
}
