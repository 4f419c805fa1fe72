package io.tatara.kernels.matmul;

import java.util.Comparator;
import java.util.Objects;

/**
 * How {@code lines_product_sm90.cu} cuts a {@link LineProduct} into tiles.
 *
 * @param form of the tiles
 * @param stages of the ring of kernels
 * @param strips of the ring of lines
 * @param raws blocks of pixels from the copy engine at a time; 0 where warps load the images
 */
record LineTiling(LineForm form, int stages, int strips, int raws) {
    /**
     * Columns of a warpgroup whose sums leave registers for two warpgroups of fillers; with
     * transposed kernels fewer.
     */
    private static final int FEW_COLUMNS = 192;

    /** The same where blocks of pixels are turned; with more some were spilled. */
    private static final int RAW_COLUMNS = 160;

    private static final int WARPGROUP = 128;

    /** Columns of a warpgroup that goes ahead, at most; taps of a strip that are worth it. */
    private static final int MOST_AHEAD = 160;

    private static final int LEAST_AHEAD = 4;

    private static final int MEMORY = 227 << 10;
    private static final int BARRIERS = 512;
    private static final int LINE_BYTES = 2 * HopperTiling.BK;
    private static final int MOST_STAGES = 10;
    private static final int LEAST_STAGES = 4;
    private static final int STRIPS = 2;

    /** Of A, for 16 of k; of shared memory in a clock. */
    private static final int A_SLICE = 2048;

    private static final int BANK_BYTES = 128;

    /** A block of pixels from the copy engine. */
    private static final int RAW_BYTES = 8192;

    /** At most one for each warp that turns them; with fewer some warps share one, or rest. */
    private static final int MOST_RAWS = 6;

    /** Lines after which the swizzle repeats itself. */
    private static final int PATTERN = 8;

    /** Lines that a warp turns at a time. */
    private static final int BATCH = 16;

    // The estimate, in clock cycles: bytes a multiprocessor gets from L2 in one, a batch of lines,
    // what a tap costs besides its products, a launch, a tile's column on its way to the result,
    // sums of another block.
    private static final double L2_BYTES = 48;
    private static final double TURN = 1200;
    private static final double ONES = 2500;
    private static final double TAP = 60;
    private static final double START = 2500;
    private static final double STORE = 10;
    private static final double STORE_APART = 60;
    private static final double GIVEN = 1500;

    /** What sharing slices of the kernel cost an H200 rather than saved. */
    private static final double CLUSTERED = 1.05;

    /** What blocks of pixels from the copy engine left of its time, and with a stride along y. */
    private static final double RAW = 0.9;

    private static final double RAW_KINDS = 0.65;

    /** The tiling of least estimated time; null where none fits. */
    static LineTiling of(LineProduct p, int multiprocessors) {
        return LineForm.all().stream()
                .filter(f -> !f.raw() || p.classes().size() == 1)
                .map(f -> make(p, f, multiprocessors))
                .filter(Objects::nonNull)
                .min(Comparator.comparingDouble(t -> t.time(p, multiprocessors)))
                .orElse(null);
    }

    /** Tiles of this form with as many stages as fit; null where too few do. */
    static LineTiling make(LineProduct p, LineForm form, int multiprocessors) {
        LineTiling t = new LineTiling(form, LEAST_STAGES, STRIPS, 0);
        if (p.reach(form) > MEMORY / LINE_BYTES
                || t.tiles(p) > Integer.MAX_VALUE - multiprocessors
                || form.raw() && !t.fetches(p)
                || form.split() > 1 && !t.splits(p, multiprocessors)) {
            return null;
        }
        if (!form.raw()) {
            return t.fill(p, 0);
        }
        for (int raws = MOST_RAWS; raws > 0; raws--) {
            LineTiling filled = t.fill(p, raws);
            if (filled != null) {
                return filled;
            }
        }
        return null;
    }

    /** Whether the copy engine can fetch the images, and there are registers to turn them by. */
    private boolean fetches(LineProduct p) {
        return p.planes() && form.bn() <= RAW_COLUMNS && fillers(p) > 1;
    }

    /** With so many blocks of pixels, and as many stages as fit beside them. */
    private LineTiling fill(LineProduct p, int blocks) {
        LineTiling least = new LineTiling(form, LEAST_STAGES, STRIPS, blocks);
        int room = MEMORY - least.shared(p) + LEAST_STAGES * stageBytes();
        int most = Math.min(MOST_STAGES, Math.floorDiv(room, stageBytes()));
        return most < LEAST_STAGES ? null : new LineTiling(form, most, STRIPS, blocks);
    }

    /**
     * Whether all tiles' slices can be shared out, at one time: of clusters of four a chip's groups
     * of multiprocessors do not hold as many as it has multiprocessors for.
     */
    private boolean splits(LineProduct p, int multiprocessors) {
        int room = form.split() > 2 ? multiprocessors * 3 / 4 : multiprocessors;
        return p.slices() >= form.split()
                && p.classes().size() == 1
                && (long) rows(p) * columns(p) <= room / form.split();
    }

    /** Warpgroups that turn images and fetch kernels. */
    int fillers(LineProduct p) {
        int sums = p.grouped(form) ? p.classes().size() * form.bn() : form.bn();
        return sums > (p.transposed() ? FEW_COLUMNS - 1 : FEW_COLUMNS) ? 1 : 2;
    }

