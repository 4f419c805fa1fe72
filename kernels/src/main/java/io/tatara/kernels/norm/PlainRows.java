package io.tatara.kernels.norm;

/** Plain loops; sums in double. */
final class PlainRows implements RowKernels {
    @Override
    public float sum(float[] z, int at, int n) {
        double s = 0;
        for (int i = at; i < at + n; i++) {
            s += z[i];
        }
        return (float) s;
    }

    @Override
    public void moments(float[] z, int at, int n, float[] row) {
        float mean = row[MEAN];
        double s = 0;
        double q = 0;
        for (int i = at; i < at + n; i++) {
            float t = z[i] - mean;
            s += t;
            q += t * t;
        }
        row[REST] = (float) s;
        row[INVERSE] = (float) q;
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
        for (int i = 0; i < n; i++) {
            y[at + i] = ((z[at + i] - row[MEAN]) - row[REST]) * row[INVERSE] * scale[i] + shift[i];
        }
    }

    @Override
    public void gradientSums(float[] z, float[] dy, int at, int n, float[] row, float[] scale) {
        double s = 0;
        double sg = 0;
        double sgz = 0;
        for (int i = 0; i < n; i++) {
            float t = z[at + i] - row[MEAN];
            float g = dy[at + i] * scale[i];
            s += t;
            sg += g;
            sgz += g * t;
        }
        row[REST] = (float) s;
        row[MEAN_G] = (float) sg;
        row[MEAN_GX] = (float) sgz;
    }

    @Override
    public void gradient(
            float[] z, float[] dy, int at, int n, float[] row, float[] scale, float[] dz) {
        for (int i = 0; i < n; i++) {
            float t = ((z[at + i] - row[MEAN]) - row[REST]) * row[INVERSE];
            float g = dy[at + i] * scale[i];
            dz[at + i] = row[INVERSE] * ((g - row[MEAN_G]) - t * row[MEAN_GX]) + row[PLUS];
        }
    }

    @Override
    public void parameters(
            float[] z, float[] dy, int at, int n, float[] row, float[] sums, int so) {
        for (int i = 0; i < n; i++) {
            float t = ((z[at + i] - row[MEAN]) - row[REST]) * row[INVERSE];
            sums[so + i] += dy[at + i] * t;
            sums[so + n + i] += dy[at + i];
        }
    }
}
