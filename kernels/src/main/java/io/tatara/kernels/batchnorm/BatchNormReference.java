package io.tatara.kernels.batchnorm;

import io.tatara.kernels.RefArray;

/** The oracle of this room. */
final class BatchNormReference {
    private BatchNormReference() {}

    private static double[] data(RefArray[] in, int i) {
        return i < in.length && in[i] != null ? in[i].data() : null;
    }

    private static int channel(RefArray x, int i) {
        int space = x.shape().product(2, x.shape().rank());
        return i / space % x.shape().dim(1);
    }

    private static int count(RefArray x) {
        return x.data().length / Math.max(1, x.shape().dim(1));
    }

    static void forward(BatchNorm op, RefArray[] in, RefArray[] out) {
        double[] x = in[0].data();
        int channels = in[0].shape().dim(1);
        int n = count(in[0]);
        double[] mean = new double[channels];
        double[] variance = new double[channels];
        for (int i = 0; i < x.length; i++) {
            mean[channel(in[0], i)] += x[i] / n;
        }
        for (int i = 0; i < x.length; i++) {
            int c = channel(in[0], i);
            variance[c] += (x[i] - mean[c]) * (x[i] - mean[c]) / n;
        }
        for (int c = 0; c < channels; c++) {
            out[1].data()[2 * c] = n == 0 ? Double.NaN : mean[c];
            out[1].data()[2 * c + 1] =
                    n == 0 ? Double.NaN : 1 / Math.sqrt(variance[c] + op.epsilon());
            if (data(in, 3) != null) {
                double share = n == 0 ? 0 : op.momentum();
                double unbiased = variance[c] * n / Math.max(1, n - 1);
                out[2].data()[c] = running(in[3].data()[c], mean[c], share);
                out[3].data()[c] = running(in[4].data()[c], unbiased, share);
            }
        }
        for (int i = 0; i < x.length; i++) {
            int c = channel(in[0], i);
            double y = (x[i] - mean[c]) / Math.sqrt(variance[c] + op.epsilon());
            y *= data(in, 1) == null ? 1 : in[1].data()[c];
            out[0].data()[i] = y + (data(in, 2) == null ? 0 : in[2].data()[c]);
        }
    }

    private static double running(double old, double batch, double share) {
        return share == 0 ? old : (1 - share) * old + share * batch;
    }

    static void gradient(BatchNormGradient op, RefArray[] in, RefArray[] out) {
        double[] x = in[0].data();
        double[] dy = in[3].data();
        int channels = in[0].shape().dim(1);
        int n = count(in[0]);
        double[] mean = new double[channels];
        double[] sum = new double[channels];
        double[] product = new double[channels];
        for (int i = 0; i < x.length; i++) {
            mean[channel(in[0], i)] += x[i] / n;
        }
        for (int i = 0; i < x.length; i++) {
            int c = channel(in[0], i);
            sum[c] += dy[i];
            product[c] += dy[i] * (x[i] - mean[c]) * in[2].data()[2 * c + 1];
        }
        for (int i = 0; i < x.length; i++) {
            int c = channel(in[0], i);
            double r = in[2].data()[2 * c + 1];
            double hat = (x[i] - mean[c]) * r;
            double scale = data(in, 1) == null ? 1 : in[1].data()[c];
            double dm = data(in, 4) == null ? 0 : in[4].data()[2 * c];
            double dr = data(in, 4) == null ? 0 : in[4].data()[2 * c + 1];
            dm += data(in, 5) == null ? 0 : op.momentum() * in[5].data()[c];
            double dv = data(in, 6) == null ? 0 : op.momentum() * in[6].data()[c];
            double d = scale * r * (dy[i] - sum[c] / n - hat * product[c] / n);
            d += dm / n - hat * dr * r * r / n;
            out[0].data()[i] = d + dv * 2 * (x[i] - mean[c]) / Math.max(1, n - 1);
        }
        if (op.scale()) {
            System.arraycopy(product, 0, out[1].data(), 0, channels);
        }
        if (op.shift()) {
            System.arraycopy(sum, 0, out[op.shiftAt()].data(), 0, channels);
        }
    }
}
