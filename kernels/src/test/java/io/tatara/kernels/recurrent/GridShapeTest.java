package io.tatara.kernels.recurrent;

import static org.assertj.core.api.Assertions.assertThat;

import io.tatara.kernels.DType;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuTraits;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The spreading of a recurrence over a device covers it and keeps to the device's limits. */
class GridShapeTest {
    private static final GpuTraits H200 = GpuTraits.cuda(90, 132);

    private static Extents extents(int steps, int batch, int hidden, Direction d) {
        return new Extents(steps, batch, hidden, hidden, d);
    }

    private static GridShape lstm(Extents e, DType dtype, GpuTraits traits, boolean back) {
        int h = e.hidden();
        List<GridShape.Need> needs =
                List.of(back ? new GridShape.Need(1, 4 * h) : new GridShape.Need(4, h));
        return GridShape.of(e, dtype, traits, needs, back ? 2 : 1, back ? 7 : 0);
    }

    @Test
    void measuredSizesFitAnH200() {
        for (DType dtype : List.of(DType.FLOAT32, DType.FLOAT16, DType.BFLOAT16)) {
            for (int h : new int[] {256, 512, 1024}) {
                for (int n : new int[] {1, 16, 64}) {
                    for (boolean back : new boolean[] {false, true}) {
                        Extents e = extents(50, n, h, Direction.FORWARD);
                        GridShape s = lstm(e, dtype, H200, back);
                        assertThat(s).as("%s h%d n%d back %s", dtype, h, n, back).isNotNull();
                        sound(s, e, H200, back ? 4 * h : h, back ? 1 : 4);
                    }
                }
            }
        }
    }

    @Test
    void everyShapeIsSoundOnEveryDevice() {
        int found = 0;
        for (int arch : GpuTraits.CUDA_ARCHES) {
            for (int sms : new int[] {1, 4, 40, 108}) {
                GpuTraits traits = GpuTraits.cuda(arch, sms);
                for (int h : new int[] {1, 7, 33, 128, 320, 1000}) {
                    for (int n : new int[] {1, 3, 9, 100}) {
                        for (Direction d : Direction.values()) {
                            Extents e = extents(3, n, h, d);
                            for (DType dtype : List.of(DType.FLOAT32, DType.BFLOAT16)) {
                                GridShape s = lstm(e, dtype, traits, true);
                                if (s != null) {
                                    sound(s, e, traits, 4 * h, 1);
                                    found++;
                                }
                            }
                        }
                    }
                }
            }
        }
        assertThat(found).isGreaterThan(500);
    }

    /** Covers all units, rows and terms; within what the device and the plan have. */
    private static void sound(GridShape s, Extents e, GpuTraits t, int depth, int rowsPerUnit) {
        int blocks = s.slices() * s.rowGroups() * s.directions();
        assertThat(blocks).as("%s", s).isLessThanOrEqualTo(t.computeUnits());
        assertThat(s.sharedBytes()).as("%s", s).isLessThanOrEqualTo(t.maxShared());
        assertThat(s.slices() * s.units()).isGreaterThanOrEqualTo(e.hidden());
        assertThat((s.slices() - 1) * s.units()).isLessThan(e.hidden());
        assertThat(s.rowGroups() * s.rows()).isGreaterThanOrEqualTo(e.batch());
        assertThat((s.rowGroups() - 1) * s.rows()).isLessThan(e.batch());
        assertThat(s.chunk() * s.units()).isLessThanOrEqualTo(GridShape.THREADS);
        assertThat(s.chunk() % s.rowBlock()).isZero();
        assertThat(e.directions() % s.directions()).isZero();
        GridShape.Phase p = s.phases().get(0);
        int perPass =
                GridShape.WARPS * 32 / p.laneRows() * 16 / s.dtype().bytes(); // terms of a piece
        assertThat(p.along() * perPass).isGreaterThanOrEqualTo(depth);
        assertThat(p.rows()).isGreaterThanOrEqualTo(rowsPerUnit * s.units());
        int chunks = (s.rows() + s.chunk() - 1) / s.chunk();
        assertThat(s.directions() * s.rowGroups() * (chunks + 1) * 8)
                .isLessThanOrEqualTo(GpuPlan.SEMAPHORES);
    }

