package io.tatara.kernels.sdpa;

import io.tatara.kernels.DType;
import io.tatara.kernels.Op;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.gpu.GpuKernel;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuPlan.Arg;
import io.tatara.kernels.gpu.GpuProgram;
import io.tatara.kernels.gpu.GpuSources;
import io.tatara.kernels.gpu.GpuTraits;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Launches of scaled dot-product attention, its gradient and the key/value cache. */
final class SdpaGpu {
    /** Work-items of a group where no tile is made. */
    private static final int LOCAL = 64;

    /** Work-items that share a row of sdpa_delta. */
    private static final int LANES = 8;

    /** Parts into which the keys of a row are split at most. */
    private static final int SPLITS = 64;

    /* Flags of tiles.cl that the gradient adds to those of SdpaCall. */
    private static final int DOUTPUT = 32;
    private static final int DLOGSUM = 64;
    private static final int DSCORES = 128;

    private SdpaGpu() {}

    /** The plan of one op, as {@link GpuKernel#plan} has it. */
    interface Planner<O extends Op> {
        GpuPlan plan(O op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits);
    }

    /** A kernel for float32 and the half types, which are storage only. */
    static <O extends Op> GpuKernel<O> kernel(Planner<O> planner) {
        return new GpuKernel<>() {
            @Override
            public boolean supports(O op, TensorSpec[] in, GpuTraits traits) {
                return in[0].dtype() != DType.FLOAT64;
            }

            @Override
            public GpuPlan plan(O op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
                return planner.plan(op, in, out, traits);
            }
        };
    }

    static GpuPlan forward(
            ScaledDotProductAttention op, TensorSpec[] call, TensorSpec[] out, GpuTraits traits) {
        TensorSpec[] in = Arrays.copyOf(call, 5);
        SdpaCall s = SdpaCall.of(op.scale(), op.mask(), op.layout(), in);
        if (s.rows() == 0) {
            return GpuPlan.NOTHING;
        }
        GpuPlan.Builder plan = GpuPlan.builder();
        SdpaTiles t = SdpaTiles.of(s.packed(), traits);
        int tiles = SdpaTiles.ceil(s.packed(), t.rows());
        int cols = t.share(s.dv());
        int slices = t.slices(s.dv(), cols);
        int groups = s.n() * s.hkv() * tiles;
        int splits = splits(s, t, (long) groups * slices, traits);
        int per = SdpaTiles.ceil(SdpaTiles.ceil(s.tk(), t.columns()), splits) * t.columns();
        boolean split = splits > 1;
        Arg sums = split ? plan.temporary(4L * splits * s.rows()) : new Arg.Null();
        Arg maxima = split ? plan.temporary(4L * splits * s.rows()) : new Arg.Null();
        Arg parts = split ? plan.temporary(4L * splits * s.rows() * s.dv()) : new Arg.Null();
        GpuProgram program =
                program(s, "sdpa.cl", t.defines(), "COLS", cols, "SPLIT", split ? 1 : 0);
        Object[] before = {
            GpuPlan.in(0),
            GpuPlan.in(1),
            GpuPlan.in(2),
            optional(in, 3),
            optional(in, 4),
            GpuPlan.out(0),
            GpuPlan.out(1),
            sums,
            maxima,
            parts
        };
        plan.launch(
                program,
                "sdpa_forward",
                new int[] {groups, slices, splits},
                new int[] {t.items(), 1, 1},
                s.arguments(s.flags(), before, tiles, per, s.rows()));
        if (split) {
            plan.launch(
                    program,
                    "sdpa_combine",
                    new int[] {s.rows(), 1, 1},
                    new int[] {Math.min(LOCAL, traits.maxWorkGroup()), 1, 1},
                    sums,
                    maxima,
                    parts,
                    GpuPlan.out(0),
                    GpuPlan.out(1),
                    s.heads(),
                    s.tq(),
                    s.dv(),
                    splits,
                    s.rows(),
                    s.flags());
        }
        return plan.build();
    }

    /**
     * Parts into which the keys are split: as many as give every compute unit two groups, each at
     * least a tile; one where there are groups enough, or more partial sums than an int counts.
     */
    private static int splits(SdpaCall s, SdpaTiles t, long groups, GpuTraits traits) {
        long want = (2L * traits.computeUnits() + groups - 1) / groups;
        int most = Math.min(SPLITS, SdpaTiles.ceil(s.tk(), t.columns()));
        int splits = (int) Math.max(1, Math.min(want, most));
        return (long) splits * s.rows() * s.dv() > Integer.MAX_VALUE ? 1 : splits;
    }

