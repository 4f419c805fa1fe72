package io.tatara.kernels.matmul;

import io.tatara.kernels.OpException;
import java.util.List;

/**
 * Where the matrices of a batch stand in a larger tensor: element (row, column) of matrix (i0, i1,
 * …) at {@code offset + Σ i·batchStride + row·rowStride + column·columnStride}. A stride of 0
 * repeats.
 */
public record MatrixLayout(
        int offset, List<Integer> batchStrides, int rowStride, int columnStride) {
    /**
     * @throws OpException if the offset or a stride is negative
     */
    public MatrixLayout {
        batchStrides = List.copyOf(batchStrides);
        if (offset < 0
                || rowStride < 0
                || columnStride < 0
                || batchStrides.stream().anyMatch(s -> s < 0)) {
            throw new OpException(
                    "matmul_strided",
                    "layout",
                    "offset "
                            + offset
                            + ", strides "
                            + batchStrides
                            + ", "
                            + rowStride
                            + ", "
                            + columnStride,
                    "numbers >= 0");
        }
    }

    /** Matrices of a dense row-major tensor [batch…, rows, columns]. */
    public static MatrixLayout dense(List<Integer> batch, int rows, int columns) {
        Integer[] strides = new Integer[batch.size()];
        int step = rows * columns;
        for (int i = strides.length - 1; i >= 0; i--) {
            strides[i] = step;
            step *= batch.get(i);
        }
        return new MatrixLayout(0, List.of(strides), columns, 1);
    }

    /** The same memory with rows and columns exchanged. */
    public MatrixLayout transposed() {
        return new MatrixLayout(offset, batchStrides, columnStride, rowStride);
    }

    int[] strides() {
        return batchStrides.stream().mapToInt(Integer::intValue).toArray();
    }

    /** Index of the last element that is touched, -1 where there is none. */
    long last(List<Integer> batch, int rows, int columns) {
        if (rows == 0 || columns == 0) {
            return -1;
        }
        long last = offset + (rows - 1L) * rowStride + (columns - 1L) * columnStride;
        for (int i = 0; i < batch.size(); i++) {
            if (batch.get(i) == 0) {
                return -1;
            }
            last += (batch.get(i) - 1L) * batchStrides.get(i);
        }
        return last;
    }
}
