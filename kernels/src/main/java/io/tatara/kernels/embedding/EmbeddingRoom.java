package io.tatara.kernels.embedding;

import io.tatara.kernels.OpEntry;
import java.util.List;

/** The lines of this room in the op table. */
public final class EmbeddingRoom {
    public static final List<OpEntry<?>> ENTRIES = List.of();

    private EmbeddingRoom() {}
}
