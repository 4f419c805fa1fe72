package io.tatara.kernels.matmul;

import io.tatara.kernels.DType;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuProgram;
import io.tatara.kernels.gpu.GpuTraits;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Products of float16 and bfloat16 matrices on Hopper (compute capability 9.0): {@code
 * matmul_sm90.cu}. C may be of any floating type. The copy engine asks that runs of A and B start
 * at multiples of 16 bytes and that the batch of each is one axis; the rest is for other kernels.
 */
final class MatMulHopper implements ProductKernel {
    static final List<String> HEADERS =
            List.of("warp.cuh", "early.cuh", "tensor.cuh", "hopper.cuh");

    /** From here on in both directions a tile is worth its while. */
    static final int LEAST = 33;

    /** Elements of the span that is permuted in shared memory. */
    static final int SPAN = 64;

    private static final int BYTES = 2;

    /** Pieces of k that are worth measuring. */
    private static final int[] SPLITS = {1, 2, 3, 4, 6, 8};

    @Override
    public String variant() {
        return "sm90";
    }

    /**
     * One batch axis of an operand: matrix z of the batch is its own matrix number {@code z / div %
     * mod}, each {@code stride} elements from the one before.
     */
    record Batch(int div, int mod, int stride) {
        /** Null where the axes are not one: strides that do not run on into each other. */
        static Batch of(int[] extents, int[] strides) {
            int div = 1;
            int x = extents.length - 1;
            for (; x >= 0 && (extents[x] == 1 || strides[x] == 0); x--) {
                div *= extents[x];
            }
            if (x < 0) {
                return new Batch(1, 1, 0);
            }
            int stride = strides[x];
            int mod = extents[x--];
            for (; x >= 0 && (extents[x] == 1 || strides[x] == stride * mod); x--) {
                mod *= extents[x];
            }
            for (; x >= 0; x--) {
                if (extents[x] != 1 && strides[x] != 0) {
                    return null;
                }
            }
            return new Batch(div, mod, stride);
        }
    }

    /** Whether the copy engine can read lines of this many elements, {@code step} apart. */
    private static boolean readable(int alignment, int length, int lines, int step) {
        return alignment == 16 && (lines == 1 || step >= length);
    }

    private static boolean aAlongK(Product p) {
        return p.aAlongK() && readable(p.alignmentOfA(true), p.k(), p.m(), p.a().rowStride());
    }

    private static boolean aAlongM(Product p) {
        return p.aAlongM() && readable(p.alignmentOfA(false), p.m(), p.k(), p.a().columnStride());
    }

    private static boolean bAlongK(Product p) {
        return p.bAlongK() && readable(p.alignmentOfB(true), p.k(), p.n(), p.b().columnStride());
    }

    private static boolean bAlongN(Product p) {
        return p.bAlongN() && readable(p.alignmentOfB(false), p.n(), p.k(), p.b().rowStride());
    }

    @Override
    public boolean supports(Product p, GpuTraits traits) {
        return units(p.numbers().ab(), traits)
                && p.k() > 0
                && (aAlongK(p) || aAlongM(p))
                && (bAlongK(p) || bAlongN(p))
                && Batch.of(p.axes().extents(), p.axes().a()) != null
                && Batch.of(p.axes().extents(), p.axes().b()) != null;
    }

    /** Whether the device multiplies this type here. */
    static boolean units(DType type, GpuTraits traits) {
        return traits.hopper()
                && traits.maxShared() >= 227 << 10
                && (type == DType.FLOAT16 || type == DType.BFLOAT16);
    }

    @Override
    public boolean suits(Product p, GpuTraits traits) {
        return p.m() >= LEAST && p.n() >= LEAST;
    }

    @Override
    public void add(GpuPlan.Builder plan, Product p, GpuTraits traits) {
        add(plan, p, tiling(p, traits));
    }

    /** The tiles of least estimated time. */
    static HopperTiling tiling(Product p, GpuTraits traits) {
        return HopperTiling.of(p.m(), p.n(), p.k(), p.batch(), stageable(p), traits.computeUnits());
    }

