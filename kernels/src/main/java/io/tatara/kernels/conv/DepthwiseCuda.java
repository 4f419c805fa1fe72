package io.tatara.kernels.conv;

import io.tatara.kernels.DType;
import io.tatara.kernels.Op;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.gpu.GpuKernel;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuProgram;
import io.tatara.kernels.gpu.GpuTraits;
import io.tatara.kernels.pointwise.Activation;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Depthwise convolutions with as many channels behind as before, and their gradients, on CUDA; see
 * depthwise.cu.
 *
 * @param kind what an op asks for
 * @param form of the tile, null for what {@link DepthwiseTile} chooses
 * @param block threads of a block; weight gradients of few tiles take 64
 */
record DepthwiseCuda<O extends Op>(Kind<O> kind, DepthwiseTile.Form form, int block)
        implements GpuKernel<O> {
    private static final int BLOCK = 128;

    private DepthwiseCuda(Kind<O> kind) {
        this(kind, null, BLOCK);
    }

    /** How an op of this room describes itself. */
    interface Kind<O extends Op> {
        ConvShape shape(O op, TensorSpec[] in);

        default boolean gradient() {
            return false;
        }

        default boolean weight() {
            return false;
        }

        /** The layer where it is one that kernels for depthwise layers take, else null. */
        default ConvShape depthwise(O op, TensorSpec[] in, GpuTraits traits) {
            ConvShape s = shape(op, in);
            return traits.cuda(75) && s.depthwise() && s.mg() == 1 && s.n() > 0 ? s : null;
        }
    }

    static final DepthwiseCuda<Conv2d> CONV = new DepthwiseCuda<>((op, in) -> op.shape(in));

    static final DepthwiseCuda<Conv2dDataGradient> DATA =
            new DepthwiseCuda<>(
                    new Kind<>() {
                        @Override
                        public ConvShape shape(Conv2dDataGradient op, TensorSpec[] in) {
                            return op.shape(in);
                        }

                        @Override
                        public boolean gradient() {
                            return true;
                        }
                    });

    static final DepthwiseCuda<Conv2dWeightGradient> WEIGHT =
            new DepthwiseCuda<>(
                    new Kind<>() {
                        @Override
                        public ConvShape shape(Conv2dWeightGradient op, TensorSpec[] in) {
                            return op.shape(in);
                        }

                        @Override
                        public boolean weight() {
                            return true;
                        }
                    });

    @Override
    public String variant() {
        String tile =
                form == null ? "" : "/%dx%dx%d".formatted(form.rows(), form.word(), form.words());
        return "depthwise" + tile + (block == BLOCK ? "" : "/" + block);
    }

    @Override
    public boolean supports(O op, TensorSpec[] in, GpuTraits traits) {
        ConvShape s = kind.depthwise(op, in, traits);
        if (s == null) {
            return false;
        }
        if (kind.weight() && (s.c() > GpuPlan.SEMAPHORES || s.taps() > 25)) {
            return false;
        }
        DepthwiseTile tile = tile(s, in);
        if (tile == null || tile.tiles() * s.n() * s.c() >= Integer.MAX_VALUE - 1024) {
            return false;
        }
        // Else a row's last tile has columns of no results, and a NaN of the source there would
        // meet their zeros.
        return !kind.weight() || s.wo() % tile.ox() == 0;
    }

    @Override
    public List<GpuKernel<O>> candidates(O op, TensorSpec[] in, GpuTraits traits) {
        ConvShape s = kind.shape(op, in);
        int lanes = 16 / in[0].dtype().bytes();
        Set<DepthwiseTile> tiles = new HashSet<>();
        tiles.add(tile(s, in));
        List<DepthwiseCuda<O>> all = new ArrayList<>();
        for (int rows : new int[] {1, 2, 3, 4, 7, 8}) {
            for (int word : new int[] {lanes, lanes / 2, lanes / 4}) {
                for (int words = 1; word == lanes && words <= 2 || words == 1; words++) {
                    DepthwiseTile.Form f = new DepthwiseTile.Form(rows, word, words);
                    DepthwiseCuda<O> k = new DepthwiseCuda<>(kind, f, BLOCK);
                    DepthwiseTile t = k.tile(s, in);
                    if (t != null && tiles.add(t)) {
                        all.add(k);
                    }
                }
            }
        }
        if (!kind.weight()) {
            all.add(new DepthwiseCuda<>(kind, form, 64));
            all.add(new DepthwiseCuda<>(kind, form, 256));
        }
        return all.stream()
                .filter(k -> k.supports(op, in, traits))
                .<GpuKernel<O>>map(k -> k)
                .toList();
    }

    private DepthwiseTile tile(ConvShape s, TensorSpec[] in) {
        int bytes = in[0].dtype().bytes();
        return form != null
                ? DepthwiseTile.of(s, kind.gradient(), bytes, form)
                : kind.weight()
                        ? DepthwiseTile.wide(s, false, bytes)
                        : DepthwiseTile.of(s, kind.gradient(), bytes);
    }

    @Override
    public GpuPlan plan(O op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        ConvShape s = kind.shape(op, in);
        DepthwiseTile tile = tile(s, in);
        return kind.weight() ? weight(s, tile, in, traits) : sums(op, s, tile, in);
    }

    private GpuPlan sums(O op, ConvShape s, DepthwiseTile tile, TensorSpec[] in) {
        Activation f = op instanceof Conv2d c ? c.epilogue().activation() : Activation.NONE;
        Object[] buffers = ConvGpu.buffers(in);
        List<Object> args = new ArrayList<>(java.util.Arrays.asList(buffers));
        boolean g = kind.gradient();
        int tiles = (int) (tile.tiles() * s.n() * s.c());
        args.addAll(List.of(s.c(), g ? s.ho() : s.h(), g ? s.wo() : s.w()));
        args.addAll(List.of(g ? s.h() : s.ho(), g ? s.w() : s.wo()));
        args.add(tiles);
        List<Object> defines = ConvGpu.finish(buffers, f);
        defines.addAll(List.of("RESIDENT", tile.resident(block)));
        GpuProgram program = program("depthwise.cu", tile, in[0].dtype(), block, defines);
        return GpuPlan.builder()
                .launch1d(program, "depthwise", tiles, block, args.toArray())
                .build();
    }

    private static GpuPlan weight(
            ConvShape s, DepthwiseTile tile, TensorSpec[] in, GpuTraits traits) {
        int tiles = (int) (tile.tiles() * s.n());
        int block = tiles <= 64 ? 64 : BLOCK;
        // Enough blocks for every multiprocessor, each of two tiles a thread or more.
        int wanted = ConvGpu.ceil(8 * traits.computeUnits(), s.c());
        int parts = Math.clamp(wanted, 1, Math.clamp(tiles / (2 * block), 1, 1024));
        int each = ConvGpu.ceil(tiles, parts);
        parts = ConvGpu.ceil(tiles, each);
        GpuPlan.Builder plan = GpuPlan.builder();
        GpuPlan.Arg partial = parts > 1 ? plan.temporary(4L * parts * s.c() * s.taps()) : null;
        return plan.launch(
                        program("depthwise.cu", tile, in[0].dtype(), block, List.of("WEIGHT", 1)),
                        "depthwise_weight",
                        new int[] {parts, s.c(), 1},
                        new int[] {block, 1, 1},
                        GpuPlan.in(0),
                        GpuPlan.in(1),
                        GpuPlan.out(0),
                        partial,
                        parts > 1 ? new GpuPlan.Arg.Semaphores() : null,
                        s.c(),
                        s.h(),
                        s.w(),
                        s.ho(),
                        s.wo(),
                        tiles,
                        each)
                .build();
    }

    static GpuProgram program(
            String file, DepthwiseTile tile, DType type, int block, List<Object> more) {
        List<Object> defines = new ArrayList<>(tile.defines());
        defines.addAll(more);
        defines.addAll(List.of("STORAGE", GpuProgram.storage(type), "BLOCK", block));
        return GpuProgram.of(
                        "conv/" + file,
                        ConvGpu.text("sums.cl")
                                + ConvGpu.text("depthwise.cuh")
                                + ConvGpu.text(file),
                        defines.toArray())
                .withHeaders(List.of("warp.cuh", "lanes.cuh", "grid.cuh"));
    }
}
