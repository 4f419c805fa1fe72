package io.tatara.kernels.sdpa;

import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.gpu.GpuKernel;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuProgram;
import io.tatara.kernels.gpu.GpuTraits;

/**
 * {@code sdpa_sm80.cu}: attention of float16 and bfloat16 on the matrix units of compute capability
 * 8.0 and later. Head sizes that are multiples of 8, at most 256 (128 with a bias); a positive
 * scale. A value of NaN or infinity that a query does not see by a causal mask or a bias of −∞ must
 * not be there: its weight 0 is multiplied by it. What lies behind a sequence's length is not read.
 */
final class SdpaSm80 implements GpuKernel<ScaledDotProductAttention> {
    /** Tiles of keys that a split has at least. */
    private static final int LEAST_TILES = 2;

    private static final int MOST_SPLITS = 64;

    /** Rows of a tile whose warps stand side by side along the keys. */
    private static final int SHORT = 16;

    /**
     * How a block works.
     *
     * @param mi blocks of 16 rows that a warp takes
     * @param down warps along the queries
     * @param across warps along the keys
     * @param keys of a tile
     * @param stages slots of shared memory; of a choice, at most
     */
    record Tile(int mi, int down, int across, int keys, int stages) {
        int rows() {
            return mi * down * 16;
        }

        int threads() {
            return down * across * 32;
        }

        int shared(int d, int dv) {
            int queries = rows() * Math.max(d, dv) * 2;
            int slots = stages * keys * (d + dv) * 2;
            int merged = across == 1 ? 0 : across * SHORT * (dv + 4 + 2) * 4;
            return queries + Math.max(slots, merged);
        }

        Tile stages(int s) {
            return new Tile(mi, down, across, keys, s);
        }
    }

    @Override
    public String variant() {
        return "sm80";
    }

    @Override
    public boolean supports(ScaledDotProductAttention op, TensorSpec[] in, GpuTraits traits) {
        SdpaShape s = SdpaShape.of(op.layout(), in[0], in[1], in[2]);
        return traits.cuda(80)
                && op.scale() > 0
                && fits(in, s)
                && tile(op, s, in, false, traits) != null;
    }

    /**
     * Whether rows are whole pieces of 16 bytes that registers have room for, a bias's addresses
     * besides where there is one.
     */
    static boolean fits(TensorSpec[] in, SdpaShape s) {
        return in[0].dtype().isHalf()
                && s.d() % 8 == 0
                && s.dv() % 8 == 0
                && Math.max(s.d(), s.dv()) <= (in[4] == null ? 256 : 128);
    }

    /** A head size as tiles have it. */
    static int padded(int d) {
        return (d + 15) / 16 * 16;
    }

    /** With two slots where two blocks have room for them, else with what gives two blocks. */
    private static Tile tile(
            ScaledDotProductAttention op,
            SdpaShape s,
            TensorSpec[] in,
            boolean few,
            GpuTraits traits) {
        int d = padded(s.d());
        int dv = padded(s.dv());
        Tile t = few ? new Tile(1, 1, 4, 64, 2) : tile(op, in, d, dv, traits);
        int two = (traits.maxShared() + 1024) / 2 - 1024;
        int one = traits.maxShared();
        for (int room : new int[] {two, one}) {
            for (int stages = t.stages(); stages >= 1; stages--) {
                if (t.stages(stages).shared(d, dv) <= room) {
                    return t.stages(stages);
                }
            }
        }
        return null;
    }

