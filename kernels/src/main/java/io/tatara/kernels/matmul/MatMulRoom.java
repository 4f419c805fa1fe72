package io.tatara.kernels.matmul;

import io.tatara.kernels.OpEntry;
import java.util.List;

/** The lines of this room in the op table. */
public final class MatMulRoom {
    public static final List<OpEntry<?>> ENTRIES = List.of();

    private MatMulRoom() {}
}
