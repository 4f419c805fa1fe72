package io.tatara.kernels.softmax;

import io.tatara.kernels.DType;
import io.tatara.kernels.gpu.GpuProgram;
import java.util.ArrayList;
import java.util.List;

/**
 * How threads of a CUDA device share the rows of a matrix; see rows.cuh.
 *
 * @param width threads of a row: a power of two up to 32, or a whole block
 * @param block threads of a block
 * @param pieces 16-byte pieces of the row in a thread's registers; 0 where it is not held there
 * @param odd whether rows begin or end within 16 bytes
 */
record RowShape(int width, int block, int pieces, boolean odd) {
    static final List<String> HEADERS = List.of("warp.cuh", "lanes.cuh", "rows.cuh");

    /** Most pieces of all rows that a thread holds: 64 registers. */
    private static final int MOST_HELD = 16;

    /** Rows held in registers while they fit. */
    static RowShape held(int n, DType dtype, int arrays) {
        int all = count(n, dtype);
        boolean odd = isOdd(n, dtype);
        int most = Math.min(8, MOST_HELD / arrays);
        if (all <= 32 * most) {
            int width = odd ? 16 : 1;
            while (width < 32 && width < all) {
                width *= 2;
            }
            return new RowShape(width, 128, Math.max(1, (all + width - 1) / width), odd);
        }
        for (int block = 256; block <= 1024; block *= 2) {
            // A block of 1024 has 64 registers a thread, of which half are for pieces.
            int fit = block == 1024 ? 8 / arrays : most;
            if (all <= block * fit) {
                return new RowShape(block, block, (all + block - 1) / block, odd);
            }
        }
        return new RowShape(512, 512, 0, odd);
    }

    /** Rows read in one sweep, held nowhere. */
    static RowShape streamed(int n, DType dtype) {
        int all = count(n, dtype);
        return all <= 128
                ? new RowShape(32, 128, 0, isOdd(n, dtype))
                : new RowShape(256, 256, 0, isOdd(n, dtype));
    }

    private static int lanes(DType dtype) {
        return 16 / dtype.bytes();
    }

    private static int count(int n, DType dtype) {
        return n / lanes(dtype);
    }

    private static boolean isOdd(int n, DType dtype) {
        return n % lanes(dtype) != 0;
    }

    boolean isHeld() {
        return pieces > 0;
    }

    int[] groups(int rows) {
        int each = block / width;
        return new int[] {(int) ((rows + (long) each - 1) / each), 1, 1};
    }

    int[] local() {
        return new int[] {block, 1, 1};
    }

    /** A source with this shape's constants and others. */
    GpuProgram program(String file, DType dtype, Object... defines) {
        List<Object> all = new ArrayList<>(List.of(defines));
        all.addAll(List.of("STORAGE", GpuProgram.storage(dtype)));
        all.addAll(List.of("WIDTH", width, "BLOCK", block, "ODD", odd ? 1 : 0));
        if (isHeld()) {
            all.addAll(List.of("PER", pieces));
        }
        return GpuProgram.cuda(RowShape.class, file, HEADERS, all.toArray());
    }
}
