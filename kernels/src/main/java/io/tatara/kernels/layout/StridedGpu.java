package io.tatara.kernels.layout;

import io.tatara.kernels.DType;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuProgram;
import io.tatara.kernels.gpu.GpuTraits;
import java.util.ArrayList;
import java.util.List;

/**
 * {@link Strided} copies on OpenCL and CUDA. Words are moved, whatever they mean: of up to 16 bytes
 * where runs of elements consist of such.
 */
public final class StridedGpu {
    private static final int TILE = 32;
    private static final int TILE_ROWS = 8;

    private StridedGpu() {}

    /** Name of the unsigned type that holds an element. */
    static String word(DType d) {
        return d.bytes() == 4 ? "uint" : "ushort";
    }

    /** Adds the copy to a plan; nothing where nothing is to be moved. */
    public static void append(
            GpuPlan.Builder plan,
            Strided s,
            GpuPlan.Arg x,
            GpuPlan.Arg y,
            DType dtype,
            GpuTraits traits) {
        int n = s.size();
        if (n == 0) {
            return;
        }
        int cross = s.crossAxis();
        // A tile pays where both sides fill most of it.
        if (cross >= 0
                && s.dims()[cross] >= 8
                && s.dims()[s.rank() - 1] >= 8
                && traits.maxWorkGroup() >= 256) {
            tiled(plan, s.beforeLast(cross), x, y, dtype);
            return;
        }
        int bytes = 16;
        Strided words = s.inWords(bytes / dtype.bytes());
        while (words == null) {
            bytes /= 2;
            words = bytes == dtype.bytes() ? s : s.inWords(bytes / dtype.bytes());
        }
        strided(plan, words, x, y, bytes, traits);
    }

    private static void strided(
            GpuPlan.Builder plan,
            Strided s,
            GpuPlan.Arg x,
            GpuPlan.Arg y,
            int bytes,
            GpuTraits traits) {
        String word =
                switch (bytes) {
                    case 2 -> "ushort";
                    case 4 -> "uint";
                    case 8 -> "uint2";
                    default -> "uint4";
                };
        GpuProgram program =
                GpuProgram.resource(
                        StridedGpu.class,
                        "strided.cl",
                        "WORD",
                        word,
                        "WIDE",
                        bytes > 4 ? 1 : 0,
                        "RANK",
                        s.rank());
        List<Object> args = new ArrayList<>(List.of(x, y, s.size(), s.xOffset(), s.yOffset()));
        axes(args, s, s.rank(), Strided.MAX_RANK);
        int local = Math.min(128, traits.maxWorkGroup());
        plan.launch1d(program, "copy_strided", s.size(), local, args.toArray());
    }

    private static void tiled(
            GpuPlan.Builder plan, Strided s, GpuPlan.Arg x, GpuPlan.Arg y, DType dtype) {
        int last = s.rank() - 1;
        int rows = s.dims()[last - 1];
        int columns = s.dims()[last];
        int down = (rows + TILE - 1) / TILE;
        int across = (columns + TILE - 1) / TILE;
        GpuProgram program =
                GpuProgram.resource(
                        StridedGpu.class, "strided.cl", "WORD", word(dtype), "RANK", s.rank());
        List<Object> args = new ArrayList<>(List.of(x, y, rows, columns, down, across));
        args.addAll(List.of(s.xStrides()[last], s.yStrides()[last - 1], s.xOffset(), s.yOffset()));
        axes(args, s, last - 1, Strided.MAX_RANK - 2);
        int groups = Math.multiplyExact(s.size() / rows / columns, down * across);
        plan.launch(
                program,
                "copy_tiled",
                new int[] {groups, 1, 1},
                new int[] {TILE, TILE_ROWS, 1},
                args.toArray());
    }

    /**
     * Extents and strides of the first {@code count} axes, innermost first, filled up to {@code
     * width}.
     */
    private static void axes(List<Object> args, Strided s, int count, int width) {
        for (int[] v : new int[][] {s.dims(), s.xStrides(), s.yStrides()}) {
            for (int i = 0; i < width; i++) {
                args.add(i < count ? v[count - 1 - i] : v == s.dims() ? 1 : 0);
            }
        }
    }
}
