package io.tatara.kernels.norm;

import io.tatara.kernels.DType;
import io.tatara.kernels.Op;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.gpu.GpuKernel;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuProgram;
import io.tatara.kernels.gpu.GpuSources;
import io.tatara.kernels.gpu.GpuTraits;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The norms on CUDA with rows in registers; see norm.cu and norm_gradient.cu. */
final class NormCuda {
    private static final List<String> HEADERS = List.of("warp.cuh", "lanes.cuh", "rows.cuh");

    private NormCuda() {}

    /**
     * How threads share a row.
     *
     * @param width threads of a row: up to 32, a power of two, or the whole block
     * @param per pieces of a thread
     * @param vec elements of a piece
     */
    record Tile(int width, int block, int per, int vec) {
        /**
         * The tile for rows of d elements, null where they are too long for registers.
         *
         * @param inWarp elements that a thread of rows within a warp may hold
         * @param inBlock elements that a thread of a block may hold
         * @param most threads of a block
         */
        static Tile of(int d, DType dtype, int inWarp, int inBlock, int most) {
            int lanes = 16 / dtype.bytes();
            int vec = d % lanes == 0 ? lanes : 1;
            int pieces = Math.max(1, d / vec);
            if (pieces <= 32 * (inWarp / vec)) {
                int width = 1;
                while (width < 32 && width < pieces) {
                    width *= 2;
                }
                return new Tile(width, 128, (pieces + width - 1) / width, vec);
            }
            for (int block = 128; block <= most; block *= 2) {
                if (pieces <= block * (inBlock / vec)) {
                    return new Tile(block, block, (pieces + block - 1) / block, vec);
                }
            }
            return null;
        }

        int abreast() {
            return block / width;
        }
    }

    /** Four 16-byte loads of a thread under way: two left the memory waiting (H200). */
    private static Tile forward(TensorSpec x) {
        return Tile.of(NormCall.width(x), x.dtype(), 32, x.dtype().bytes() == 2 ? 32 : 16, 1024);
    }

    private static Tile backward(TensorSpec z) {
        return Tile.of(NormCall.width(z), z.dtype(), 16, 16, 512);
    }

    /** Makes the plan of a call that has elements. */
    @FunctionalInterface
    private interface Planner<O extends Op> {
        GpuPlan plan(O op, TensorSpec[] in, GpuTraits traits);
    }

    @FunctionalInterface
    private interface Tiling {
        Tile of(TensorSpec x);
    }

    private static <O extends Op> GpuKernel<O> kernel(Tiling tiling, Planner<O> planner) {
        return new GpuKernel<>() {
            @Override
            public String variant() {
                return "cuda";
            }

            @Override
            public boolean supports(O op, TensorSpec[] in, GpuTraits traits) {
                return traits.cuda(75) && in[0].size() > 0 && tiling.of(in[0]) != null;
            }

            @Override
            public GpuPlan plan(O op, TensorSpec[] in, TensorSpec[] out, GpuTraits traits) {
                return planner.plan(op, in, traits);
            }
        };
    }

    static final GpuKernel<LayerNorm> LAYER_NORM =
            kernel(NormCuda::forward, (op, in, traits) -> plan(NormCall.of(op), in));
    static final GpuKernel<RmsNorm> RMS_NORM =
            kernel(NormCuda::forward, (op, in, traits) -> plan(NormCall.of(op), in));
    static final GpuKernel<LayerNormGradient> LAYER_NORM_GRADIENT =
            kernel(
                    NormCuda::backward,
                    (op, in, traits) -> gradient(GradientCall.of(op), in, traits));
    static final GpuKernel<RmsNormGradient> RMS_NORM_GRADIENT =
            kernel(
                    NormCuda::backward,
                    (op, in, traits) -> gradient(GradientCall.of(op), in, traits));

    private static GpuProgram program(String file, Tile tile, List<Object> defines) {
        List<Object> all = new ArrayList<>(defines);
        all.addAll(
                List.of(
                        "WIDTH",
                        tile.width,
                        "BLOCK",
                        tile.block,
                        "PER",
                        tile.per,
                        "VEC",
                        tile.vec));
        String source =
                NormGpu.source("rows_in_pieces.cuh") + GpuSources.load(NormCuda.class, file);
        return GpuProgram.of("norm/" + file, source, all.toArray()).withHeaders(HEADERS);
    }

