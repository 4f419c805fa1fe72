package io.tatara.kernels.sdpa;

import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.gpu.GpuKernel;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuProgram;
import io.tatara.kernels.gpu.GpuTraits;

/**
 * {@code sdpa_sm80_backward.cu}: gradients of attention on the matrix units, for what {@link
 * SdpaSm80} takes (the scale may be any), where dOutput is there and dScores is not asked for.
 */
final class SdpaSm80Gradient implements GpuKernel<ScaledDotProductAttentionGradient> {
    private static final int WARPS = 4;

    /** Queries of a head in the statistics are padded to a multiple of the largest tile. */
    private static final int PADDING = 64;

    private static final int ROWS_THREADS = 128;

    /**
     * How a block works.
     *
     * @param queries whether it owns queries, for dQ; else keys
     * @param mi blocks of 16 own rows of a warp
     * @param other rows of a tile that passes by
     * @param stages slots
     * @param first whether dQ or dK is summed
     * @param second whether dV is
     */
    private record Tile(
            boolean queries, int mi, int other, int stages, boolean first, boolean second) {
        int own() {
            return WARPS * mi * 16;
        }

        int shared(int d, int dv) {
            int slot = other * (d + dv) * 2 + (queries ? 0 : other * 8);
            return own() * (d + dv) * 2 + stages * slot;
        }

        /** With two slots where two blocks have room for them, else what gives two blocks. */
        Tile fitted(int d, int dv, GpuTraits traits) {
            int two = (traits.maxShared() + 1024) / 2 - 1024;
            for (int room : new int[] {two, traits.maxShared()}) {
                for (int s = 2; s >= 1; s--) {
                    Tile t = new Tile(queries, mi, other, s, first, second);
                    if (t.shared(d, dv) <= room) {
                        return t;
                    }
                }
            }
            return null;
        }
    }

    @Override
    public String variant() {
        return "sm80";
    }

    @Override
    public boolean supports(
            ScaledDotProductAttentionGradient op, TensorSpec[] in, GpuTraits traits) {
        SdpaShape s = SdpaShape.of(op.layout(), in[0], in[1], in[2]);
        boolean asked = !op.scores() && in[7] != null && op.scale() > 0;
        // A bias's addresses and the sums of 128 features each are too much for the registers.
        asked &= in[4] == null || s.d() + s.dv() <= 192;
        if (!traits.cuda(80) || !asked || !SdpaSm80.fits(in, s)) {
            return false;
        }
        int d = SdpaSm80.padded(s.d());
        int dv = SdpaSm80.padded(s.dv());
        boolean bias = in[4] != null;
        return byQueries(d, dv, in, traits).fitted(d, dv, traits) != null
                && byKeys(d, dv, bias, true, true).fitted(d, dv, traits) != null;
    }

    /** What 255 registers hold of sums, scores and their gradients. */
    private static Tile byQueries(int d, int dv, TensorSpec[] in, GpuTraits traits) {
        int wide = Math.max(d, dv);
        if (in[4] != null) {
            return new Tile(true, 1, 32, 1, true, false);
        }
        boolean best = traits.arch() == 90 && d == 64 && dv == 64 && in[3] == null;
        return wide <= 64
                ? new Tile(true, 2, best ? 64 : 32, 1, true, false)
                : new Tile(true, 1, wide <= 128 ? 64 : 16, 1, true, false);
    }

    private static Tile byKeys(int d, int dv, boolean bias, boolean first, boolean second) {
        int other = d + dv <= 128 ? 64 : d + dv <= 256 ? 32 : 16;
        return new Tile(false, 1, bias ? other / 2 : other, 1, first, second);
    }

