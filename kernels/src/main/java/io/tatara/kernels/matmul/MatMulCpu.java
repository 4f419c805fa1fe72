package io.tatara.kernels.matmul;

import static io.tatara.kernels.matmul.Product.ceil;

import io.tatara.kernels.DType;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuProgram;
import io.tatara.kernels.gpu.GpuTraits;
import java.util.ArrayList;
import java.util.List;

/**
 * {@code matmul_cpu.cl}: packed panels and register tiles for OpenCL on CPUs, any strides.
 *
 * @param tile height and width of a tile of sums; null for the one that fits the device's registers
 * @param deepest elements of the sum in a block at most
 */
record MatMulCpu(Tile tile, int deepest) implements ProductKernel {
    /**
     * A tile of {@code mr} rows and two vectors of {@code vec} floats.
     *
     * @param mr a multiple of 4
     * @param vec 4, 8 or 16
     */
    record Tile(int mr, int vec) {
        /** 32 registers of 16 floats, else 16 of 8 or 32 of 4. */
        static Tile of(GpuTraits traits) {
            return switch (traits.lanes()) {
                case 16 -> new Tile(12, 16);
                case 8 -> new Tile(4, 8);
                default -> new Tile(8, 4);
            };
        }

        int nr() {
            return 2 * vec;
        }
    }

    /** With 32 columns half of a second-level cache of 1 MiB, in {@link #GROUP} panels. */
    private static final int DEPTH = 512;

    private static final int GROUP = 8;
    private static final int MOST_ROWS = 480;

    MatMulCpu() {
        this(null, DEPTH);
    }

    @Override
    public String variant() {
        return tile == null ? "cpu" : "cpu/" + tile.mr() + "x" + tile.nr() + "/k" + deepest;
    }

    @Override
    public boolean supports(Product p, GpuTraits traits) {
        Tile t = tile(traits);
        long a = (long) ceil(p.m(), t.mr()) * t.mr() * p.k();
        long b = (long) ceil(p.n(), t.nr()) * t.nr() * p.k();
        long c = (long) p.m() * p.n();
        return traits.cpu()
                && traits.api() == GpuTraits.Api.OPENCL
                && p.k() > 0
                && Math.max(c, Math.max(a, b)) * p.batch() <= Integer.MAX_VALUE - 65536;
    }

    /** What fills a tile badly is left to others. */
    @Override
    public boolean suits(Product p, GpuTraits traits) {
        return p.m() >= 4 && p.n() >= tile(traits).vec() && (long) p.m() * p.n() * p.k() >= 4096;
    }

    private Tile tile(GpuTraits traits) {
        return tile == null ? Tile.of(traits) : tile;
    }

    @Override
    public List<ProductKernel> candidates(Product p, GpuTraits traits) {
        List<Tile> tiles =
                traits.vector() >= 16
                        ? List.of(new Tile(8, 16), new Tile(12, 16))
                        : traits.vector() >= 8
                                ? List.of(new Tile(4, 8), new Tile(8, 8))
                                : List.of(new Tile(4, 4), new Tile(8, 4), new Tile(12, 4));
        List<ProductKernel> list = new ArrayList<>();
        for (Tile t : tiles) {
            for (int depth : p.k() > 256 ? new int[] {256, 512, 1024} : new int[] {256}) {
                list.add(new MatMulCpu(t, depth));
            }
        }
        return list;
    }

    @Override
    public void add(GpuPlan.Builder plan, Product p, GpuTraits traits) {
        Tile t = tile(traits);
        int blocks = ceil(p.k(), deepest);
        int kc = ceil(ceil(p.k(), blocks), 4) * 4;
        blocks = ceil(p.k(), kc);
        int rowPanels = ceil(p.m(), t.mr());
        int columnPanels = ceil(p.n(), t.nr());
        Object a = pack(plan, p, p.a(), p.axes().a(), true, t.mr(), kc, blocks);
        Object b = pack(plan, p, p.b(), p.axes().b(), false, t.nr(), kc, blocks);
        boolean apart = p.numbers().c() != DType.FLOAT32 || p.finish().accumulate();
        int parts = blocks == 1 ? 0 : apart ? 2 : 1;
        int np = Math.min(GROUP, columnPanels);
        int mp = Math.min(MOST_ROWS / t.mr(), rowPanels);
        // A device hands out groups in ever smaller portions: some more of them than units.
        long wanted = 8L * traits.computeUnits();
        while (tasks(rowPanels, columnPanels, mp, np, p) < wanted && (mp > 4 || np > 1)) {
            if (mp > 4) {
                mp = ceil(mp, 2);
            } else {
                np = ceil(np, 2);
            }
        }
        plan.launch(
                p.vectors("matmul_cpu.cl", "MR", t.mr(), "VEC", t.vec(), "PARTS", parts),
                "matmul_blocks",
                new int[] {ceil(columnPanels, np), ceil(rowPanels, mp), p.gridZ()},
                new int[] {1, 1, 1},
                p.args(
                        a,
                        repeats(p.axes().a()) ? 0 : rowPanels * t.mr() * p.k(),
                        b,
                        repeats(p.axes().b()) ? 0 : columnPanels * t.nr() * p.k(),
                        parts == 2 ? plan.temporary(4L * p.batch() * p.m() * p.n()) : null,
                        kc,
                        mp,
                        np));
    }

    private static long tasks(int rowPanels, int columnPanels, int mp, int np, Product p) {
        return (long) ceil(rowPanels, mp) * ceil(columnPanels, np) * p.batch();
    }

    /** Whether one matrix serves the whole batch. */
    private static boolean repeats(int[] strides) {
        for (int s : strides) {
            if (s != 0) {
                return false;
            }
        }
        return true;
    }

    /** Adds the launch that packs an operand, and gives the buffer. */
    private static Object pack(
            GpuPlan.Builder plan,
            Product p,
            Product.Operand x,
            int[] strides,
            boolean rows,
            int width,
            int kc,
            int blocks) {
        int across = rows ? x.rowStride() : x.columnStride();
        int along = rows ? x.columnStride() : x.rowStride();
        int extent = rows ? p.m() : p.n();
        int panels = ceil(extent, width);
        int batch = repeats(strides) ? 1 : p.batch();
        GpuPlan.Arg to = plan.temporary(4L * batch * panels * width * p.k());
        GpuProgram program =
                Product.plain(
                        "matmul_cpu_pack.cl",
                        "STORAGE",
                        GpuProgram.storage(p.numbers().ab()),
                        "PW",
                        width,
                        "ALONG",
                        across == 1 ? 1 : along == 1 ? 2 : 0);
        int[] e = p.axes().extents();
        plan.launch(
                program,
                "matmul_pack",
                new int[] {panels, blocks, Math.min(batch, Product.MAX_GRID)},
                new int[] {1, 1, 1},
                x.arg(),
                x.offset(),
                across,
                along,
                extent,
                p.k(),
                kc,
                batch,
                e[1],
                e[2],
                e[3],
                strides[0],
                strides[1],
                strides[2],
                strides[3],
                to);
        return to;
    }
}
