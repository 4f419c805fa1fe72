package io.tatara.kernels.matmul;

import java.util.ArrayList;
import java.util.List;

/**
 * The form of a tile of {@code lines_product_sm90.cu}.
 *
 * @param bn columns of a warpgroup
 * @param side whether the two that multiply stand beside each other, 64 rows, else below, 128
 * @param cluster blocks beside each other that share their slices of the kernel
 * @param split blocks of a cluster that have a tile's slices among them, where tiles are few
 * @param raw whether the copy engine fetches the images
 */
public record LineForm(int bn, boolean side, int cluster, int split, boolean raw) {
    private static final int[] COLUMNS = {256, 224, 192, 160, 128, 64};

    /** A strip of more fits no second one beside it. */
    private static final int MOST_COLUMNS = 448;

    /** Few tiles are small ones: others' sums pass through shared memory. */
    private static final int MOST_SPLIT_COLUMNS = 128;

    private static final int[] SPLITS = {2, 4};

    /** Columns of a warpgroup that keeps the sums of four classes. */
    static final int GROUPED = 64;

    /** All there are. */
    public static List<LineForm> all() {
        List<LineForm> all = new ArrayList<>();
        for (int bn : COLUMNS) {
            for (boolean side : new boolean[] {false, true}) {
                if (new LineForm(bn, side, 1, 1, false).columns() > MOST_COLUMNS) {
                    continue;
                }
                all.add(new LineForm(bn, side, 1, 1, false));
                all.add(new LineForm(bn, side, 1, 1, true));
                all.add(new LineForm(bn, side, 2, 1, false));
                for (int split : SPLITS) {
                    if (bn <= MOST_SPLIT_COLUMNS) {
                        all.add(new LineForm(bn, side, 1, split, false));
                        all.add(new LineForm(bn, side, 1, split, true));
                    }
                }
            }
        }
        return all;
    }

    /** Blocks of a cluster. */
    public int blocks() {
        return cluster * split;
    }

    int rows() {
        return side ? HopperTiling.BM / 2 : HopperTiling.BM;
    }

    int columns() {
        return side ? 2 * bn : bn;
    }

    @Override
    public String toString() {
        String tile = rows() + "x" + columns() + "x" + cluster;
        return tile + (split == 1 ? "" : "/" + split) + (raw ? "/raw" : "");
    }
}
