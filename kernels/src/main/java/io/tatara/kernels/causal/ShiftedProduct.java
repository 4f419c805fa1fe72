package io.tatara.kernels.causal;

import io.tatara.kernels.jvm.JvmArray;
import io.tatara.kernels.jvm.JvmContext;
import java.util.Arrays;
import java.util.function.Supplier;

/**
 * A dilated convolution as a matrix product over blocks of time: the shifted rows of a block are
 * gathered into panels of a few columns, [channel and tap][column], that stay in the second-level
 * cache, and multiplied by packed weights.
 *
 * @param tiles inner loops
 * @param rows output channels
 * @param channels input channels
 * @param taps shifted copies of each
 * @param first how far tap 0 is shifted against the block
 * @param each how much further the next tap is
 * @param weights packed: panels of {@link CausalTiles#rows} rows, [channel and tap][row]
 */
record ShiftedProduct(
        CausalTiles tiles, int rows, int channels, int taps, int first, int each, float[] weights) {
    /** Columns of a block whose matrix stays in the second-level cache. */
    private static final int MOST_COLUMNS = 192;

    private static final int LEAST_COLUMNS = 48;
    private static final int MATRIX = 1 << 16;

    /** Where an element of the unpacked weights stands. */
    interface Place {
        int of(int row, int channel, int tap);
    }

    /** What a packed copy was made for. */
    private record Key(String layout, int panel, int rows, int channels, int taps) {}

    int depth() {
        return channels * taps;
    }

    int panels() {
        return up(rows, tiles.rows()) / tiles.rows();
    }

    /** Columns of a block. */
    static int columns(int depth) {
        int most = Math.clamp(MATRIX / Math.max(1, depth), LEAST_COLUMNS, MOST_COLUMNS);
        return most / LEAST_COLUMNS * LEAST_COLUMNS;
    }

    static int up(int n, int by) {
        return (n + by - 1) / by * by;
    }

    /** Weights packed for these tiles, from the cache where the tensor is a long-lived weight. */
    static float[] pack(
            String layout,
            CausalTiles tiles,
            JvmArray weight,
            int rows,
            int channels,
            int taps,
            Place place) {
        Supplier<float[]> make =
                () -> {
                    int h = tiles.rows();
                    int depth = channels * taps;
                    float[] packed = new float[Math.multiplyExact(up(rows, h), depth)];
                    for (int m = 0; m < rows; m++) {
                        int at = m / h * h * depth + m % h;
                        for (int c = 0; c < channels; c++) {
                            for (int k = 0; k < taps; k++) {
                                packed[at] = weight.f()[place.of(m, c, k)];
                                at += h;
                            }
                        }
                    }
                    return packed;
                };
        if (weight.packs() == null) {
            return make.get();
        }
        return weight.packs().get(new Key(layout, tiles.rows(), rows, channels, taps), make);
    }

    /** What is added to a row's sums: its bias, else -0, which changes nothing. */
    float[] after(JvmArray bias) {
        float[] after = new float[up(rows, tiles.rows())];
        Arrays.fill(after, -0f);
        if (bias != null) {
            System.arraycopy(bias.f(), 0, after, 0, rows);
        }
        return after;
    }

    /** Whether n columns fill tiles, so that they can be written where others follow. */
    boolean whole(int n) {
        return rows % tiles.rows() == 0 && n % tiles.step() == 0;
    }

    /**
     * Computes columns [at, at + n) of sequence {@code sequence}, to rows {@code ldTo} apart.
     *
     * @param matrix scratch of {@link #size} for the columns of a block
     * @param after see {@link #after}
     * @param to rows up to a whole panel, and columns up to a whole vector
     */
    void block(
            Samples from,
            int sequence,
            int at,
            int n,
            float[] matrix,
            float[] after,
            float[] to,
            int offset,
            int ldTo) {
        int spare = floats(n);
        for (int c = 0; c < channels; c++) {
            int source = sequence * channels + c;
            for (int k = 0; k < taps; k++) {
                int start = at + first + k * each;
                int row = c * taps + k;
                int place = from.place(source, start, n);
                if (place < 0) {
                    from.read(source, start, n, matrix, spare);
                    put(row, n, matrix, spare, matrix);
                } else {
                    put(row, n, from.x(), place, matrix);
                }
            }
        }
        int columns = up(n, tiles.step());
        tiles.product(panels(), depth(), weights, 0, matrix, after, to, offset, ldTo, columns);
    }

    /** Of the panels of so many columns. */
    private int floats(int columns) {
        int count = up(columns, tiles.width()) / tiles.width();
        return Math.multiplyExact(count, tiles.apart(depth()));
    }

    /** Floats of scratch for the panels of so many columns and a row that is not in one piece. */
    int size(int columns) {
        return Math.addExact(floats(columns), columns);
    }

    /** Takes n numbers to a row of the matrix that {@link #multiply} is given. */
    void put(int row, int n, float[] x, int from, float[] matrix) {
        int width = tiles.width();
        tiles.spread(n, x, from, matrix, row * width, tiles.apart(depth()));
    }

    /**
     * The product alone, where the matrix is there.
     *
     * @param ld from a row of the result to the next
     */
    void multiply(int n, float[] matrix, float[] after, float[] to, int ld) {
        int columns = up(n, tiles.step());
        tiles.product(panels(), depth(), weights, 0, matrix, after, to, 0, ld, columns);
    }

    /** Blocks of time of all sequences, in parallel. */
    static void blocks(int sequences, int length, int columns, JvmContext ctx, Block body) {
        int each = (length + columns - 1) / columns;
        ctx.workers()
                .parallelFor(
                        Math.multiplyExact(sequences, each),
                        1,
                        (from, to) -> {
                            for (int i = from; i < to; i++) {
                                int at = i % each * columns;
                                body.run(i / each, at, Math.min(columns, length - at));
                            }
                        });
    }

    /** A block of time of a sequence. */
    interface Block {
        void run(int sequence, int at, int n);
    }
}
