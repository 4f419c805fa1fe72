package io.tatara.kernels.conv;

import io.tatara.kernels.DType;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuProgram;
import io.tatara.kernels.gpu.GpuTraits;
import io.tatara.kernels.matmul.ShiftedRows;
import java.util.List;

/** The launch that lays images out for sums of shifted products; see {@code shifted.cu}. */
final class ShiftedImages {
    private static final int THREADS = 256;

    /** Elements of a row that a block writes. */
    private static final int PIECE = 2048;

    /** Most bytes of all rows together. */
    private static final long MOST_BYTES = 2L << 30;

    // The estimate, in clock cycles of a multiprocessor: a launch, and bytes a clock.
    private static final double LAUNCH = 3000;
    private static final double BYTES = 16;

    private ShiftedImages() {}

    /** Elements from one inner row of the kernel to the next, tap by tap. */
    static int line(ConvShape s) {
        return ConvGpu.ceil(s.cg(), 8) * 8;
    }

    static long elements(ShiftedRows r, int channels) {
        return (long) r.phases() * channels * r.length();
    }

    /** Whether rows, and as long ones of the result's channels, can be counted. */
    static boolean fit(ShiftedRows r, int channels, int results) {
        return 2 * r.size() * Math.max(r.phases() * (double) channels, results) < MOST_BYTES;
    }

    /** Clocks that it should take. */
    static double clocks(ShiftedRows r, int channels, int results, GpuTraits traits) {
        double images = 2.0 * r.images() * channels * r.y().source() * r.x().source();
        double kernel = 2.0 * r.taps() * channels * results;
        double bytes = images + 2.0 * elements(r, channels) + 2 * kernel;
        return LAUNCH + bytes / (BYTES * traits.computeUnits());
    }

    /**
     * Adds the launch.
     *
     * @param from images [images, channels, height, width]
     * @param to rows [phases, channels, length]
     * @param w kernel, null where it stays as it is
     * @param packed the kernel tap by tap, [taps, m, line]
     */
    static void add(
            GpuPlan.Builder plan,
            DType type,
            ShiftedRows r,
            GpuPlan.Arg from,
            GpuPlan.Arg to,
            int channels,
            GpuPlan.Arg w,
            GpuPlan.Arg packed,
            ConvShape s) {
        int line = line(s);
        int outer = w == null ? 0 : s.m();
        GpuProgram program =
                GpuProgram.of(
                                "conv/shifted.cu",
                                ConvGpu.text("shifted.cu"),
                                "PLANE",
                                r.plane(),
                                "PITCH",
                                r.pitch(),
                                "STORAGE",
                                GpuProgram.storage(type))
                        .withHeaders(List.of("warp.cuh"));
        int blocks = r.phases() * channels * ConvGpu.ceil(r.length(), PIECE);
        blocks += ConvGpu.ceil(outer * line, THREADS);
        plan.launch(
                program,
                "shifted_prepare",
                new int[] {blocks, 1, 1},
                new int[] {THREADS, 1, 1},
                from,
                to,
                channels,
                r.y().source(),
                r.x().source(),
                r.images(),
                r.length(),
                r.phases(),
                r.y().stride(),
                r.y().first(),
                r.x().stride(),
                r.x().first(),
                r.x().phases(),
                w,
                packed,
                outer,
                s.cg(),
                line,
                s.taps());
    }
}