    @Test
    void whatDoesNotFitIsRefused() {
        Extents e = extents(5, 4, 64, Direction.FORWARD);
        assertThat(lstm(e, DType.FLOAT32, GpuTraits.cuda(75, 40), false)).isNotNull();
        assertThat(lstm(e, DType.BFLOAT16, GpuTraits.cuda(75, 40), false))
                .as("matrix units of 8.0")
                .isNull();
        assertThat(lstm(e, DType.FLOAT32, GpuTraits.MINIMAL_OPENCL, false)).isNull();
        assertThat(lstm(extents(0, 4, 64, Direction.FORWARD), DType.FLOAT32, H200, false)).isNull();
        assertThat(lstm(extents(5, 0, 64, Direction.FORWARD), DType.FLOAT32, H200, false)).isNull();
        assertThat(lstm(extents(5, 4, 8192, Direction.FORWARD), DType.BFLOAT16, H200, false))
                .as("half a gigabyte of weights")
                .isNull();
    }

    @Test
    void twoDirectionsThatDoNotFitTogetherRunOneAfterTheOther() {
        Extents e = extents(50, 1, 1024, Direction.BIDIRECTIONAL);
        assertThat(lstm(e, DType.BFLOAT16, H200, false).directions()).isEqualTo(2);
        GpuTraits small = GpuTraits.cuda(90, 40);
        assertThat(lstm(e, DType.BFLOAT16, small, false).directions()).isEqualTo(1);
    }

    private static GridShape tiles(Extents e, int gates, GpuTraits traits, DType dtype) {
        List<GridShape.Need> needs = List.of(new GridShape.Need(gates, e.hidden()));
        return TiledShape.of(e, dtype, traits, needs, 1, 0, 1);
    }

    @Test
    void tilesAreSoundAndForLargeBatches() {
        int found = 0;
        for (int arch : GpuTraits.CUDA_ARCHES) {
            for (int sms : new int[] {4, 40, 132}) {
                GpuTraits traits = GpuTraits.cuda(arch, sms);
                for (int h : new int[] {7, 21, 128, 509, 1000, 1024}) {
                    for (int n : new int[] {15, 61, 64, 100, 512}) {
                        for (int gates : new int[] {3, 4}) {
                            Extents e = extents(3, n, h, Direction.BIDIRECTIONAL);
                            GridShape s = tiles(e, gates, traits, DType.FLOAT32);
                            if (s != null) {
                                sound(s, e, traits, gates);
                                found++;
                            }
                        }
                    }
                }
            }
        }
        assertThat(found).isGreaterThan(100);
        Extents e = extents(50, 64, 1024, Direction.FORWARD);
        assertThat(tiles(e, 4, H200, DType.FLOAT32).stages()).isEqualTo(3);
        assertThat(tiles(e, 4, H200, DType.BFLOAT16)).isNull();
        assertThat(tiles(e, 1, H200, DType.FLOAT32)).as("a gradient's slices").isNull();
        assertThat(tiles(e, 4, GpuTraits.cuda(75, 132), DType.FLOAT32)).isNull();
        Extents few = extents(50, 16, 1024, Direction.FORWARD);
        assertThat(tiles(few, 4, H200, DType.FLOAT32)).isNull();
    }