    private static GpuPlan plan(NormCall c, TensorSpec[] in) {
        TensorSpec x = in[NormCall.X];
        Tile tile = forward(x);
        int rows = NormCall.rows(x);
        GpuPlan.Arg shift = c.centered() ? NormGpu.input(in, NormCall.shift()) : null;
        int abreast = tile.abreast();
        return GpuPlan.builder()
                .launch(
                        program("norm.cu", tile, NormGpu.defines(c, in)),
                        "norm_held",
                        new int[] {(int) ((rows + (long) abreast - 1) / abreast), 1, 1},
                        new int[] {tile.block, 1, 1},
                        NormGpu.input(in, NormCall.X),
                        NormGpu.input(in, NormCall.RESIDUAL),
                        NormGpu.input(in, NormCall.SCALE),
                        shift,
                        NormGpu.input(in, c.seed()),
                        GpuPlan.out(NormCall.Y),
                        GpuPlan.out(NormCall.STATISTICS),
                        c.sum() ? GpuPlan.out(NormCall.SUM) : null,
                        rows,
                        NormCall.width(x),
                        c.epsilon(),
                        c.dropout(),
                        NormCall.keep(c.dropout()))
                .build();
    }

    private static GpuPlan gradient(GradientCall c, TensorSpec[] in, GpuTraits traits) {
        TensorSpec z = in[GradientCall.Z];
        Tile tile = backward(z);
        int rows = NormCall.rows(z);
        int d = NormCall.width(z);
        int chunk = tile.abreast();
        if (c.parameters()) {
            // As many blocks as the chip holds at once: each ends with sums of its own to write.
            int blocks = Math.max(1, traits.computeUnits() * (512 / tile.block));
            int turns = (int) Math.max(1, (rows + (long) blocks * chunk - 1) / (blocks * chunk));
            chunk *= turns;
        }
        int chunks = (int) ((rows + (long) chunk - 1) / chunk);
        List<Object> defines = NormGpu.defines(c, in);
        defines.addAll(List.of("PARAMETERS", c.parameters() ? 1 : 0));
        GpuPlan.Builder plan = GpuPlan.builder();
        GpuPlan.Arg sums = c.parameters() ? plan.temporary(8L * chunks * d) : null;
        plan.launch(
                program("norm_gradient.cu", tile, defines),
                "norm_gradient_held",
                new int[] {chunks, 1, 1},
                new int[] {tile.block, 1, 1},
                NormGpu.input(in, GradientCall.Z),
                NormGpu.input(in, GradientCall.SCALE),
                NormGpu.input(in, GradientCall.SEED),
                NormGpu.input(in, GradientCall.STATISTICS),
                NormGpu.input(in, GradientCall.DY),
                NormGpu.input(in, GradientCall.DSTATISTICS),
                NormGpu.input(in, GradientCall.DSUM),
                GpuPlan.out(GradientCall.DZ),
                c.dx() < 0 ? null : GpuPlan.out(c.dx()),
                sums,
                rows,
                d,
                chunk,
                c.dropout(),
                NormCall.keep(c.dropout()));
        if (c.parameters()) {
            total(plan, c, z, sums, chunks, d);
        }
        return plan.build();
    }

    private static void total(
            GpuPlan.Builder plan,
            GradientCall c,
            TensorSpec z,
            GpuPlan.Arg sums,
            int chunks,
            int d) {
        List<Object> defines =
                Arrays.asList(
                        "STORAGE",
                        GpuProgram.storage(z.dtype()),
                        "TOTAL",
                        1,
                        "DSCALE",
                        c.scale() ? 1 : 0,
                        "DSHIFT",
                        c.shift() ? 1 : 0);
        plan.launch(
                program("norm_gradient.cu", new Tile(32, 256, 1, 1), defines),
                "norm_total",
                new int[] {(d + 31) / 32, 1, 1},
                new int[] {256, 1, 1},
                sums,
                c.scale() ? GpuPlan.out(c.dScale()) : null,
                c.shift() ? GpuPlan.out(c.dShift()) : null,
                chunks,
                d);
    }
}
