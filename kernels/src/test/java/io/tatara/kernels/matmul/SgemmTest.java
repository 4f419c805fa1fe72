package io.tatara.kernels.matmul;

import static org.assertj.core.api.Assertions.assertThat;

import io.tatara.kernels.jvm.JvmContext;
import io.tatara.kernels.jvm.Workers;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * {@link Sgemm} against two loops over odd shapes, with gaps between rows and guards around
 * everything.
 */
class SgemmTest {
    private static final float GUARD = 1e30f;

    private static List<int[]> shapes() {
        List<int[]> s = new ArrayList<>();
        for (int m : new int[] {0, 1, 2, 3, 5, 12, 25}) {
            for (int n : new int[] {1, 3, 4, 16, 33, 100}) {
                for (int k : new int[] {0, 1, 8, 17, 64}) {
                    s.add(new int[] {m, n, k});
                }
            }
        }
        // Each path at sizes where it is taken, and depths beyond one block.
        s.addAll(
                List.of(
                        new int[] {1, 600, 70},
                        new int[] {3, 1100, 33},
                        new int[] {4, 130, 1030},
                        new int[] {70, 70, 70},
                        new int[] {97, 65, 129},
                        new int[] {200, 300, 40},
                        new int[] {13, 290, 600},
                        new int[] {300, 3, 50},
                        new int[] {300, 2, 513},
                        new int[] {211, 270, 530},
                        new int[] {5, 33, 4100},
                        new int[] {2310, 5, 9},
                        new int[] {6, 4110, 11},
                        new int[] {100, 1, 100},
                        new int[] {128, 128, 1024}));
        return s;
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void integersAreExactInEveryShape(boolean vector) {
        SplittableRandom random = new SplittableRandom(7);
        int i = 0;
        for (int[] s : shapes()) {
            for (int t = 0; t < 4; t++) {
                JvmContext ctx =
                        Contexts.of(vector, i++ % 2 == 0 ? Workers.SERIAL : Contexts.PARALLEL);
                check(ctx, (t & 1) != 0, (t & 2) != 0, s[0], s[1], s[2], random.nextInt(2), random);
            }
        }
    }

    private static void check(
            JvmContext ctx,
            boolean ta,
            boolean tb,
            int m,
            int n,
            int k,
            int beta,
            SplittableRandom random) {
        int lda = (ta ? m : k) + random.nextInt(3);
        int ldb = (tb ? k : n) + random.nextInt(3);
        int ldc = n + random.nextInt(3);
        int ao = random.nextInt(5);
        int bo = random.nextInt(5);
        int co = 3;
        float[] a = matrix(ta ? k : m, ta ? m : k, lda, ao, random);
        float[] b = matrix(tb ? n : k, tb ? k : n, ldb, bo, random);
        float[] c = matrix(m, n, ldc, co, random);
        float[] want = c.clone();
        for (int i = 0; i < m; i++) {
            for (int j = 0; j < n; j++) {
                double sum = beta == 0 ? 0 : c[co + i * ldc + j];
                for (int p = 0; p < k; p++) {
                    double x = ta ? a[ao + p * lda + i] : a[ao + i * lda + p];
                    sum += x * (tb ? b[bo + j * ldb + p] : b[bo + p * ldb + j]);
                }
                want[co + i * ldc + j] = (float) sum;
            }
        }
        float[] start = c.clone();
        if (beta == 0) {
            for (int i = 0; i < m; i++) {
                Arrays.fill(c, co + i * ldc, co + i * ldc + n, Float.NaN);
            }
        }
        String what = String.format("ta=%s tb=%s m=%d n=%d k=%d beta=%d", ta, tb, m, n, k, beta);
        Sgemm.run(ta, tb, m, n, k, a, ao, lda, b, bo, ldb, beta, c, co, ldc, ctx);
        assertThat(withoutSignOfZero(c)).as(what).isEqualTo(want);
        PackedMatrix packed = Sgemm.packB(tb, n, k, b, bo, ldb, ctx);
        Sgemm.runPacked(ta, m, a, ao, lda, packed, beta, start, co, ldc, ctx);
        assertThat(withoutSignOfZero(start)).as(what + " packed").isEqualTo(want);
    }

    private static float[] withoutSignOfZero(float[] x) {
        for (int i = 0; i < x.length; i++) {
            x[i] += 0f;
        }
        return x;
    }

    /** Small integers, so that sums are exact; guards between rows and around. */
    private static float[] matrix(
            int rows, int columns, int ld, int offset, SplittableRandom random) {
        float[] x = new float[offset + rows * ld + 9];
        Arrays.fill(x, GUARD);
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < columns; j++) {
                x[offset + i * ld + j] = random.nextInt(-4, 5);
            }
        }
        return x;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 4, 16, 40, 130})
    void nanAndInfinityReachWhatTheyTouchAndNothingElse(int m) {
        for (boolean vector : new boolean[] {true, false}) {
            int n = 70;
            int k = 65;
            float[] a = new float[m * k];
            float[] b = new float[k * n];
            Arrays.fill(a, 1);
            Arrays.fill(b, 0);
            b[7 * n + 5] = Float.NaN;
            b[9 * n + 69] = Float.POSITIVE_INFINITY;
            a[(m - 1) * k + 9] = 0;
            float[] c = new float[m * n];
            Sgemm.run(
                    false,
                    false,
                    m,
                    n,
                    k,
                    a,
                    0,
                    k,
                    b,
                    0,
                    n,
                    0,
                    c,
                    0,
                    n,
                    Contexts.of(vector, Workers.SERIAL));
            for (int i = 0; i < m; i++) {
                for (int j = 0; j < n; j++) {
                    // 0 · ∞ is NaN.
                    float want =
                            j == 5
                                    ? Float.NaN
                                    : j != 69
                                            ? 0
                                            : i == m - 1 ? Float.NaN : Float.POSITIVE_INFINITY;
                    assertThat(Float.valueOf(c[i * n + j]))
                            .as("(%d, %d)", i, j)
                            .isEqualTo(Float.valueOf(want));
                }
            }
        }
    }

    @Test
    void threadsDoNotChangeTheBits() {
        SplittableRandom random = new SplittableRandom(3);
        int s = 150;
        float[] a = new float[s * s];
        float[] b = new float[s * s];
        for (int i = 0; i < a.length; i++) {
            a[i] = (float) random.nextGaussian();
            b[i] = (float) random.nextGaussian();
        }
        float[] c = new float[s * s];
        float[] d = new float[s * s];
        Sgemm.run(
                false,
                true,
                s,
                s,
                s,
                a,
                0,
                s,
                b,
                0,
                s,
                0,
                c,
                0,
                s,
                Contexts.of(true, Workers.SERIAL));
        Sgemm.run(
                false,
                true,
                s,
                s,
                s,
                a,
                0,
                s,
                b,
                0,
                s,
                0,
                d,
                0,
                s,
                Contexts.of(true, Contexts.PARALLEL));
        assertThat(d).isEqualTo(c);
    }

    @Test
    void warmUpRunsEveryBranch() {
        Sgemm.warmUp(Contexts.of(true, Workers.SERIAL), 2);
        Sgemm.warmUp(Contexts.of(false, Contexts.PARALLEL), 2);
    }
}
