package io.tatara.kernels.pool;

import io.tatara.kernels.RefArray;

/** The oracle of this room: plain loops over planes, windows and taps. */
final class PoolReference {
    private PoolReference() {}

    static void max(MaxPool op, RefArray[] in, RefArray[] out) {
        PoolWindow p = op.window();
        int h = in[0].shape().dim(2);
        int w = in[0].shape().dim(3);
        int oh = out[0].shape().dim(2);
        int ow = out[0].shape().dim(3);
        for (int o = 0; o < out[0].data().length; o++) {
            int plane = o / (oh * ow);
            double best = Double.NEGATIVE_INFINITY;
            int index = -1;
            for (int t = 0; t < p.taps(); t++) {
                int y = o / ow % oh * p.strideH() - p.top() + t / p.kernelW() * p.dilationH();
                int x = o % ow * p.strideW() - p.left() + t % p.kernelW() * p.dilationW();
                if (y >= 0 && y < h && x >= 0 && x < w) {
                    double v = in[0].data()[(plane * h + y) * w + x];
                    if (index < 0 || v > best || (Double.isNaN(v) && !Double.isNaN(best))) {
                        best = v;
                        index = y * w + x;
                    }
                }
            }
            out[0].data()[o] = best;
            out[1].data()[o] = index;
        }
    }

    static void maxGradient(MaxPoolGradient op, RefArray[] in, RefArray[] out) {
        int plane = op.height() * op.width();
        int pooled = in[1].shape().product(2, 4);
        for (int o = 0; o < in[1].data().length; o++) {
            int index = (int) in[0].data()[o];
            if (index >= 0 && index < plane) {
                out[0].data()[o / pooled * plane + index] += in[1].data()[o];
            }
        }
    }

    static void average(AveragePool op, RefArray[] in, RefArray[] out) {
        PoolWindow p = op.window();
        int h = in[0].shape().dim(2);
        int w = in[0].shape().dim(3);
        int oh = out[0].shape().dim(2);
        int ow = out[0].shape().dim(3);
        for (int o = 0; o < out[0].data().length; o++) {
            int plane = o / (oh * ow);
            double sum = 0;
            int count = 0;
            for (int t = 0; t < p.taps(); t++) {
                int y = o / ow % oh * p.strideH() - p.top() + t / p.kernelW() * p.dilationH();
                int x = o % ow * p.strideW() - p.left() + t % p.kernelW() * p.dilationW();
                if (y >= 0 && y < h && x >= 0 && x < w) {
                    sum += in[0].data()[(plane * h + y) * w + x];
                    count++;
                }
            }
            out[0].data()[o] = sum / (op.countIncludePad() ? p.taps() : Math.max(1, count));
        }
    }

    static void averageGradient(AveragePoolGradient op, RefArray[] in, RefArray[] out) {
        PoolWindow p = op.window();
        int h = op.height();
        int w = op.width();
        int oh = in[0].shape().dim(2);
        int ow = in[0].shape().dim(3);
        for (int o = 0; o < in[0].data().length; o++) {
            int[] to = new int[p.taps()];
            int count = 0;
            for (int t = 0; t < p.taps(); t++) {
                int y = o / ow % oh * p.strideH() - p.top() + t / p.kernelW() * p.dilationH();
                int x = o % ow * p.strideW() - p.left() + t % p.kernelW() * p.dilationW();
                if (y >= 0 && y < h && x >= 0 && x < w) {
                    to[count++] = (o / (oh * ow) * h + y) * w + x;
                }
            }
            for (int t = 0; t < count; t++) {
                out[0].data()[to[t]] += in[0].data()[o] / (op.countIncludePad() ? p.taps() : count);
            }
        }
    }

    /** What takes a weight between an element of the input and one of the output. */
    private interface Link {
        void weigh(int input, int output, double weight);
    }

    static void upsample(Upsample op, RefArray[] in, RefArray[] out) {
        double[] x = in[0].data();
        double[] y = out[0].data();
        links(
                op.mode(),
                in[0],
                out[0],
                (i, o, w) -> {
                    if (w != 0) {
                        y[o] += w * x[i];
                    }
                });
    }

    static void upsampleGradient(UpsampleGradient op, RefArray[] in, RefArray[] out) {
        double[] dy = in[0].data();
        double[] dx = out[0].data();
        links(op.mode(), out[0], in[0], (i, o, w) -> dx[i] += w == 0 ? 0 : w * dy[o]);
    }

    private static void links(UpsampleMode mode, RefArray small, RefArray large, Link link) {
        int h = small.shape().dim(2);
        int w = small.shape().dim(3);
        int oh = large.shape().dim(2);
        int ow = large.shape().dim(3);
        for (int o = 0; o < large.data().length; o++) {
            int plane = o / (oh * ow) * h * w;
            double y = place(mode, o / ow % oh, h, oh);
            double x = place(mode, o % ow, w, ow);
            int y0 = (int) y;
            int x0 = (int) x;
            for (int t = 0; t < 4; t++) {
                int yt = Math.min(y0 + t / 2, h - 1);
                int xt = Math.min(x0 + t % 2, w - 1);
                double wy = t / 2 == 0 ? 1 - (y - y0) : y - y0;
                double wx = t % 2 == 0 ? 1 - (x - x0) : x - x0;
                link.weigh(plane + yt * w + xt, o, wy * wx);
            }
        }
    }

    private static double place(UpsampleMode mode, int o, int in, int out) {
        double p =
                switch (mode) {
                    case NEAREST -> (double) ((long) o * in / out);
                    case BILINEAR -> (o + 0.5) * in / out - 0.5;
                    case BILINEAR_ALIGNED -> out == 1 ? 0 : (double) o * (in - 1) / (out - 1);
                };
        return Math.clamp(p, 0, in - 1);
    }
}
