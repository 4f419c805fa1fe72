package io.tatara.kernels.matmul;

/** The inner loops on the vector unit, whatever its width. */
final class VectorKernels extends MicroKernels {
    /** 256-bit x86 has 16 registers, 512-bit x86 and 128-bit ARM have 32. */
    private static final boolean NARROW =
            VectorTiles.L == 8 && System.getProperty("os.arch", "").matches("amd64|x86_64");

    /** Elsewhere fences take time, and panels of 12 rows are not made of squares of eight. */
    private static final int MR = NARROW ? 6 : VectorTiles.L == 8 ? 4 : 12;

    static final int MAX_ROWS = 12;

    private static final FirstTiles FIRST = new FirstTiles();

    /** Times that a tile to C may take as long as one that stops before. */
    private static final int COMPILED = 4;

    /** Whether tiles to C have been seen to be machine code; races do no harm. */
    private boolean straight;

    @Override
    int mr() {
        return MR;
    }

    @Override
    int nr() {
        return VectorTiles.NR;
    }

    @Override
    int height(int rows) {
        if (rows <= 2) {
            return rows;
        }
        if (rows <= 4) {
            return 4;
        }
        return NARROW ? 6 : rows <= 8 ? 8 : 12;
    }

    @Override
    void tile(int h, int k, float[] a, int ao, float[] b, int bo, float[] t) {
        if (FIRST.left(h)) {
            vectorTile(h, k, a, ao, b, bo, t);
        } else {
            FIRST.tile(h, k, a, ao, b, bo, t);
        }
    }

    static void vectorTile(int h, int k, float[] a, int ao, float[] b, int bo, float[] t) {
        switch (h) {
            case 12 -> VectorTiles.rows12(k, a, ao, b, bo, t);
            case 6 -> NarrowTiles.rows6(k, a, ao, b, bo, t);
            case 8 -> VectorTiles.rows8(k, a, ao, b, bo, t);
            case 4 -> VectorTiles.rows4(k, a, ao, b, bo, t);
            case 2 -> VectorTiles.rows2(k, a, ao, b, bo, t);
            case 1 -> VectorTiles.rows1(k, a, ao, b, bo, t);
            default -> throw new IllegalArgumentException("tile of " + h + " rows");
        }
    }

    @Override
    void tileAhead(int k, float[] a, int ao, float[] b, int bo, float[] t, int next) {
        if (MR == 12 && FIRST.left(MR)) {
            VectorTiles.rows12Ahead(k, a, ao, b, bo, t, next);
        } else {
            super.tileAhead(k, a, ao, b, bo, t, next);
        }
    }

    @Override
    void tileHalf(int k, float[] a, int ao, float[] b, int bo, float[] t) {
        if (MR == 4 || !FIRST.left(MR)) {
            super.tileHalf(k, a, ao, b, bo, t);
        } else if (NARROW) {
            NarrowTiles.rows6Half(k, a, ao, b, bo, t);
        } else {
            VectorTiles.rows12Half(k, a, ao, b, bo, t);
        }
    }

    @Override
    boolean straight() {
        return straight;
    }

    @Override
    void tileTo(
            int k,
            float[] a,
            int ao,
            float[] b,
            int bo,
            float[] bias,
            int first,
            boolean relu,
            float[] c,
            int co,
            int ldc) {
        NarrowTiles.rows6To(k, a, ao, b, bo, bias, first, relu, c, co, ldc);
    }

    @Override
    void tilePair(int k, float[] a, int ao, float[] b, int bo, float[] t) {
        if (FIRST.left(1)) {
            VectorTiles.row1Pair(k, a, ao, b, bo, bo + VectorTiles.NR * k, t);
        } else {
            super.tilePair(k, a, ao, b, bo, t);
        }
    }