    static GpuPlan gradient(
            ScaledDotProductAttentionGradient op,
            TensorSpec[] call,
            TensorSpec[] out,
            GpuTraits traits) {
        TensorSpec[] in = Arrays.copyOf(call, 9);
        SdpaCall s = SdpaCall.of(op.scale(), op.mask(), op.layout(), in);
        GpuPlan.Builder plan = GpuPlan.builder();
        Arg doutput = optional(in, 7);
        Arg dlogsum = optional(in, 8);
        int flags =
                s.flags()
                        | (in[7] != null ? DOUTPUT : 0)
                        | (in[8] != null ? DLOGSUM : 0)
                        | (op.scores() ? DSCORES : 0);
        Arg delta = plan.temporary(4L * s.rows());
        int local = Math.min(LOCAL, Integer.highestOneBit(traits.maxWorkGroup()));
        SdpaTiles tq = SdpaTiles.of(s.packed(), traits);
        int queryCols = tq.share(s.d());
        GpuProgram queries =
                program(
                        s,
                        "gradient.cl",
                        tq.defines(),
                        "COLS_K",
                        queryCols,
                        "COLS_V",
                        1,
                        "LOCAL",
                        local);
        plan.launch(
                queries,
                "sdpa_delta",
                new int[] {SdpaTiles.ceil(s.rows(), local / LANES), 1, 1},
                new int[] {local, 1, 1},
                GpuPlan.in(5),
                doutput,
                dlogsum,
                delta,
                s.heads(),
                s.tq(),
                s.dv(),
                s.rows(),
                flags);
        Object[] inputs = {
            GpuPlan.in(0),
            GpuPlan.in(1),
            GpuPlan.in(2),
            optional(in, 3),
            optional(in, 4),
            doutput,
            GpuPlan.in(6),
            delta
        };
        int queryTiles = SdpaTiles.ceil(s.packed(), tq.rows());
        plan.launch(
                queries,
                "sdpa_dquery",
                new int[] {s.n() * s.hkv() * queryTiles, tq.slices(s.d(), queryCols), 1},
                new int[] {tq.items(), 1, 1},
                s.arguments(
                        flags,
                        join(inputs, GpuPlan.out(0), op.scores() ? GpuPlan.out(3) : new Arg.Null()),
                        queryTiles));
        SdpaTiles tk = SdpaTiles.of(s.tk(), traits);
        int colsK = tk.share(s.d());
        int colsV = tk.share(s.dv());
        int keyTiles = SdpaTiles.ceil(s.tk(), tk.rows());
        GpuProgram keys =
                program(
                        s,
                        "gradient.cl",
                        tk.defines(),
                        "COLS_K",
                        colsK,
                        "COLS_V",
                        colsV,
                        "LOCAL",
                        local);
        plan.launch(
                keys,
                "sdpa_dkeys",
                new int[] {
                    s.n() * s.hkv() * keyTiles,
                    Math.max(tk.slices(s.d(), colsK), tk.slices(s.dv(), colsV)),
                    1
                },
                new int[] {tk.items(), 1, 1},
                s.arguments(flags, join(inputs, GpuPlan.out(1), GpuPlan.out(2)), keyTiles));
        return plan.build();
    }

    static GpuPlan append(CacheAppend op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        boolean sequenceFirst = op.layout() == HeadLayout.SEQUENCE_FIRST;
        int h = sequenceFirst ? 2 : 1;
        int t = sequenceFirst ? 1 : 2;
        int count = in[1].size();
        GpuPlan.Builder plan = GpuPlan.builder();
        plan.launch1d(
                GpuProgram.resource(
                        SdpaGpu.class,
                        "cache.cl",
                        "STORAGE",
                        GpuProgram.storage(in[0].dtype()),
                        "SEQUENCE_FIRST",
                        sequenceFirst ? 1 : 0),
                "cache_append",
                count,
                LOCAL,
                GpuPlan.in(1),
                GpuPlan.in(2),
                GpuPlan.out(0),
                in[1].shape().dim(h),
                in[1].shape().dim(t),
                in[0].shape().dim(t),
                in[0].shape().dim(3),
                count);
        return plan.build();
    }

    private static Arg optional(TensorSpec[] in, int i) {
        return in[i] == null ? new Arg.Null() : GpuPlan.in(i);
    }

    /** A source of this room behind tiles.cl, with the storage type. */
    private static GpuProgram program(SdpaCall s, String file, Object[] tiles, Object... more) {
        Object[] common = {"STORAGE", GpuProgram.storage(s.dtype())};
        StringBuilder text = new StringBuilder();
        for (String f : List.of("tiles.cl", file)) {
            text.append("#line 1 \"sdpa/").append(f).append("\"\n");
            text.append(GpuSources.load(SdpaGpu.class, f));
        }
        return GpuProgram.of("sdpa/" + file, text.toString(), join(join(common, tiles), more));
    }

    private static Object[] join(Object[] x, Object... y) {
        List<Object> all = new ArrayList<>(Arrays.asList(x));
        all.addAll(Arrays.asList(y));
        return all.toArray();
    }
}
