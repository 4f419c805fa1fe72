package io.tatara.kernels.pointwise;

import io.tatara.kernels.OpEntry;
import java.util.List;

/** The lines of this room in the op table. */
public final class PointwiseRoom {
    public static final List<OpEntry<?>> ENTRIES = List.of();

    private PointwiseRoom() {}
}
