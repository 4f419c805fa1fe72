package io.tatara.kernels.reduce;

import io.tatara.kernels.DType;
import io.tatara.kernels.Shape;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.gpu.GpuKernel;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuProgram;
import io.tatara.kernels.gpu.GpuTraits;
import java.util.List;

/** Sums and maxima over axes on CUDA, in 16-byte pieces; see reduce.cu. */
public final class ReduceCuda {
    private static final List<String> HEADERS = List.of("warp.cuh", "lanes.cuh", "rows.cuh");
    private static final int BLOCK = 256;

    /** Blocks that fill a large chip with some to spare; more chunks would only cost. */
    private static final int BLOCKS = 1024;

    /** Chunks of columns: what one launch reduces without chunks of its own. */
    private static final int COLUMN_CHUNKS = 512;

    /** Rows that a thread of columns adds up: enough to be worth its part of the tree, and most. */
    private static final int FEW_ROWS = 32;

    private static final int MOST_ROWS = 512;

    /** Elements of a chunk of a row: least and most. */
    private static final int SHORT_CHUNK = 1 << 14;

    private static final int LONG_CHUNK = 1 << 17;

    private ReduceCuda() {}

    static final GpuKernel<Reduce> KERNEL =
            new GpuKernel<>() {
                @Override
                public String variant() {
                    return "cuda";
                }

                @Override
                public boolean supports(Reduce op, TensorSpec[] in, GpuTraits traits) {
                    return ReduceCuda.supports(in[0], traits);
                }

                @Override
                public GpuPlan plan(
                        Reduce op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
                    Axes axes = op.axes(in[0].shape());
                    float divisor = op.kind() == ReduceKind.MEAN ? axes.count(in[0].shape()) : 1;
                    List<Pass> passes = Pass.of(in[0].shape(), axes);
                    return ReduceCuda.plan(op.kind(), passes, divisor, in[0].dtype());
                }
            };

    /** Whether this device's and tensor's sums are planned here: not those of nothing. */
    public static boolean supports(TensorSpec x, GpuTraits traits) {
        return traits.cuda(75) && x.size() > 0;
    }

    /**
     * A plan whose output is the sum of its input over axes.
     *
     * @param reduced by x's axes, whether to sum over it
     */
    public static GpuPlan sum(Shape x, boolean[] reduced, DType dtype) {
        return plan(ReduceKind.SUM, Pass.of(x, new Axes(reduced)), 1, dtype);
    }

    private static GpuPlan plan(ReduceKind kind, List<Pass> passes, float divisor, DType dtype) {
        GpuPlan.Builder plan = GpuPlan.builder();
        GpuPlan.Arg from = GpuPlan.in(0);
        DType type = dtype;
        for (int i = 0; i < passes.size(); i++) {
            Pass p = passes.get(i);
            while (p != null) {
                boolean rows = byRows(p, type);
                Tile tile = rows ? null : Tile.of(p, type);
                int chunks = rows ? rowChunks(p) : tile.chunks(p);
                int chunk = (p.reduce() - 1) / chunks + 1;
                if (rows) {
                    // Chunks begin where rows are aligned.
                    chunk = (chunk + 63) / 64 * 64;
                }
                chunks = (p.reduce() - 1) / chunk + 1;
                boolean last = chunks == 1 && i == passes.size() - 1;
                int results = Math.multiplyExact(p.results(), chunks);
                GpuPlan.Arg to = last ? GpuPlan.out(0) : plan.temporary(4L * results);
                Step step =
                        new Step(
                                kind,
                                p,
                                chunk,
                                chunks,
                                type,
                                last ? dtype : DType.FLOAT32,
                                last ? divisor : 1,
                                from,
                                to);
                if (rows) {
                    rows(plan, step);
                } else {
                    columns(plan, step, tile);
                }
                // Between launches numbers are float32 whatever the storage.
                from = to;
                type = DType.FLOAT32;
                p = chunks == 1 ? null : new Pass(p.outer(), chunks, p.inner());
            }
        }
        return plan.build();
    }

