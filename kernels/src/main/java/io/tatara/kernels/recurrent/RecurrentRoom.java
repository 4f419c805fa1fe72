package io.tatara.kernels.recurrent;

import io.tatara.kernels.OpEntry;
import java.util.List;

/** The lines of this room in the op table. */
public final class RecurrentRoom {
    public static final List<OpEntry<?>> ENTRIES = List.of();

    private RecurrentRoom() {}
}
