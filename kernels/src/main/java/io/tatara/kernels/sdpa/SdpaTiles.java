package io.tatara.kernels.sdpa;

import io.tatara.kernels.gpu.GpuTraits;

/**
 * How the portable kernels cut their work (see tiles.cl): tx · ty work-items, each with rq rows and
 * rk columns of a tile, and step columns of a tile's product at a time. Fixed where any number of
 * features takes the same program: compilers for CPUs need half a minute for one.
 */
record SdpaTiles(int tx, int ty, int rq, int rk, int step, boolean fixed) {
    /** Features of a row that a group holds at most; more are split over groups. */
    private static final int FEATURES = 256;

    /** Local memory from which a tile may have 64 columns beside 64 rows. */
    private static final int ROOMY = 40 << 10;

    /**
     * @param rows rows that stay: packed rows of queries, or keys
     */
    static SdpaTiles of(int rows, GpuTraits traits) {
        if (traits.cpu() && traits.maxWorkGroup() >= 64) {
            return new SdpaTiles(16, 4, 4, 4, 4, true);
        }
        if (rows <= 4 && traits.maxWorkGroup() >= 64) {
            return new SdpaTiles(32, 2, 2, 2, 2, false);
        }
        if (rows <= 16 || traits.maxWorkGroup() < 256) {
            return traits.maxWorkGroup() >= 64
                    ? new SdpaTiles(16, 4, 4, 4, 4, false)
                    : new SdpaTiles(4, 2, 4, 4, 4, false);
        }
        return new SdpaTiles(16, 16, 4, traits.localMemory() >= ROOMY ? 4 : 2, 4, false);
    }

    int items() {
        return tx * ty;
    }

    /** Rows of a tile. */
    int rows() {
        return rq * ty;
    }

    /** Columns of a tile. */
    int columns() {
        return rk * tx;
    }

    /** Columns that a work-item has of a product with this many features. */
    int share(int features) {
        if (fixed) {
            return FEATURES / tx;
        }
        int need = ceil(Math.min(features, Math.min(FEATURES, 16 * tx)), tx);
        return need <= step ? need : ceil(need, step) * step;
    }

    /** Groups over which this many features are split. */
    int slices(int features, int share) {
        return ceil(features, share * tx);
    }

    Object[] defines() {
        return new Object[] {"TX", tx, "TY", ty, "RQ", rq, "RK", rk, "VC", step};
    }

    static int ceil(int x, int by) {
        return (int) (((long) x + by - 1) / by);
    }
}