    private record Step(
            ReduceKind kind,
            Pass pass,
            int chunk,
            int chunks,
            DType type,
            DType toType,
            float divisor,
            GpuPlan.Arg from,
            GpuPlan.Arg to) {
        int results() {
            return pass.results() * chunks;
        }

        GpuProgram program(Object... defines) {
            Object[] all = new Object[defines.length + 8];
            System.arraycopy(defines, 0, all, 8, defines.length);
            Object[] common = {
                "STORAGE",
                GpuProgram.storage(type),
                "TO",
                GpuProgram.storage(toType),
                "MAXIMUM",
                kind == ReduceKind.MAX ? 1 : 0,
                "BLOCK",
                BLOCK
            };
            System.arraycopy(common, 0, all, 0, 8);
            return GpuProgram.cuda(ReduceCuda.class, "reduce.cu", HEADERS, all);
        }
    }

    private static int lanes(DType type) {
        return 16 / type.bytes();
    }

    /** Short rows that are not aligned are columns of one: a thread or a few take each. */
    private static boolean byRows(Pass p, DType type) {
        return p.inner() == 1 && (p.reduce() % lanes(type) == 0 || p.reduce() > 32);
    }

    private static int rowChunks(Pass p) {
        int fewest = (p.reduce() - 1) / LONG_CHUNK + 1;
        int most = (p.reduce() - 1) / SHORT_CHUNK + 1;
        return Math.max(fewest, Math.min(most, Math.max(1, BLOCKS / p.outer())));
    }

    private static void rows(GpuPlan.Builder plan, Step s) {
        int pieces = Math.min(s.chunk, s.pass.reduce()) / lanes(s.type);
        boolean odd = s.pass.reduce() % lanes(s.type) != 0;
        int width = odd ? 16 : 1;
        while (width < 32 && width * 4 < pieces) {
            width *= 2;
        }
        if (pieces > 256) {
            width = BLOCK;
        }
        int each = BLOCK / width;
        plan.launch(
                s.program("WIDTH", width, "ODD", odd ? 1 : 0),
                "reduce_rows",
                new int[] {(int) ((s.results() + (long) each - 1) / each), 1, 1},
                new int[] {BLOCK, 1, 1},
                s.from,
                s.to,
                s.results(),
                s.pass.reduce(),
                s.chunk,
                s.chunks,
                s.divisor);
    }

    /**
     * Threads of columns.
     *
     * @param vec columns of a thread
     * @param lx threads side by side
     * @param ly threads below each other
     */
    private record Tile(int vec, int lx, int ly) {
        static Tile of(Pass p, DType type) {
            int vec = p.inner() % lanes(type) == 0 ? lanes(type) : 1;
            int across = p.inner() / vec;
            int lx = 1;
            while (lx < 32 && lx < across) {
                lx *= 2;
            }
            // Columns of one chunk fill the chip by narrower tiles; 8 threads still read whole
            // lines.
            while (p.reduce() <= COLUMN_CHUNKS
                    && lx > 8
                    && (long) p.outer() * ((across - 1) / lx + 1) < BLOCKS / 8) {
                lx /= 2;
            }
            int ly = Integer.highestOneBit(Math.clamp(p.reduce() / 4, 1, BLOCK / lx));
            return new Tile(vec, lx, ly);
        }

        int across(Pass p) {
            return (p.inner() - 1) / (vec * lx) + 1;
        }

        int chunks(Pass p) {
            if (p.reduce() <= COLUMN_CHUNKS) {
                return 1;
            }
            int fewest = (p.reduce() - 1) / (ly * MOST_ROWS) + 1;
            int most = Math.min(COLUMN_CHUNKS, (p.reduce() - 1) / (ly * FEW_ROWS) + 1);
            int wanted = (int) Math.max(1, BLOCKS / ((long) p.outer() * across(p)));
            return Math.max(fewest, Math.min(most, wanted));
        }
    }

    private static void columns(GpuPlan.Builder plan, Step s, Tile tile) {
        int across = tile.across(s.pass);
        int all = Math.multiplyExact(Math.multiplyExact(s.pass.outer(), s.chunks), across);
        int each = BLOCK / (tile.lx * tile.ly);
        plan.launch(
                s.program("COLUMNS", 1, "VEC", tile.vec, "LX", tile.lx, "LY", tile.ly),
                "reduce_columns",
                new int[] {(int) ((all + (long) each - 1) / each), 1, 1},
                new int[] {BLOCK, 1, 1},
                s.from,
                s.to,
                all,
                across,
                s.pass.reduce(),
                s.pass.inner(),
                s.chunk,
                s.chunks,
                s.divisor);
    }
}