    /** Every shape of tile, with the sums whole and in pieces. */
    @Override
    public List<ProductKernel> candidates(Product p, GpuTraits traits) {
        List<ProductKernel> list = new ArrayList<>();
        for (int[] shape : HopperTiling.shapes()) {
            for (int splits : SPLITS) {
                list.add(new HopperShape(this, shape[0], shape[1], splits));
            }
        }
        return list;
    }

    /** Whether rows of C come in whole pieces of 16 bytes. */
    private static boolean vector(Product p) {
        return p.alignmentOfC() == 16 && p.n() % 8 == 0;
    }

    /** Whether C's tiles may go through shared memory. */
    static boolean stageable(Product p) {
        return vector(p) && p.numbers().c().bytes() == BYTES;
    }

    /** With tiles as told. */
    static void add(GpuPlan.Builder plan, Product p, HopperTiling t) {
        boolean ta = !aAlongK(p);
        boolean tb = bAlongK(p);
        int m = p.m();
        int n = p.n();
        int k = p.k();
        Batch a = Batch.of(p.axes().extents(), p.axes().a());
        Batch b = Batch.of(p.axes().extents(), p.axes().b());
        int share = share(t, tb);
        DType type = p.numbers().ab();
        GpuPlan.Arg amap =
                ta
                        ? map(p.a(), type, m, k, p.a().columnStride(), a, SPAN)
                        : map(p.a(), type, k, m, p.a().rowStride(), a, rows(t));
        GpuPlan.Arg bmap =
                tb
                        ? map(p.b(), type, k, n, p.b().columnStride(), b, share)
                        : map(p.b(), type, n, k, p.b().rowStride(), b, share);
        boolean partial = t.splits() > 1;
        GpuProgram program = program(p, t, ta, tb, 0, 1);
        Object part = partial ? plan.temporary(t.workspace(m, n)) : null;
        List<Object> args = new ArrayList<>(List.of(amap, bmap));
        if (t.staged()) {
            Product.Operand c =
                    new Product.Operand(p.c().arg(), p.c().offset(), p.c().ld(), 1, null);
            Batch all = new Batch(1, p.batch(), m * p.c().ld());
            args.add(map(c, p.numbers().c(), n, m, p.c().ld(), all, SPAN));
        }
        args.addAll(args(p, t, part, a, b));
        launch(plan, program, t, t.shared(), args);
        if (partial) {
            sum(plan, program, p, t, part);
        }
    }

    /**
     * Rows of B's boxes, of which a block of the cluster loads all of some or its share of each.
     */
    static int share(HopperTiling t, boolean tb) {
        int sharers = t.across() ? 1 : t.cluster();
        return tb ? t.bn() / sharers : t.bn() / SPAN % sharers == 0 ? SPAN : SPAN / sharers;
    }

    /** Rows of A that a block of the cluster loads. */
    static int rows(HopperTiling t) {
        return HopperTiling.BM / (t.across() ? t.cluster() : 1);
    }

    /**
     * The source.
     *
     * @param taps 0 for a product, else which kind of shifted ones, as shifted.cuh has it
     * @param run neighbouring columns that are neighbours in the result, where that is shifted
     */
    static GpuProgram program(
            Product p, HopperTiling t, boolean ta, boolean tb, int taps, int run) {
        List<String> files = new ArrayList<>(List.of("matmul_sm90.cuh"));
        if (taps > 0) {
            files.add("shifted.cuh");
        }
        files.addAll(List.of("tiles_sm90.cuh", "matmul_sm90.cu"));
        List<Object> defines = defines(p, t, ta, tb, taps, run);
        return p.cuda(files, HEADERS, defines.toArray());
    }

    private static final List<String> GATHERING =
            List.of(
                    "matmul_sm90.cuh",
                    "shifted.cuh",
                    "tiles_sm90.cuh",
                    "gathered_sm90.cuh",
                    "matmul_sm90.cu");