    @Override
    void warmUp(float[] a, float[] b, float[] t) {
        super.warmUp(a, b, t);
        for (int i = 0; i < 3; i++) {
            VectorTiles.row1Pair(32, a, 0, b, 0, 32 * VectorTiles.NR, t);
            if (NARROW) {
                NarrowTiles.rows6Half(64, a, 0, b, 0, t);
                straightTile(a, b, t, i > 0);
            } else {
                VectorTiles.rows12Half(64, a, 0, b, 0, t);
            }
        }
        for (int h = MR; h > 0; h = h > 1 ? height(h / 2) : 0) {
            for (int i = 0; i < 3; i++) {
                vectorTile(h, 64, a, 0, b, 0, t);
            }
        }
    }

    private void straightTile(float[] a, float[] b, float[] t, boolean relu) {
        long start = System.nanoTime();
        NarrowTiles.rows6(64, a, 0, b, 0, t);
        long between = System.nanoTime();
        NarrowTiles.rows6To(64, a, 0, b, 0, a, 0, relu, t, 0, VectorTiles.NR);
        long time = System.nanoTime() - between;
        straight |= FIRST.left(MR) && time < COMPILED * (between - start);
    }

    @Override
    void merge(int rows, int columns, float[] t, float[] c, int co, int ldc, boolean add) {
        if (columns == VectorTiles.NR) {
            VectorTiles.merge(rows, t, c, co, ldc, add);
        } else {
            super.merge(rows, columns, t, c, co, ldc, add);
        }
    }

    @Override
    void direct(
            int m,
            int n,
            int k,
            float[] a,
            int ao,
            int ars,
            int acs,
            float[] b,
            int bo,
            int ldb,
            float[] c,
            int co,
            int ldc,
            boolean add) {
        int i = 0;
        for (; i + 4 <= m; i += 4) {
            int ai = ao + i * ars;
            int ci = co + i * ldc;
            int j = 0;
            for (; j + VectorTiles.NR <= n; j += VectorTiles.NR) {
                VectorDirect.four(k, a, ai, ars, acs, b, bo + j, ldb, c, ci + j, ldc, add);
            }
            for (; j < n; j += VectorTiles.L) {
                VectorDirect.fourPart(
                        n - j, k, a, ai, ars, acs, b, bo + j, ldb, c, ci + j, ldc, add);
            }
        }
        for (; i < m; i++) {
            stream(n, k, a, ao + i * ars, acs, b, bo, ldb, c, co + i * ldc, add);
        }
    }

    @Override
    void stream(
            int n,
            int k,
            float[] a,
            int ao,
            int acs,
            float[] b,
            int bo,
            int ldb,
            float[] c,
            int co,
            boolean add) {
        int p = 0;
        for (; p + 8 <= k; p += 8) {
            VectorDirect.stream8(
                    n, a, ao + p * acs, acs, b, bo + p * ldb, ldb, c, co, add || p > 0);
        }
        for (; p < k; p++) {
            VectorDirect.stream1(n, a[ao + p * acs], b, bo + p * ldb, c, co, add || p > 0);
        }
    }

    @Override
    void dots(
            int m,
            int n,
            int k,
            float[] a,
            int ao,
            int lda,
            float[] b,
            int bo,
            int ldb,
            float[] c,
            int co,
            int crs,
            int ccs,
            boolean add) {
        int j = 0;
        for (; j + 4 <= n; j += 4) {
            for (int i = 0; i < m; i++) {
                int at = co + i * crs + j * ccs;
                VectorDirect.dot4(k, a, ao + i * lda, b, bo + j * ldb, ldb, c, at, ccs, add);
            }
        }
        for (; j < n; j++) {
            for (int i = 0; i < m; i++) {
                int at = co + i * crs + j * ccs;
                float s = VectorDirect.dot(k, a, ao + i * lda, b, bo + j * ldb);
                c[at] = add ? c[at] + s : s;
            }
        }
    }

    @Override
    void packPanels(int count, int k, float[] x, int xo, int ld, float[] panels, int po) {
        for (int p = 0; p < k; p++) {
            VectorPacking.row(
                    count, x, xo + p * ld, panels, po + p * VectorTiles.NR, VectorTiles.NR * k);
        }
    }

    @Override
    void packTransposed(
            int rows, int k, float[] x, int xo, int ld, int width, float[] panel, int po) {
        VectorPacking.pack(rows, k, x, xo, ld, width, panel, po);
    }
}
