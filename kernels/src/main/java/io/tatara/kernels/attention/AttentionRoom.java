package io.tatara.kernels.attention;

import io.tatara.kernels.OpEntry;
import java.util.List;

/** The lines of this room in the op table. */
public final class AttentionRoom {
    public static final List<OpEntry<?>> ENTRIES = List.of();

    private AttentionRoom() {}
}
