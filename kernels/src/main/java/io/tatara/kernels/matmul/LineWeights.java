package io.tatara.kernels.matmul;

import io.tatara.kernels.DType;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuProgram;
import io.tatara.kernels.gpu.GpuTraits;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The weight gradient to {@link TapWeights} where images need no launch that lays them out: {@code
 * lines_weights_sm90.cu} does that in shared memory. Stride 1 with two or three taps along each
 * axis, stride 2 with three.
 *
 * @param type float16 or bfloat16, else it is not supported
 * @param at how both stand and what the taps are
 * @param rows channels of dy
 * @param channels of x
 * @param form of the pieces, null for that of least estimated time
 */
public record LineWeights(DType type, ShiftedRows at, int rows, int channels, LineWeightForm form) {
    static final int THREADS = 256;

    private static final int WARPGROUP = 128;

    /** Whether the device has the units, and the source takes this. */
    public boolean supported(GpuTraits traits) {
        return MatMulHopper.units(type, traits)
                && rows >= MatMulHopper.LEAST
                && channels >= MatMulHopper.LEAST
                && possible(at.y())
                && possible(at.x())
                && at.y().stride() == at.x().stride()
                && counted(rows, at.y().results(), at.x().results())
                && counted(channels, at.y().source(), at.x().source())
                && tiling(traits) != null;
    }

    private static boolean possible(ShiftedRows.Along a) {
        return switch (a.stride()) {
            case 1 -> a.taps() >= 2 && a.taps() <= 3 && a.step() > 0;
            case 2 -> a.taps() == 3 && a.step() > 0 && a.step() % 2 == 1;
            default -> false;
        };
    }

    /** Whether images, and a tile of channels more, are fewer elements than ints count. */
    private boolean counted(int count, int height, int width) {
        double all = (double) at.images() * count + LineWeightTiling.SIDE;
        return height > 0 && width > 0 && all * height * width < Integer.MAX_VALUE;
    }

    LineWeightTiling tiling(GpuTraits traits) {
        return form == null
                ? LineWeightTiling.of(at, rows, channels, traits.computeUnits())
                : LineWeightTiling.of(at, rows, channels, traits.computeUnits(), List.of(form));
    }

    /** Clocks that it should take, by the rough model that chooses its form. */
    public double clocks(GpuTraits traits) {
        return tiling(traits).time(at, rows, channels, traits.computeUnits());
    }

    /**
     * Adds the launches. Called only where it is supported.
     *
     * @param dy the images [images, rows, results]
     * @param x [images, channels, source]
     * @param out [rows, channels, taps]
     */
    public void add(
            GpuPlan.Builder plan,
            GpuTraits traits,
            GpuPlan.Arg dy,
            GpuPlan.Arg x,
            GpuPlan.Arg out) {
        LineWeightTiling t = tiling(traits);
        int each = LineWeightTiling.each(at, rows, channels);
        int share = t.direct() ? 1 : t.share(each, traits.computeUnits());
        GpuProgram program = program(t, share);
        GpuPlan.Arg sums = t.direct() ? out : plan.temporary((long) Float.BYTES * t.parts() * each);
        List<Object> args = new ArrayList<>(List.of(dy, x, sums, each));
        args.addAll(List.of(at.images(), rows, channels));
        int cols = Math.ceilDiv(channels, LineWeightTiling.SIDE);
        args.addAll(List.of(t.tiles(), cols, t.steps(), t.depth()));
        plan.launch(
                program,
                "lines_weights",
                new int[] {t.blocks(), 1, 1},
                new int[] {WARPGROUP * (at.y().taps() + 1), 1, 1},
                t.shared(at),
                false,
                args.toArray());
        if (!t.direct()) {
            Object[] sum = {sums, each, t.parts(), out, dy, x, at.images(), rows, channels};
            plan.launch1d(program, "lines_weights_sum", (long) each / 4 * share, THREADS, sum)
                    .early();
        }
    }

    private GpuProgram program(LineWeightTiling t, int share) {
        List<Object> defines = new ArrayList<>(Arrays.asList(t.defines(at)));
        defines.addAll(List.of("STORAGE", GpuProgram.storage(type)));
        defines.addAll(List.of("X_H", at.y().source(), "X_W", at.x().source()));
        defines.addAll(List.of("Y_H", at.y().results(), "Y_W", at.x().results()));
        int whole = rows % LineWeightTiling.SIDE + channels % LineWeightTiling.SIDE;
        defines.addAll(List.of("ALL_CHANNELS", whole == 0 ? 1 : 0));
        int wide = channels * at.taps() % 4 == 0 ? 1 : 0;
        defines.addAll(List.of("SHARE", share, "WIDE", wide));
        String file = "lines_weights_sm90.cu";
        String text = Product.text(List.of("lines_sm90.cuh", "lines_weights_leave_sm90.cuh", file));
        return GpuProgram.of("matmul/" + file, text, defines.toArray())
                .withHeaders(List.of("warp.cuh", "early.cuh", "tensor.cuh", "hopper.cuh"));
    }
}
