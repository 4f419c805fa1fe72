package io.tatara.kernels.matmul;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.tatara.kernels.jvm.JvmContext;
import io.tatara.kernels.jvm.Workers;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Tiles that write to C themselves leave the bits that tiles taken there later do. */
class StraightTilesTest {
    private static final int IMAGE = 53;
    private static final float GUARD = 1234.5f;

    private record Target(float[] c, int ld, float[] bias, boolean relu, boolean straight)
            implements PanelProduct.Result {
        @Override
        public void put(
                int row,
                int rows,
                int column,
                int columns,
                float[] t,
                int width,
                boolean add,
                boolean last) {
            for (int i = 0; i < rows; i++) {
                for (int j = 0; j < columns; j++) {
                    int at = IMAGE + (row + i) * ld + column + j;
                    float v = t[i * width + j] + (add ? c[at] : bias[row + i]);
                    c[at] = last && relu && v <= 0 ? 0 : v;
                }
            }
        }

        @Override
        public void finished(int row, int rowEnd, int column, int columnEnd) {
            // Nothing follows.
        }

        @Override
        public PanelProduct.Straight straight(int rows) {
            return straight ? new PanelProduct.Straight(c, ld, bias, 0, relu) : null;
        }

        @Override
        public int place(int row, int column, int columns) {
            return IMAGE - column % IMAGE < columns ? -1 : IMAGE + row * ld + column;
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void bitsAreTheSameAndNothingElseIsWritten(boolean relu) {
        JvmContext ctx = Contexts.of(true, Workers.SERIAL);
        for (int i = 0; i < 400 && !MicroKernels.of(ctx).straight(); i++) {
            Sgemm.warmUp(ctx, 10);
        }
        assumeTrue(MicroKernels.of(ctx).straight(), "no such tiles for these vectors");
        Random r = new Random(5);
        for (int m = 1; m <= 14; m++) {
            for (int n : new int[] {1, 15, 16, 17, 40, IMAGE, 2 * IMAGE + 3}) {
                for (int k : new int[] {1, 7, 64, 1100}) {
                    check(m, n, k, relu, r, ctx);
                }
            }
        }
    }

    private static void check(int m, int n, int k, boolean relu, Random r, JvmContext ctx) {
        float[] a = numbers(r, m * k);
        float[] b = numbers(r, n * k);
        float[] bias = numbers(r, m);
        a[r.nextInt(a.length)] = Float.NaN;
        b[r.nextInt(b.length)] = Float.NEGATIVE_INFINITY;
        bias[r.nextInt(m)] = -0f;
        float[] packed = new float[PanelProduct.size(m, k, ctx)];
        PackedLeft left = PanelProduct.pack(m, k, rows(a, k), packed, ctx);
        float[] panels = new float[PanelProduct.sizeRight(k, n, ctx)];
        PackedRight right = PanelProduct.packRight(k, n, rows(b, k), panels, ctx);
        int ld = n + 3;
        float[] want = new float[2 * IMAGE + m * ld];
        Arrays.fill(want, GUARD);
        float[] got = want.clone();
        PanelProduct.run(left, right, new Target(want, ld, bias, relu, false), false, ctx);
        PanelProduct.run(left, right, new Target(got, ld, bias, relu, true), false, ctx);
        assertThat(got).as("%d x %d x %d", m, n, k).isEqualTo(want);
        for (int i = 0; i < m; i++) {
            for (int j = n; j < ld; j++) {
                assertThat(got[IMAGE + i * ld + j]).isEqualTo(GUARD);
            }
        }
    }

    private static float[] numbers(Random r, int n) {
        float[] f = new float[n];
        for (int i = 0; i < n; i++) {
            f[i] = (float) r.nextGaussian();
        }
        return f;
    }

    private static PanelProduct.Left rows(float[] x, int k) {
        return (row, rows, from, depth, height, panel, at) -> {
            for (int p = 0; p < depth; p++) {
                for (int i = 0; i < height; i++) {
                    panel[at + p * height + i] = i < rows ? x[(row + i) * k + from + p] : 0;
                }
            }
        };
    }
}
