package io.tatara.kernels.matmul;

import static io.tatara.kernels.matmul.Product.ceil;

import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuProgram;
import io.tatara.kernels.gpu.GpuTraits;
import java.util.List;

/**
 * {@code matmul_few.cu}: at most 16 rows or columns of 16-bit elements, both operands along k:
 * matrix units, so that reading the large operand is all the work.
 */
final class MatMulFew implements ProductKernel {
    private static final int MOST = 16;
    private static final int COLUMNS = 16;

    /** Elements of k that a block reads at one time. */
    private static final int STEP = 1024;

    private static final int MAX_SPLITS = 32;

    @Override
    public String variant() {
        return "few";
    }

    private static boolean swapped(Product p) {
        return p.n() < p.m();
    }

    @Override
    public boolean supports(Product p, GpuTraits traits) {
        return traits.cuda(80)
                && p.numbers().ab().bytes() == 2
                && Math.min(p.m(), p.n()) <= MOST
                && p.k() % 8 == 0
                && p.aAlongK()
                && p.bAlongK()
                && p.alignmentOfA(true) == 16
                && p.alignmentOfB(true) == 16;
    }

    @Override
    public boolean suits(Product p, GpuTraits traits) {
        return p.k() >= 64 && (long) Math.max(p.m(), p.n()) * p.k() >= 4096;
    }

    @Override
    public void add(GpuPlan.Builder plan, Product p, GpuTraits traits) {
        boolean swap = swapped(p);
        int rows = swap ? p.n() : p.m();
        int columns = swap ? p.m() : p.n();
        int blocks = ceil(columns, COLUMNS);
        long groups = (long) blocks * p.batch();
        int wanted = (int) Math.min(MAX_SPLITS, (2L * traits.computeUnits()) / groups);
        int splits = groups > GpuPlan.SEMAPHORES ? 1 : Math.clamp(wanted, 1, ceil(p.k() + 1, STEP));
        int depth = Math.max(8, ceil(ceil(p.k(), splits), 32) * 32);
        splits = Math.max(1, ceil(p.k(), depth));
        int nt = rows <= 8 ? 1 : 2;
        GpuProgram program =
                p.cuda(
                        "matmul_few.cu",
                        List.of("warp.cuh", "grid.cuh", "tensor.cuh"),
                        "NT",
                        nt,
                        "SWAP",
                        swap ? 1 : 0,
                        "SPLIT",
                        splits > 1 ? 1 : 0);
        Object partial = null;
        Object semaphores = null;
        if (splits > 1) {
            partial = plan.temporary(4L * groups * splits * nt * 8 * COLUMNS);
            semaphores = new GpuPlan.Arg.Semaphores();
        }
        plan.launch(
                program,
                "matmul_few",
                new int[] {blocks, splits, p.gridZ()},
                new int[] {256, 1, 1},
                p.args(depth, partial, semaphores));
    }
}
