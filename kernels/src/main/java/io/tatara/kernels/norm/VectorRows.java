package io.tatara.kernels.norm;

import io.tatara.kernels.jvm.VectorReduce;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The loops on the vector unit, with several accumulators to hide the adder's latency. Sums run
 * over blocks of {@link #BLOCK} in float32, the blocks' sums in double. Loaded by name, so that a
 * JVM without the vector module never links it.
 */
final class VectorRows implements RowKernels {
    private static final VectorSpecies<Float> S =
            FloatVector.SPECIES_PREFERRED.vectorBitSize() <= 512
                    ? FloatVector.SPECIES_PREFERRED
                    : FloatVector.SPECIES_512;

    private static final int L = S.length();
    private static final int BLOCK = 4096;

    @Override
    public float sum(float[] z, int at, int n) {
        double s = 0;
        for (int b = 0; b < n; b += BLOCK) {
            s += sumBlock(z, at + b, Math.min(BLOCK, n - b));
        }
        return (float) s;
    }

    private static float sumBlock(float[] z, int at, int n) {
        FloatVector a = FloatVector.zero(S);
        FloatVector b = a;
        FloatVector c = a;
        FloatVector d = a;
        int i = 0;
        for (; i <= n - 4 * L; i += 4 * L) {
            a = a.add(FloatVector.fromArray(S, z, at + i));
            b = b.add(FloatVector.fromArray(S, z, at + i + L));
            c = c.add(FloatVector.fromArray(S, z, at + i + 2 * L));
            d = d.add(FloatVector.fromArray(S, z, at + i + 3 * L));
        }
        for (; i <= n - L; i += L) {
            a = a.add(FloatVector.fromArray(S, z, at + i));
        }
        float s = VectorReduce.addLanes(a.add(b).add(c.add(d)));
        for (; i < n; i++) {
            s += z[at + i];
        }
        return s;
    }

    @Override
    public void moments(float[] z, int at, int n, float[] row) {
        double s = 0;
        double q = 0;
        for (int b = 0; b < n; b += BLOCK) {
            momentsBlock(z, at + b, Math.min(BLOCK, n - b), row);
            s += row[REST];
            q += row[INVERSE];
        }
        row[REST] = (float) s;
        row[INVERSE] = (float) q;
    }

    private static void momentsBlock(float[] z, int at, int n, float[] row) {
        FloatVector mean = FloatVector.broadcast(S, row[MEAN]);
        FloatVector s0 = FloatVector.zero(S);
        FloatVector s1 = s0;
        FloatVector q0 = s0;
        FloatVector q1 = s0;
        FloatVector q2 = s0;
        FloatVector q3 = s0;
        int i = 0;
        for (; i <= n - 4 * L; i += 4 * L) {
            FloatVector a = FloatVector.fromArray(S, z, at + i).sub(mean);
            FloatVector b = FloatVector.fromArray(S, z, at + i + L).sub(mean);
            FloatVector c = FloatVector.fromArray(S, z, at + i + 2 * L).sub(mean);
            FloatVector d = FloatVector.fromArray(S, z, at + i + 3 * L).sub(mean);
            s0 = s0.add(a.add(b));
            s1 = s1.add(c.add(d));
            q0 = a.fma(a, q0);
            q1 = b.fma(b, q1);
            q2 = c.fma(c, q2);
            q3 = d.fma(d, q3);
        }
        for (; i <= n - L; i += L) {
            FloatVector a = FloatVector.fromArray(S, z, at + i).sub(mean);
            s0 = s0.add(a);
            q0 = a.fma(a, q0);
        }
        float s = VectorReduce.addLanes(s0.add(s1));
        float q = VectorReduce.addLanes(q0.add(q1).add(q2.add(q3)));
        for (; i < n; i++) {
            float t = z[at + i] - row[MEAN];
            s += t;
            q = Math.fma(t, t, q);
        }
        row[REST] = s;
        row[INVERSE] = q;
    }

    @Override
    public void normalize(
            float[] z,
            int at,
            int n,
            float[] row,
            float[] scale,
            float[] shift,
            float[] y,
            float[] ahead,
            float[] ahead2,
            int next) {
        FloatVector mean = FloatVector.broadcast(S, row[MEAN]);
        FloatVector rest = FloatVector.broadcast(S, row[REST]);
        FloatVector inverse = FloatVector.broadcast(S, row[INVERSE]);
        float loaded = 0;
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector t = FloatVector.fromArray(S, z, at + i).sub(mean).sub(rest).mul(inverse);
            t.fma(FloatVector.fromArray(S, scale, i), FloatVector.fromArray(S, shift, i))
                    .intoArray(y, at + i);
            loaded += ahead[next + i] + ahead2[next + i];
        }
        row[AHEAD] = loaded;
        for (; i < n; i++) {
            float t = ((z[at + i] - row[MEAN]) - row[REST]) * row[INVERSE];
            y[at + i] = Math.fma(t, scale[i], shift[i]);
        }
    }

    @Override
    public void gradientSums(float[] z, float[] dy, int at, int n, float[] row, float[] scale) {
        double s = 0;
        double g = 0;
        double gz = 0;
        for (int b = 0; b < n; b += BLOCK) {
            sumsBlock(z, dy, at, b, Math.min(BLOCK, n - b), row, scale);
            s += row[REST];
            g += row[MEAN_G];
            gz += row[MEAN_GX];
        }
        row[REST] = (float) s;
        row[MEAN_G] = (float) g;
        row[MEAN_GX] = (float) gz;
    }

    /** Of elements [from, from + n) of the row. */
    private static void sumsBlock(
            float[] z, float[] dy, int at, int from, int n, float[] row, float[] scale) {
        FloatVector mean = FloatVector.broadcast(S, row[MEAN]);
        FloatVector s0 = FloatVector.zero(S);
        FloatVector s1 = s0;
        FloatVector g0 = s0;
        FloatVector g1 = s0;
        FloatVector gz0 = s0;
        FloatVector gz1 = s0;
        int i = from;
        int end = from + n;
        for (; i <= end - 2 * L; i += 2 * L) {
            FloatVector a = FloatVector.fromArray(S, z, at + i).sub(mean);
            FloatVector b = FloatVector.fromArray(S, z, at + i + L).sub(mean);
            FloatVector ga =
                    FloatVector.fromArray(S, dy, at + i).mul(FloatVector.fromArray(S, scale, i));
            FloatVector gb =
                    FloatVector.fromArray(S, dy, at + i + L)
                            .mul(FloatVector.fromArray(S, scale, i + L));
            s0 = s0.add(a);
            s1 = s1.add(b);
            g0 = g0.add(ga);
            g1 = g1.add(gb);
            gz0 = a.fma(ga, gz0);
            gz1 = b.fma(gb, gz1);
        }
        float s = VectorReduce.addLanes(s0.add(s1));
        float g = VectorReduce.addLanes(g0.add(g1));
        float gz = VectorReduce.addLanes(gz0.add(gz1));
        for (; i < end; i++) {
            float t = z[at + i] - row[MEAN];
            float u = dy[at + i] * scale[i];
            s += t;
            g += u;
            gz = Math.fma(t, u, gz);
        }
        row[REST] = s;
        row[MEAN_G] = g;
        row[MEAN_GX] = gz;
    }

    @Override
    public void gradient(
            float[] z, float[] dy, int at, int n, float[] row, float[] scale, float[] dz) {
        FloatVector mean = FloatVector.broadcast(S, row[MEAN]);
        FloatVector rest = FloatVector.broadcast(S, row[REST]);
        FloatVector inverse = FloatVector.broadcast(S, row[INVERSE]);
        FloatVector meanG = FloatVector.broadcast(S, row[MEAN_G]);
        FloatVector minusGx = FloatVector.broadcast(S, -row[MEAN_GX]);
        FloatVector plus = FloatVector.broadcast(S, row[PLUS]);
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector t = FloatVector.fromArray(S, z, at + i).sub(mean).sub(rest).mul(inverse);
            FloatVector g =
                    FloatVector.fromArray(S, dy, at + i).mul(FloatVector.fromArray(S, scale, i));
            t.fma(minusGx, g.sub(meanG)).fma(inverse, plus).intoArray(dz, at + i);
        }
        for (; i < n; i++) {
            float t = ((z[at + i] - row[MEAN]) - row[REST]) * row[INVERSE];
            float g = dy[at + i] * scale[i];
            float u = Math.fma(t, -row[MEAN_GX], g - row[MEAN_G]);
            dz[at + i] = Math.fma(u, row[INVERSE], row[PLUS]);
        }
    }

    @Override
    public void parameters(
            float[] z, float[] dy, int at, int n, float[] row, float[] sums, int so) {
        FloatVector mean = FloatVector.broadcast(S, row[MEAN]);
        FloatVector rest = FloatVector.broadcast(S, row[REST]);
        FloatVector inverse = FloatVector.broadcast(S, row[INVERSE]);
        int i = 0;
        for (; i <= n - L; i += L) {
            FloatVector t = FloatVector.fromArray(S, z, at + i).sub(mean).sub(rest).mul(inverse);
            FloatVector d = FloatVector.fromArray(S, dy, at + i);
            t.fma(d, FloatVector.fromArray(S, sums, so + i)).intoArray(sums, so + i);
            d.add(FloatVector.fromArray(S, sums, so + n + i)).intoArray(sums, so + n + i);
        }
        for (; i < n; i++) {
            float t = ((z[at + i] - row[MEAN]) - row[REST]) * row[INVERSE];
            sums[so + i] = Math.fma(t, dy[at + i], sums[so + i]);
            sums[so + n + i] += dy[at + i];
        }
    }
}