    @Override
    public GpuPlan plan(
            ScaledDotProductAttentionGradient op,
            TensorSpec[] in,
            TensorSpec[] out,
            GpuTraits traits) {
        SdpaShape s = SdpaShape.of(op.layout(), in[0], in[1], in[2]);
        GpuPlan.Builder plan = GpuPlan.builder();
        if (s.n() == 0 || s.h() == 0) {
            return plan.build();
        }
        int d = SdpaSm80.padded(s.d());
        int dv = SdpaSm80.padded(s.dv());
        int padded = SdpaSm80.ceil(s.tq(), PADDING) * PADDING;
        long rows = (long) s.n() * s.h() * padded;
        GpuPlan.Arg stats = plan.temporary(rows * 8);
        boolean bias = in[4] != null;
        boolean both = d + dv <= 256;
        rows(plan, op, in, s, traits, stats, padded);
        if (both) {
            launch(plan, op, in, s, byKeys(d, dv, bias, true, true), traits, stats, padded);
        } else {
            launch(plan, op, in, s, byKeys(d, dv, bias, true, false), traits, stats, padded);
            launch(plan, op, in, s, byKeys(d, dv, bias, false, true), traits, stats, padded);
        }
        launch(plan, op, in, s, byQueries(d, dv, in, traits), traits, stats, padded);
        return plan.build();
    }

    private static void rows(
            GpuPlan.Builder plan,
            ScaledDotProductAttentionGradient op,
            TensorSpec[] in,
            SdpaShape s,
            GpuTraits traits,
            GpuPlan.Arg stats,
            int padded) {
        long rows = (long) s.n() * s.h() * padded;
        int lanes = lanes(s);
        long groups = (rows * lanes + ROWS_THREADS - 1) / ROWS_THREADS;
        int d = SdpaSm80.padded(s.d());
        Tile t = byQueries(d, SdpaSm80.padded(s.dv()), in, traits);
        plan.launch(
                program(op, in, s, t),
                "sdpa_sm80_rows",
                new int[] {Math.toIntExact(groups), 1, 1},
                new int[] {ROWS_THREADS, 1, 1},
                SdpaArgs.of(op.layout(), s)
                        .add(GpuPlan.in(5), GpuPlan.in(6), GpuPlan.in(7))
                        .add(in[8] == null ? null : GpuPlan.in(8), stats)
                        .add(s.n(), s.h(), s.tq(), padded, s.dv())
                        .outputStrides()
                        .array());
    }

    /** Lanes that share a row of values. */
    private static int lanes(SdpaShape s) {
        int pieces = s.dv() / 8;
        return pieces == 1 ? 1 : Integer.highestOneBit(pieces - 1) * 2;
    }

    private static void launch(
            GpuPlan.Builder plan,
            ScaledDotProductAttentionGradient op,
            TensorSpec[] in,
            SdpaShape s,
            Tile choice,
            GpuTraits traits,
            GpuPlan.Arg stats,
            int padded) {
        int d = SdpaSm80.padded(s.d());
        int dv = SdpaSm80.padded(s.dv());
        Tile t = choice.fitted(d, dv, traits);
        int tiles = SdpaSm80.ceil(t.queries() ? s.tq() : s.tk(), t.own());
        int groups = Math.multiplyExact(tiles, s.n() * (t.queries() ? s.h() : s.hkv()));
        plan.launch(
                program(op, in, s, t),
                "sdpa_sm80_gradient",
                new int[] {groups, 1, 1},
                new int[] {WARPS * 32, 1, 1},
                t.shared(d, dv),
                false,
                SdpaArgs.of(op.layout(), s)
                        .inputs(in)
                        .add(GpuPlan.in(7), stats)
                        .add(t.queries() ? GpuPlan.out(0) : GpuPlan.out(1))
                        .add(t.second() ? GpuPlan.out(2) : null)
                        .add(s.n(), s.h(), s.group(), s.tq(), s.tk(), padded, s.d(), s.dv())
                        .strides(in[4])
                        .add(op.scale())
                        .array());
    }

    private static GpuProgram program(
            ScaledDotProductAttentionGradient op, TensorSpec[] in, SdpaShape s, Tile t) {
        return SdpaArgs.program(
                "sdpa_sm80_backward.cu",
                op.mask(),
                in,
                "D",
                SdpaSm80.padded(s.d()),
                "DV",
                SdpaSm80.padded(s.dv()),
                "MI",
                t.mi(),
                "WARPS",
                WARPS,
                "OTHER",
                t.other(),
                "STAGES",
                t.stages(),
                "BLOCKS",
                2,
                "QUERIES",
                t.queries() ? 1 : 0,
                "KEY_SUM",
                t.first() ? 1 : 0,
                "VALUE_SUM",
                t.second() ? 1 : 0,
                "ROW_LANES",
                lanes(s));
    }
}
