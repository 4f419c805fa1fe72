package io.tatara.kernels.reduce;

import io.tatara.kernels.OpEntry;
import java.util.List;

/** The lines of this room in the op table. */
public final class ReduceRoom {
    public static final List<OpEntry<?>> ENTRIES = List.of();

    private ReduceRoom() {}
}