    int threads(LineProduct p) {
        return (2 + fillers(p)) * WARPGROUP;
    }

    private int stageBytes() {
        return form.rows() * LINE_BYTES;
    }

    /** Lines of the kernel, stored [rows, terms], that a block fetches at once. */
    int lines() {
        return form.rows() / form.cluster();
    }

    /** The same where it is stored [terms, rows]: boxes are 64 rows wide. */
    int spans() {
        return form.side() ? HopperTiling.BK / form.cluster() : HopperTiling.BK;
    }

    /** Times 16 elements that a warp has under way: as many as the registers hold. */
    int turns(LineProduct p) {
        return p.vector() == 1 ? 1 : fillers(p) == 1 && !p.grouped(form) ? 3 : 2;
    }

    /**
     * Lines of a phase of a strip: whole turns of a warp, whole patterns of the swizzle. Those of
     * two phases that the copy engine brings are whole patterns together, each with half of one:
     * then neighbours, who go to either, meet in no bank.
     */
    int stripLines(LineProduct p) {
        int least = form.columns() + p.reach(form);
        if (form.raw()) {
            int half = p.source().phases() == 2 ? PATTERN / 2 : 0;
            return Product.ceil(least - half, PATTERN) * PATTERN + half;
        }
        int unit = BATCH * turns(p);
        return Product.ceil(least, unit) * unit;
    }

    /**
     * Taps by which one warpgroup goes ahead of the other where a block has several tiles, so that
     * one's sums leave while the other multiplies: as many as the ring of kernels lets it, and no
     * more than the first strip has, since the other releases none before. None where registers are
     * short.
     */
    int skew(LineProduct p, int multiprocessors) {
        if (form.split() > 1
                || tiles(p) * form.blocks() <= multiprocessors
                || fillers(p) > 1 && form.bn() > MOST_AHEAD
                || p.stripTaps(form) < LEAST_AHEAD) {
            return 0;
        }
        return Math.min(stages - 1, p.stripTaps(form));
    }

    int rows(LineProduct p) {
        return Product.ceil(p.rows(), form.rows());
    }

    /** Columns of tiles, those of a cluster counted as one. */
    int columns(LineProduct p) {
        return Product.ceil(p.source().length(), form.columns() * form.cluster());
    }

    int blocks(LineProduct p, int multiprocessors) {
        int clusters = Math.max(1, multiprocessors / form.blocks());
        return (int) Math.min(clusters, tiles(p)) * form.blocks();
    }

    /** Tiles, those of a cluster counted as one. */
    private long tiles(LineProduct p) {
        return (long) rows(p) * columns(p) * (p.grouped(form) ? 1 : p.classes().size());
    }

    /** Bytes of shared memory of a block. */
    int shared(LineProduct p) {
        int strip = p.source().phases() * stripLines(p) * LINE_BYTES;
        int columns = p.grouped(form) ? 2 * form.bn() : form.bn();
        int staging = 2 * HopperTiling.BM * (columns + 8);
        return stages * stageBytes()
                + raws * RAW_BYTES
                + strips * strip
                + staging
                + BARRIERS
                + LineProduct.tables(form.bn());
    }

    /** Estimated cycles. */
    double time(LineProduct p, int multiprocessors) {
        double slots = Math.max(1, multiprocessors / form.blocks());
        int slices = Product.ceil(p.slices(), form.split());
        double tiles = (double) rows(p) * columns(p);
        double kernel = (double) stageBytes() / form.cluster() / L2_BYTES;
        int warps = 4 * fillers(p) - 1;
        double batches = (double) p.source().phases() * stripLines(p) / BATCH / turns(p);
        double each16 = p.vector() == 1 ? ONES : TURN;
        double turned = p.source().kinds() * Math.ceil(batches / warps) * each16;
        double store = p.apart() && !p.grouped(form) ? STORE_APART : STORE;
        double all = 0;
        double most = 0;
        int rest = p.grouped(form) ? p.classes().size() : 1;
        for (LineProduct.Places c : p.classes()) {
            double slice = slices * c.taps().size() * tap(kernel);
            double least = slices * turned / rest;
            double each = Math.max(slice, least) + store * form.bn();
            all += tiles * each;
            most = Math.max(most, each);
        }
        double rounds = Math.ceil(tiles / slots);
        boolean one = p.grouped(form) || p.classes().size() == 1;
        double sum = one ? rounds * all / tiles : all / slots + most / 2;
        double clustered = form.cluster() > 1 ? CLUSTERED : 1;
        double fetched = form.raw() ? p.source().kinds() > 1 ? RAW_KINDS : RAW : 1;
        return START + turned + (form.split() - 1) * GIVEN + clustered * fetched * sum;
    }

    /** Cycles of a tap: of the matrix units, of shared memory, of what comes from L2. */
    private double tap(double kernel) {
        double read = 2 * 4 * (A_SLICE + (double) form.bn() * LINE_BYTES / 4) / BANK_BYTES;
        double written = (double) stageBytes() / BANK_BYTES;
        return Math.max(4.0 * form.bn(), Math.max(read + written, kernel)) + TAP;
    }
}