    /** A gradient's slices are those of teams, each block with a part of the columns. */
    @Test
    void teamsHaveTheTilesOfTheForwardPass() {
        Extents e = extents(50, 64, 1024, Direction.FORWARD);
        List<GridShape.Need> lstm = List.of(new GridShape.Need(1, 4 * 1024));
        GridShape s = TiledShape.of(e, DType.FLOAT32, H200, lstm, 2, 7, 4);
        GridShape forward = tiles(e, 4, H200, DType.FLOAT32);
        assertThat(s.phases()).isEqualTo(forward.phases());
        assertThat(s.slices()).isEqualTo(forward.slices());
        assertThat(s.sharedBytes()).isLessThanOrEqualTo(H200.maxShared());
        assertThat(s.parts()).isEqualTo(2 * 128 * 4 * 32 * 8);
        assertThat(forward.parts()).isZero();
        for (int h : new int[] {509, 799, 1000}) {
            Extents odd = extents(50, 64, h, Direction.FORWARD);
            List<GridShape.Need> gru = List.of(new GridShape.Need(1, 3 * h));
            GridShape g = TiledShape.of(odd, DType.FLOAT32, H200, gru, 1, 4, 4);
            assertThat(g.slices() % 4).isZero();
            assertThat(g.slices() * g.units()).isGreaterThanOrEqualTo(h);
            assertThat(g.slices() * g.rowGroups() * g.directions()).isLessThanOrEqualTo(132);
            assertThat(g.phases().getFirst().along() * 4 * 256).isGreaterThanOrEqualTo(3 * h);
        }
    }

    @Test
    void tilesFitOnlyWhereBlocksDo() {
        int fitting = 0;
        for (int h : new int[] {64, 509, 1024, 1536, 2048, 3072}) {
            for (int n : new int[] {1, 16, 64, 256}) {
                for (DType dtype : new DType[] {DType.FLOAT32, DType.BFLOAT16}) {
                    for (int sms : new int[] {16, 132}) {
                        Extents e = extents(50, n, h, Direction.FORWARD);
                        GpuTraits traits = GpuTraits.cuda(90, sms);
                        List<GridShape.Need> needs = List.of(new GridShape.Need(1, 4 * h));
                        boolean blocks =
                                GridForm.BLOCKS.shape(e, dtype, traits, needs, 2, 4) != null;
                        GridShape s = GridForm.TILES.shape(e, dtype, traits, needs, 2, 4);
                        assertThat(s == null || blocks).as("%s", e).isTrue();
                        fitting += s != null ? 1 : 0;
                        GridShape wide = GridForm.WIDE_TILES.shape(e, dtype, traits, needs, 2, 4);
                        assertThat(wide).isEqualTo(h < 512 ? null : s);
                    }
                }
            }
        }
        assertThat(fitting).isGreaterThan(4);
    }

    /** As {@code sound} above; columns go by the slices of warps. */
    private static void sound(GridShape s, Extents e, GpuTraits t, int gates) {
        assertThat(s.slices() * s.rowGroups() * s.directions())
                .isLessThanOrEqualTo(t.computeUnits());
        assertThat(s.sharedBytes()).as("%s", s).isLessThanOrEqualTo(t.maxShared());
        assertThat(s.slices() * s.units()).isGreaterThanOrEqualTo(e.hidden());
        assertThat(s.rowGroups() * s.rows()).isGreaterThanOrEqualTo(e.batch());
        assertThat((s.rowGroups() - 1) * s.rows()).isLessThan(e.batch());
        assertThat(s.chunk() * s.units()).isLessThanOrEqualTo(GridShape.THREADS);
        assertThat(s.stages()).isBetween(2, 4);
        GridShape.Phase p = s.phases().getFirst();
        assertThat(p.along() * GridShape.WARPS * 32).isGreaterThanOrEqualTo(e.hidden());
        assertThat(p.rows()).isBetween(gates * s.units(), 32);
        int chunks = (s.rows() + s.chunk() - 1) / s.chunk();
        assertThat(s.directions() * s.rowGroups() * (chunks + 1) * 8)
                .isLessThanOrEqualTo(GpuPlan.SEMAPHORES);
    }
}
