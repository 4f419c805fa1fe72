package io.tatara.kernels.optimizer;

import io.tatara.kernels.OpEntry;
import java.util.List;

/** The lines of this room in the op table. */
public final class OptimizerRoom {
    public static final List<OpEntry<?>> ENTRIES = List.of();

    private OptimizerRoom() {}
}
