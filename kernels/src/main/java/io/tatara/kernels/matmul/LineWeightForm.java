package io.tatara.kernels.matmul;

import java.util.ArrayList;
import java.util.List;

/**
 * How {@code lines_weights_sm90.cu} shares out the places of a tile's sums.
 *
 * @param cluster blocks that add their pieces in shared memory: 1, 2, 4 or 8
 * @param direct whether these are all pieces, else a second launch adds the sums of several
 */
public record LineWeightForm(int cluster, boolean direct) {
    private static final int MOST = 8;

    /** All there are. */
    public static List<LineWeightForm> all() {
        List<LineWeightForm> all = new ArrayList<>();
        for (int cluster = 1; cluster <= MOST; cluster *= 2) {
            all.add(new LineWeightForm(cluster, true));
            all.add(new LineWeightForm(cluster, false));
        }
        return all;
    }

    /**
     * Those that the model chooses from. Clusters with a second launch are left to the tuner: by
     * the estimate they are as good as blocks by themselves, which a chip has been asked for.
     */
    static List<LineWeightForm> modelled() {
        return all().stream().filter(f -> f.direct() || f.cluster() == 1).toList();
    }

    /**
     * Clusters that run at one time where a block takes a multiprocessor: these come in groups, and
     * a cluster stays within one. Of clusters of four and more an H200 ran fewer than it has
     * multiprocessors for.
     */
    int running(int multiprocessors) {
        int whole = cluster <= 2 ? multiprocessors : multiprocessors * 3 / 4;
        return Math.max(1, whole / cluster);
    }

    @Override
    public String toString() {
        return cluster + (direct ? "" : "/parts");
    }
}
