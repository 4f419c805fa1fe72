package io.tatara.kernels.recurrent;

import io.tatara.kernels.DType;
import io.tatara.kernels.gpu.GpuTraits;
import java.util.List;

/** How the blocks of a recurrence in one launch divide a step's product. */
enum GridForm {
    /** A block has the rows of its units, and reads all that they are multiplied with. */
    BLOCKS("persistent"),
    /** By {@code recurrent_tiles.cu}; a gradient's blocks in teams. */
    TILES("persistent/tiles"),
    /**
     * {@link #TILES} where an H200 was measured to be faster by them (docs/h200.md): 512 hidden
     * units and more, 1.3 to 1.5 times as fast forward, 1.04 to 1.2 times for gradients. With 256
     * units gradients took 1.7 times as long.
     */
    WIDE_TILES("persistent/tiles");

    /** Blocks that share a slice of a gradient, which alone has a row a unit. */
    private static final int TEAM = 4;

    private static final int WIDE = 512;

    private final String variant;

    GridForm(String variant) {
        this.variant = variant;
    }

    String variant() {
        return variant;
    }

    /**
     * The best shape, null where the recurrence does not fit the device in this form. Tiles are for
     * where {@link #BLOCKS} fits too.
     *
     * @param needs of the phases of a step
     * @param states floats that a thread keeps per row and unit
     * @param sums sums over steps and chunks that it keeps: a gradient's, 0 forward
     */
    GridShape shape(
            Extents e,
            DType dtype,
            GpuTraits traits,
            List<GridShape.Need> needs,
            int states,
            int sums) {
        GridShape blocks = GridShape.of(e, dtype, traits, needs, states, sums);
        if (blocks == null || this == BLOCKS) {
            return blocks;
        }
        return this == WIDE_TILES && e.hidden() < WIDE
                ? null
                : TiledShape.of(e, dtype, traits, needs, states, sums, sums > 0 ? TEAM : 1);
    }
}
