package io.tatara.kernels.matmul;

import static io.tatara.kernels.matmul.Product.ceil;

import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuProgram;
import io.tatara.kernels.gpu.GpuTraits;

/** {@code matmul.cl}: every device, every stride. */
final class MatMulPortable implements ProductKernel {
    @Override
    public String variant() {
        return "portable";
    }

    @Override
    public boolean supports(Product p, GpuTraits traits) {
        return true;
    }

    @Override
    public void add(GpuPlan.Builder plan, Product p, GpuTraits traits) {
        int m = p.m();
        int n = p.n();
        boolean groups = traits.maxWorkGroup() >= 256;
        if (m <= 8 && (long) n * p.k() >= 4096 && groups) {
            plan.launch(
                    program(p, "SM", m),
                    "matmul_skinny",
                    new int[] {ceil(n, transposedB(p) ? 8 : 32), 1, p.gridZ()},
                    new int[] {256, 1, 1},
                    p.args());
        } else if (!groups || (m < 32 && n < 32) || p.k() < 4) {
            plan.launch1d(
                    program(p),
                    "matmul_simple",
                    (long) p.batch() * m * n,
                    Math.min(64, traits.maxWorkGroup()),
                    p.args());
        } else {
            // Large tiles only where enough of them are left to fill the device.
            boolean large =
                    !traits.cpu()
                            && (long) ceil(m, 128) * ceil(n, 128) * p.batch()
                                    >= 2L * traits.computeUnits();
            int tile = large ? 128 : m < 48 || n < 48 ? 32 : 64;
            int each = tile / 16;
            int depth = large ? 8 : 16;
            plan.launch(
                    program(p, "TM", tile, "TN", tile, "TK", depth, "WM", each, "WN", each),
                    "matmul_tiled",
                    new int[] {ceil(n, tile) * ceil(m, tile), 1, p.gridZ()},
                    new int[] {256, 1, 1},
                    p.args());
        }
    }

    private static boolean transposedB(Product p) {
        return p.b().columnStride() != 1 && p.b().rowStride() == 1;
    }

    private static GpuProgram program(Product p, Object... more) {
        Object[] all = new Object[more.length + 4];
        all[0] = "TA";
        all[1] = p.a().rowStride() == 1 && p.a().columnStride() != 1 ? 1 : 0;
        all[2] = "TB";
        all[3] = transposedB(p) ? 1 : 0;
        System.arraycopy(more, 0, all, 4, more.length);
        return p.portable("matmul.cl", all);
    }
}