    /** What 255 registers hold: sums of a warp's rows, scores, and what tells who sees whom. */
    private static Tile tile(
            ScaledDotProductAttention op, TensorSpec[] in, int d, int dv, GpuTraits traits) {
        int wide = Math.max(d, dv);
        if (in[4] != null || wide > 128) {
            return new Tile(1, 4, 1, wide <= 128 ? 64 : 32, 2);
        }
        boolean plain = op.mask() != AttentionMask.CAUSAL_END && in[3] == null;
        if (op.mask() == AttentionMask.NONE && wide > 64 && traits.arch() == 90) {
            // Without a mask the compiler's code for 9.0 takes more of them, but for these sizes.
            boolean best = d == 128 && dv == 128 && plain;
            return new Tile(2, 4, 1, best ? 64 : 32, best || d < 64 ? 1 : 2);
        }
        return new Tile(2, 4, 1, wide <= 64 && plain ? 64 : 32, 2);
    }

    @Override
    public GpuPlan plan(
            ScaledDotProductAttention op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        SdpaShape s = SdpaShape.of(op.layout(), in[0], in[1], in[2]);
        if (s.n() == 0 || s.h() == 0 || s.tq() == 0) {
            return GpuPlan.NOTHING;
        }
        Tile t = tile(op, s, in, false, traits);
        int together = s.tq() * s.group();
        int usual = blocks(s.tq(), t) * s.n() * s.h();
        boolean few = together <= SHORT || together <= 4 * SHORT && usual < traits.computeUnits();
        int pack = few ? s.group() : 1;
        if (few) {
            t = tile(op, s, in, true, traits);
        }
        int groups = blocks(s.tq() * pack, t) * s.n() * (s.h() / pack);
        int tiles = Math.max(1, ceil(s.tk(), t.keys()));
        int wanted = Math.min(2 * traits.computeUnits() / groups, tiles / LEAST_TILES);
        int per = few ? ceil(tiles, Math.clamp(wanted, 1, MOST_SPLITS)) : tiles;
        int splits = ceil(tiles, per);

        GpuPlan.Builder plan = GpuPlan.builder();
        long results = (long) s.n() * s.h() * s.tq();
        GpuPlan.Arg partial =
                splits == 1 ? null : plan.temporary(4 * results * splits * (s.dv() + 1));
        SdpaArgs args = SdpaArgs.of(op.layout(), s);
        GpuProgram program = program(op, in, s, t, splits > 1);
        plan.launch(
                program,
                "sdpa_sm80",
                new int[] {groups, splits, 1},
                new int[] {t.threads(), 1, 1},
                t.shared(padded(s.d()), padded(s.dv())),
                false,
                args.inputs(in)
                        .add(GpuPlan.out(0), GpuPlan.out(1), partial)
                        .add(s.n(), s.h(), s.group(), pack, s.tq(), s.tk(), s.d(), s.dv(), per)
                        .strides(in[4])
                        .add(op.scale())
                        .array());
        if (splits > 1) {
            plan.launch(
                    program,
                    "sdpa_sm80_combine",
                    new int[] {Math.toIntExact((results + 3) / 4), 1, 1},
                    new int[] {128, 1, 1},
                    SdpaArgs.of(op.layout(), s)
                            .add(partial, GpuPlan.out(0), GpuPlan.out(1))
                            .add(s.n(), s.h(), s.tq(), s.dv(), splits)
                            .outputStrides()
                            .array());
        }
        return plan.build();
    }

    private static GpuProgram program(
            ScaledDotProductAttention op, TensorSpec[] in, SdpaShape s, Tile t, boolean split) {
        int d = padded(s.d());
        boolean held = d <= 64 && padded(s.dv()) <= 64;
        return SdpaArgs.program(
                "sdpa_sm80.cu",
                op.mask(),
                in,
                "D",
                d,
                "DV",
                padded(s.dv()),
                "MI",
                t.mi(),
                "WARPS_M",
                t.down(),
                "WARPS_N",
                t.across(),
                "BN",
                t.keys(),
                "STAGES",
                t.stages(),
                "QREG",
                held ? 1 : 0,
                "BLOCKS",
                2,
                "SPLIT",
                split ? 1 : 0);
    }

    private static int blocks(int rows, Tile t) {
        return ceil(rows, t.rows());
    }

    static int ceil(int a, int b) {
        return (a + b - 1) / b;
    }
}
