package io.tatara.kernels.matmul;

import static io.tatara.kernels.matmul.Product.ceil;

import io.tatara.kernels.DType;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuProgram;
import io.tatara.kernels.gpu.GpuTraits;

/**
 * {@code matmul_cpu_few.cl}: few rows or few columns for OpenCL on CPUs, where reading the other
 * operand is the work.
 */
final class MatMulCpuFew implements ProductKernel {
    private static final int MOST = 16;

    /** Floats of sums that stay in a first-level cache beside what passes by. */
    private static final int SUMS = 4096;

    @Override
    public String variant() {
        return "cpu-few";
    }

    private static boolean swapped(Product p) {
        return p.n() < p.m();
    }

    @Override
    public boolean supports(Product p, GpuTraits traits) {
        boolean runs = swapped(p) ? p.aAlongK() || p.aAlongM() : p.bAlongK() || p.bAlongN();
        long few = (long) p.batch() * Math.min(p.m(), p.n()) * p.k();
        return traits.cpu()
                && traits.api() == GpuTraits.Api.OPENCL
                && Math.min(p.m(), p.n()) <= MOST
                && few <= Integer.MAX_VALUE
                && runs;
    }

    @Override
    public boolean suits(Product p, GpuTraits traits) {
        return (long) Math.max(p.m(), p.n()) * p.k() >= 4096;
    }

    @Override
    public void add(GpuPlan.Builder plan, Product p, GpuTraits traits) {
        boolean swap = swapped(p);
        int few = swap ? p.n() : p.m();
        int many = swap ? p.m() : p.n();
        int vec = traits.lanes();
        boolean dots = swap ? p.aAlongK() : p.bAlongK();
        // Vectors of sums, of the many and one of the few, in registers.
        int registers = vec == 8 ? 13 : 28;
        int jb = Math.clamp(registers / (few + 1), 1, 8);
        int width = Math.min(1024, SUMS / (Integer.highestOneBit(Math.max(1, few - 1)) * 2));
        int tasks = (dots ? 4 : 2) * traits.computeUnits();
        int step = dots ? jb : vec;
        // A task should have something to read, also where there are many units.
        long least = ceil(16384, Math.max(1, p.k()));
        int each = ceil((int) Math.max(least, ceil(many, tasks)), step) * step;
        GpuProgram program =
                p.vectors(
                        "matmul_cpu_few.cl",
                        "FEW",
                        few,
                        "SWAP",
                        swap ? 1 : 0,
                        "JB",
                        jb,
                        "WIDTH",
                        width,
                        "VEC",
                        vec);
        plan.launch(
                program,
                dots ? "matmul_few_dots" : "matmul_few_axpy",
                new int[] {ceil(many, each), 1, p.gridZ()},
                new int[] {1, 1, 1},
                p.args(few(plan, p, swap, few, each)));
    }

    /** The arguments behind the common ones: the few as rows of float32, and {@code each}. */
    private static Object[] few(GpuPlan.Builder plan, Product p, boolean swap, int few, int each) {
        Product.Operand x = swap ? p.b() : p.a();
        int[] s = swap ? p.axes().b() : p.axes().a();
        int across = swap ? x.columnStride() : x.rowStride();
        int along = swap ? x.rowStride() : x.columnStride();
        if (p.numbers().ab() == DType.FLOAT32 && (along == 1 || p.k() <= 1)) {
            return new Object[] {x.arg(), x.offset(), across, s[0], s[1], s[2], s[3], each};
        }
        int[] e = p.axes().extents();
        int k = p.k();
        GpuPlan.Arg to = plan.temporary(4L * p.batch() * few * k);
        plan.launch(
                Product.plain(
                        "matmul_cpu_pack.cl", "STORAGE", GpuProgram.storage(p.numbers().ab())),
                "matmul_rows",
                new int[] {few, 1, p.gridZ()},
                new int[] {1, 1, 1},
                x.arg(),
                x.offset(),
                across,
                along,
                k,
                p.batch(),
                e[1],
                e[2],
                e[3],
                s[0],
                s[1],
                s[2],
                s[3],
                to);
        int matrix = few * k;
        return new Object[] {
            to, 0, k, e[1] * e[2] * e[3] * matrix, e[2] * e[3] * matrix, e[3] * matrix, matrix, each
        };
    }
}
