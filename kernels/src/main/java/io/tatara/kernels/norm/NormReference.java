package io.tatara.kernels.norm;

import io.tatara.kernels.RefArray;
import io.tatara.kernels.pointwise.Philox;

/** The oracles of this room: the formulas, a row at a time. */
final class NormReference {
    private NormReference() {}

    static void layerNorm(LayerNorm op, RefArray[] in, RefArray[] out) {
        run(NormCall.of(op), in, out);
    }

    static void rmsNorm(RmsNorm op, RefArray[] in, RefArray[] out) {
        run(NormCall.of(op), in, out);
    }

    /** What dropout makes of element e. */
    private static double dropped(double x, double p, RefArray seed, int e) {
        if (p == 0) {
            return x;
        }
        double u = Philox.uniform((int) seed.data()[0], (int) seed.data()[1], 0, e);
        return u >= p ? x / (1 - p) : 0;
    }

    private static double at(RefArray a, int i, double otherwise) {
        return a == null ? otherwise : a.data()[i];
    }

    private static double mean(double[] z, int from, int to) {
        double s = 0;
        for (int i = from; i < to; i++) {
            s += z[i];
        }
        return s / (to - from);
    }

    private static void run(NormCall c, RefArray[] in, RefArray[] out) {
        RefArray x = in[NormCall.X];
        int d = x.shape().dim(-1);
        int rows = x.shape().product(0, x.shape().rank() - 1);
        RefArray shift = c.centered() ? in[NormCall.shift()] : null;
        double[] statistics = out[NormCall.STATISTICS].data();
        double[] z = new double[x.data().length];
        for (int i = 0; i < z.length; i++) {
            z[i] =
                    dropped(x.data()[i], c.dropout(), in[c.seed()], i)
                            + at(in[NormCall.RESIDUAL], i, 0);
        }
        for (int row = 0; row < rows; row++) {
            int from = row * d;
            double mean = c.centered() ? mean(z, from, from + d) : 0;
            double variance = 0;
            for (int i = from; i < from + d; i++) {
                variance += (z[i] - mean) * (z[i] - mean) / d;
            }
            double inverse = 1 / Math.sqrt((d == 0 ? Double.NaN : variance) + c.epsilon());
            for (int i = from; i < from + d; i++) {
                out[NormCall.Y].data()[i] =
                        (z[i] - mean) * inverse * at(in[NormCall.SCALE], i - from, 1)
                                + at(shift, i - from, 0);
            }
            if (c.centered()) {
                statistics[2 * row] = mean;
            }
            statistics[c.centered() ? 2 * row + 1 : row] = inverse;
        }
        if (c.sum()) {
            System.arraycopy(z, 0, out[NormCall.SUM].data(), 0, z.length);
        }
    }

    static void layerNormGradient(LayerNormGradient op, RefArray[] in, RefArray[] out) {
        gradient(GradientCall.of(op), in, out);
    }

    static void rmsNormGradient(RmsNormGradient op, RefArray[] in, RefArray[] out) {
        gradient(GradientCall.of(op), in, out);
    }

    private static void gradient(GradientCall c, RefArray[] in, RefArray[] out) {
        double[] z = in[GradientCall.Z].data();
        double[] dy = in[GradientCall.DY].data();
        RefArray dStatistics = in[GradientCall.DSTATISTICS];
        int d = in[GradientCall.Z].shape().dim(-1);
        for (int row = 0; d > 0 && row < z.length / d; row++) {
            int from = row * d;
            int place = c.centered() ? 2 * row + 1 : row;
            double mean = c.centered() ? mean(z, from, from + d) : 0;
            double r = in[GradientCall.STATISTICS].data()[place];
            double meanG = 0;
            double meanGx = 0;
            for (int i = from; i < from + d; i++) {
                double g = dy[i] * at(in[GradientCall.SCALE], i - from, 1);
                meanG += g / d;
                meanGx += g * (z[i] - mean) * r / d;
            }
            for (int i = from; i < from + d; i++) {
                double g = dy[i] * at(in[GradientCall.SCALE], i - from, 1);
                double normal = (z[i] - mean) * r;
                double dz = r * (g - (c.centered() ? meanG : 0) - normal * meanGx);
                dz -= normal * at(dStatistics, place, 0) * r * r / d;
                dz += c.centered() ? at(dStatistics, 2 * row, 0) / d : 0;
                dz += at(in[GradientCall.DSUM], i, 0);
                out[GradientCall.DZ].data()[i] = dz;
                if (c.dx() >= 0) {
                    out[c.dx()].data()[i] = dropped(dz, c.dropout(), in[GradientCall.SEED], i);
                }
                if (c.scale()) {
                    out[c.dScale()].data()[i - from] += dy[i] * normal;
                }
                if (c.shift()) {
                    out[c.dShift()].data()[i - from] += dy[i];
                }
            }
        }
    }
}
