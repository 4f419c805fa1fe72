package io.tatara.kernels.causal;

import static io.tatara.kernels.causal.CausalGpu.arg;
import static io.tatara.kernels.causal.CausalGpu.flag;
import static io.tatara.kernels.causal.CausalGpu.up;

import io.tatara.kernels.DType;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.gpu.GpuKernel;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuProgram;
import io.tatara.kernels.gpu.GpuSources;
import io.tatara.kernels.gpu.GpuTraits;
import java.util.List;

/**
 * The gated layer in one launch on CUDA; see layer_sm80.cu (float16 and bfloat16, on the matrix
 * units) and layer_simt.cu (float32).
 */
final class LayerCuda implements GpuKernel<GatedCausalLayer> {
    private static final List<String> HEADERS = List.of("warp.cuh", "tensor.cuh", "lanes.cuh");
    private static final int THREADS = 256;
    private static final int MOST_TAPS = 8;

    /** Samples of a tile. */
    private static final int TILE = 64;

    /** Parts of a float32 block that share the weights alone, each with a tile of its own. */
    private static final int TEAMS = 2;

    /**
     * 16-bit blocks that registers let a multiprocessor hold; the compiler for 8.0 needs some more.
     */
    private static int blocks(GpuTraits traits) {
        return traits.arch() < 86 ? 1 : 2;
    }

    @Override
    public String variant() {
        return "cuda";
    }

    private static int skips(TensorSpec[] in) {
        return in[GatedCausalLayer.SKIP_WEIGHT].shape().dim(0);
    }

    /** Bytes of shared memory: both weights, the windows, z and beginnings of sums. */
    private static long shared(CausalShape s, int skips, boolean half, int windows) {
        long terms = (long) s.c() * s.k();
        long d = s.m() / 2;
        long outs = s.c() + skips;
        if (half) {
            long pad = 16;
            return 2 * d * (terms * 2 + pad)
                    + outs * (d * 2 + pad)
                    + (windows * terms + d) * TILE * 2
                    + 8 * (2 * d + outs);
        }
        return 4 * (terms * (2 * d + 4) + d * (outs + 4) + TEAMS * (terms + d) * TILE);
    }

    /** Blocks that a multiprocessor holds at once; each takes a kilobyte besides its own. */
    private static int resident(long shared, boolean half, GpuTraits traits) {
        long most = half ? blocks(traits) : 1;
        return (int) Math.clamp((traits.maxShared() + 1024) / (shared + 1024), 1, most);
    }

    /** Two windows in turn where that costs no resident block. */
    private static int windows(CausalShape s, int skips, boolean half, GpuTraits traits) {
        long two = shared(s, skips, half, 2);
        int resident = resident(shared(s, skips, half, 1), half, traits);
        return half && two <= traits.maxShared() && resident(two, half, traits) == resident ? 2 : 1;
    }

    @Override
    public boolean supports(GatedCausalLayer op, TensorSpec[] in, GpuTraits traits) {
        if (!traits.cuda(80)) {
            return false;
        }
        CausalShape s = op.shape(in);
        int skips = skips(in);
        boolean half = in[0].dtype().isHalf();
        int unit = half ? 16 : 8;
        boolean fits = s.c() % unit == 0 && s.m() / 2 % unit == 0 && skips % unit == 0;
        return fits
                && s.c() > 0
                && s.m() > 0
                && s.n() > 0
                && s.t() > 0
                && s.k() <= MOST_TAPS
                && shared(s, skips, half, 1) <= traits.maxShared();
    }

    @Override
    public GpuPlan plan(GatedCausalLayer op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
        CausalShape s = op.shape(in);
        int skips = skips(in);
        boolean half = in[0].dtype().isHalf();
        int lanes = 16 / in[0].dtype().bytes();
        int windows = windows(s, skips, half, traits);
        int shared = (int) shared(s, skips, half, windows);
        int blocks = up(s.t(), TILE);
        int tiles = Math.multiplyExact(s.n(), blocks);
        int resident = resident(shared, half, traits);
        TensorSpec condition = in[GatedCausalLayer.CONDITION];
        GpuPlan.Builder plan = GpuPlan.builder();
        plan.launch(
                program(
                        op,
                        s,
                        in,
                        condition == null ? 0 : condition.shape().rank() - 1,
                        lanes,
                        windows,
                        resident),
                half ? "layer_sm80" : "layer_simt",
                new int[] {Math.min(tiles, resident * traits.computeUnits()), 1, 1},
                new int[] {THREADS, 1, 1},
                shared,
                false,
                new Object[] {
                    GpuPlan.in(GatedCausalLayer.X),
                    arg(in, GatedCausalLayer.STATE),
                    GpuPlan.in(GatedCausalLayer.WEIGHT),
                    arg(in, GatedCausalLayer.BIAS),
                    arg(in, GatedCausalLayer.CONDITION),
                    GpuPlan.in(GatedCausalLayer.RESIDUAL_WEIGHT),
                    arg(in, GatedCausalLayer.RESIDUAL_BIAS),
                    GpuPlan.in(GatedCausalLayer.SKIP_WEIGHT),
                    arg(in, GatedCausalLayer.SKIP_BIAS),
                    arg(in, GatedCausalLayer.SKIP),
                    GpuPlan.out(0),
                    GpuPlan.out(1),
                    op.keep() ? GpuPlan.out(2) : null,
                    s.t(),
                    s.d(),
                    blocks,
                    tiles
                });
        if (op.carry()) {
            CausalGpu.carry(
                    plan, s, in, GatedCausalLayer.STATE, op.carried(), CausalGpu.local(traits));
        }
        return plan.build();
    }

    private static GpuProgram program(
            GatedCausalLayer op,
            CausalShape s,
            TensorSpec[] in,
            int condition,
            int lanes,
            int windows,
            int resident) {
        DType type = in[0].dtype();
        String file = type.isHalf() ? "layer_sm80.cu" : "layer_simt.cu";
        String text =
                GpuSources.load(LayerCuda.class, "layer.cuh")
                        + "#line 1 \"causal/"
                        + file
                        + "\"\n"
                        + GpuSources.load(LayerCuda.class, file);
        Object[] defines = {
            "STORAGE", GpuProgram.storage(type),
            "CHANNELS", s.c(),
            "HALF_ROWS", s.m() / 2,
            "SKIPS", skips(in),
            "TAPS", s.k(),
            "TT", TILE,
            "BLOCKS", resident,
            "WINDOWS", windows,
            "DSHIFT", s.d() % lanes,
            "ALIGNED", s.t() % lanes == 0 ? 1 : 0,
            "BEFORE", flag(in, GatedCausalLayer.STATE),
            "BIAS", flag(in, GatedCausalLayer.BIAS),
            "CONDITION", condition,
            "RESIDUAL_BIAS", flag(in, GatedCausalLayer.RESIDUAL_BIAS),
            "SKIP_BIAS", flag(in, GatedCausalLayer.SKIP_BIAS),
            "BASE", flag(in, GatedCausalLayer.SKIP),
            "KEEP", op.keep() ? 1 : 0
        };
        return GpuProgram.of("causal/" + file, text, defines).withHeaders(HEADERS);
    }
}
