package io.tatara.kernels.recurrent;

import io.tatara.kernels.DType;
import io.tatara.kernels.gpu.GpuTraits;
import java.util.List;

/** How the blocks of a recurrence in one launch divide a step's product. */
enum GridForm {
    /** A block has the rows of its units, and reads all that they are multiplied with. */
    BLOCKS("persistent"),
    /** Of gradients: blocks have the rows of their team's units, each a part of the columns. */
    TEAMS("persistent/teams"),
    /** By {@code recurrent_tiles.cu}; a gradient's blocks in teams. */
    TILES("persistent/tiles");

    /** Blocks that share a slice of a gradient, which alone has a row a unit. */
    static final int TEAM = 4;

    private final String variant;

    GridForm(String variant) {
        this.variant = variant;
    }

    String variant() {
        return variant;
    }

    /**
     * The best shape, null where the recurrence does not fit the device in this form. The other
     * forms are for where {@link #BLOCKS} fits too: they are not measured, and whatever stands
     * first in the list of variants is taken where nobody has tuned.
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
        int team = sums > 0 ? TEAM : 1;
        return this == TEAMS
                ? GridShape.of(e, dtype, traits, needs, states, sums, team)
                : TiledShape.of(e, dtype, traits, needs, states, sums, team);
    }
}