    /** The source of a weight gradient of one tap whose operands are gathered from images. */
    static GpuProgram gathering(Product p, HopperTiling t, int channels, int pixels) {
        List<Object> defines = defines(p, t, false, true, 3, 1);
        defines.addAll(List.of("GATHERED", 1, "CHANNELS", channels, "PIXELS", pixels));
        return p.cuda(GATHERING, HEADERS, defines.toArray());
    }

    private static List<Object> defines(
            Product p, HopperTiling t, boolean ta, boolean tb, int taps, int run) {
        List<Object> defines = new ArrayList<>();
        defines.addAll(List.of("BN", t.bn(), "STAGES", t.stages(), "CLUSTER", t.cluster()));
        defines.addAll(List.of("TA", ta ? 1 : 0, "TB", tb ? 1 : 0, "CVEC", vector(p) ? 1 : 0));
        defines.addAll(List.of("STAGED", t.staged() ? 1 : 0));
        defines.addAll(List.of("PARTIAL", t.splits() > 1 || taps > 1 ? 1 : 0));
        if (t.across()) {
            defines.addAll(List.of("ACROSS", 1));
        }
        if (taps > 0) {
            defines.addAll(List.of("TAPS", taps, "RUN", run));
        }
        return defines;
    }

    /** What stands behind the maps in the kernel's arguments. */
    static List<Object> args(Product p, HopperTiling t, Object part, Batch a, Batch b) {
        Object[] args = {
            p.c().arg(),
            p.c().offset(),
            p.c().ld(),
            p.finish().bias(),
            p.finish().residual(),
            p.residualOffset(),
            part,
            HopperTiling.sumColumns(p.n()),
            p.m(),
            p.n(),
            (int) t.tiles(),
            t.rows(),
            t.cols(),
            t.batches(),
            t.group(),
            t.slices(),
            t.depth(),
            a.div(),
            a.mod(),
            b.div(),
            b.mod()
        };
        return Arrays.asList(args);
    }

    /**
     * The launch of the product.
     *
     * @param shared bytes of shared memory
     */
    static void launch(
            GpuPlan.Builder plan,
            GpuProgram program,
            HopperTiling t,
            int shared,
            List<Object> args) {
        plan.launch(
                        program,
                        "matmul_hopper",
                        new int[] {t.clusters() * t.cluster(), 1, 1},
                        new int[] {384, 1, 1},
                        shared,
                        false,
                        args.toArray())
                .early();
    }

    /** The launch that adds the pieces of k. */
    static void sum(
            GpuPlan.Builder plan,
            GpuProgram program,
            Product p,
            HopperTiling t,
            Object part,
            Object... more) {
        int ldp = HopperTiling.sumColumns(p.n());
        Object[] args = {
            part,
            ldp,
            t.splits(),
            t.batches(),
            p.c().arg(),
            p.c().offset(),
            p.c().ld(),
            p.finish().bias(),
            p.finish().residual(),
            p.residualOffset(),
            p.m(),
            p.n()
        };
        List<Object> all = new ArrayList<>(Arrays.asList(args));
        all.addAll(Arrays.asList(more));
        plan.launch1d(
                        program,
                        "matmul_hopper_sum",
                        (long) t.batches() * p.m() * (ldp / 8),
                        256,
                        all.toArray())
                .early();
    }

    /**
     * An operand as the copy engine sees it: matrices of {@code lines} lines of {@code length}
     * elements; a box is {@link #SPAN} elements of each of {@code height} lines.
     */
    static GpuPlan.Arg map(
            Product.Operand x,
            DType type,
            int length,
            int lines,
            int step,
            Batch batch,
            int height) {
        // Strides along axes of extent 1 are not used, but must be such as the engine takes.
        long row = lines > 1 ? (long) step * BYTES : (length * 2L + 15) / 16 * 16;
        long matrix = batch.mod() > 1 ? (long) batch.stride() * BYTES : row * lines;
        return new GpuPlan.Arg.TensorMap(
                (GpuPlan.Arg) x.arg(),
                (long) x.offset() * BYTES,
                type,
                List.of((long) length, (long) lines, (long) batch.mod()),
                List.of(row, matrix),
                List.of(SPAN, height, 1),
                128);
    }
}
