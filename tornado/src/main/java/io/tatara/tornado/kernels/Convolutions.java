package io.tatara.tornado.kernels;

import static io.tatara.tornado.kernels.Sums.groupSum;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Convolution in two dimensions and, one launch for each place within the stride, its data
 * gradient; the arguments of {@code conv.cl}: x, w, bias, residual, y, images, groups, in, h, wd,
 * out, oh, ow, wg, wo, wi, wr, then for y and for x count, out, outStep, in, inStep, tap, taps,
 * first, next; ACTIVATION.
 */
public final class Convolutions {
    /** Channels and pixels of a tile. */
    public static final int TILE = 32;

    private Convolutions() {}

    /** Finishes an element of a channel. */
    static void finish(IntArray a, FloatArray h, int at, int channel, float sum) {
        float v = sum;
        if (a.get(2) >= 0) {
            v = v + h.get(a.get(2) + channel);
        }
        v = Fn.activate(a.get(35), v);
        if (a.get(3) >= 0) {
            v = v + h.get(a.get(3) + at);
        }
        h.set(a.get(4) + at, v);
    }

    /** to, n: where no tap reaches; an item four elements. */
    public static void convZeros(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int end = 4 * c.globalIdx + 4;
        if (end > a.get(1)) {
            end = a.get(1);
        }
        for (int i = 4 * c.globalIdx; i < end; i++) {
            h.set(a.get(0) + i, 0.0f);
        }
    }

    /** An item a pixel, planes along the second axis: depthwise convolutions, bound by memory. */
    public static void convDirect(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int pixel = c.globalIdx;
        int groups = a.get(6);
        int in = a.get(7);
        int height = a.get(8);
        int width = a.get(9);
        int out = a.get(10);
        int planes = a.get(5) * groups * out;
        int countX = a.get(26);
        int tapsY = a.get(23);
        int tapsX = a.get(32);
        int wi = a.get(15);
        if (pixel < a.get(17) * countX) {
            int i = pixel / countX;
            int j = pixel - i * countX;
            int sy = a.get(20) + a.get(21) * i;
            int sx = a.get(29) + a.get(30) * j;
            int place = (a.get(18) + a.get(19) * i) * a.get(12) + a.get(27) + a.get(28) * j;
            for (int plane = c.groupIdy; plane < planes; plane = plane + c.globalGroupSizeY) {
                int image = plane / (groups * out);
                int channel = plane - image * groups * out;
                int k = channel / out;
                int weights = a.get(1) + k * a.get(13) + (channel - k * out) * a.get(14);
                weights = weights + a.get(24) * a.get(16) + a.get(33);
                int source = a.get(0) + (image * groups + k) * in * height * width;
                float s = 0.0f;
                for (int p = 0; p < in; p++) {
                    for (int ty = 0; ty < tapsY; ty++) {
                        int yy = sy + a.get(22) * ty;
                        for (int tx = 0; tx < tapsX; tx++) {
                            int xx = sx + a.get(31) * tx;
                            if (yy >= 0 && yy < height && xx >= 0 && xx < width) {
                                int tap = p * wi + a.get(25) * ty * a.get(16) + a.get(34) * tx;
                                float v = h.get(source + (p * height + yy) * width + xx);
                                s = s + h.get(weights + tap) * v;
                            }
                        }
                    }
                }
                finish(a, h, plane * a.get(11) * a.get(12) + place, channel, s);
            }
        }
    }

    /**
     * Implicit product: rows are channels of the result, columns pixels of all images, the sum runs
     * over channel and tap. 256 items compute 32 x 32, slices of 16 pass through local memory.
     */
    public static void convTiled(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        float[] at = c.allocateFloatLocalArray(528);
        float[] bt = c.allocateFloatLocalArray(528);
        int groups = a.get(6);
        int in = a.get(7);
        int height = a.get(8);
        int width = a.get(9);
        int out = a.get(10);
        int countX = a.get(26);
        int tapsX = a.get(32);
        int taps = a.get(23) * tapsX;
        int pixels = a.get(17) * countX;
        int columns = a.get(5) * pixels;
        int k = in * taps;
        int id = c.localIdx;
        int tx = id % 16;
        int ty = id / 16;
        int column0 = c.groupIdx * TILE;
        int row0 = c.groupIdy * TILE;
        // An item fetches patches of one pixel.
        int q = id % TILE;
        int image = (column0 + q) / pixels;
        int pixel = (column0 + q) - image * pixels;
        int sy = a.get(20) + a.get(21) * (pixel / countX);
        int sx = a.get(29) + a.get(30) * (pixel % countX);
        for (int z = c.groupIdz; z < groups; z = z + c.globalGroupSizeZ) {
            int source = a.get(0) + (image * groups + z) * in * height * width;
            float s00 = 0.0f;
            float s01 = 0.0f;
            float s10 = 0.0f;
            float s11 = 0.0f;
            for (int p0 = 0; p0 < k; p0 = p0 + 16) {
                for (int e = id; e < 512; e = e + 256) {
                    int r = e / 16;
                    int p = p0 + e % 16;
                    float v = 0.0f;
                    if (row0 + r < out && p < k) {
                        int channel = p / taps;
                        int t = p - channel * taps;
                        int w = a.get(1) + z * a.get(13) + (row0 + r) * a.get(14);
                        w = w + channel * a.get(15) + a.get(33) + a.get(34) * (t % tapsX);
                        w = w + (a.get(24) + a.get(25) * (t / tapsX)) * a.get(16);
                        v = h.get(w);
                    }
                    at[e % 16 * 33 + r] = v;
                }
                for (int e = id; e < 512; e = e + 256) {
                    int p = p0 + e / TILE;
                    float v = 0.0f;
                    if (column0 + q < columns && p < k) {
                        int channel = p / taps;
                        int t = p - channel * taps;
                        int yy = sy + a.get(22) * (t / tapsX);
                        int xx = sx + a.get(31) * (t % tapsX);
                        if (yy >= 0 && yy < height && xx >= 0 && xx < width) {
                            v = h.get(source + (channel * height + yy) * width + xx);
                        }
                    }
                    bt[e / TILE * 33 + q] = v;
                }
                c.localBarrier();
                for (int p = 0; p < 16; p++) {
                    float u0 = at[p * 33 + ty];
                    float u1 = at[p * 33 + ty + 16];
                    float v0 = bt[p * 33 + tx];
                    float v1 = bt[p * 33 + tx + 16];
                    s00 = s00 + u0 * v0;
                    s01 = s01 + u0 * v1;
                    s10 = s10 + u1 * v0;
                    s11 = s11 + u1 * v1;
                }
                c.localBarrier();
            }
            for (int e = 0; e < 4; e++) {
                float s = s00;
                if (e == 1) {
                    s = s01;
                } else if (e == 2) {
                    s = s10;
                } else if (e == 3) {
                    s = s11;
                }
                int row = row0 + ty + e / 2 * 16;
                int column = column0 + tx + e % 2 * 16;
                if (row < out && column < columns) {
                    int n = column / pixels;
                    int place = column - n * pixels;
                    int yy = a.get(18) + a.get(19) * (place / countX);
                    int xx = a.get(27) + a.get(28) * (place % countX);
                    int channel = z * out + row;
                    int plane = n * groups * out + channel;
                    finish(a, h, (plane * a.get(11) + yy) * a.get(12) + xx, channel, s);
                }
            }
        }
    }

    /** Where sums of a weight gradient go: to dw, or to this part's place. */
    static void put(IntArray a, FloatArray h, int piece, int at, float v) {
        int to = a.get(2) + at;
        if (a.get(22) == 1) {
            int size = a.get(5) * a.get(9) * a.get(6) * a.get(12) * a.get(13);
            to = a.get(3) + piece * size + at;
        }
        h.set(to, v);
    }

    /**
     * x, dy, dw, part, images, groups, in, h, wd, out, oh, ow, tapsY, tapsX, strideY, strideX,
     * padY, padX, dilationY, dilationX, parts, each, PARTS. 256 items compute 32 x 32 of (output
     * channel) x (source channel, tap), slices of 16 pixels pass through local memory.
     */
    public static void convWeightTiled(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        float[] at = c.allocateFloatLocalArray(528);
        float[] bt = c.allocateFloatLocalArray(528);
        int groups = a.get(5);
        int in = a.get(6);
        int height = a.get(7);
        int width = a.get(8);
        int out = a.get(9);
        int ow = a.get(11);
        int plane = a.get(10) * ow;
        int tapsX = a.get(13);
        int taps = a.get(12) * tapsX;
        int k = in * taps;
        int each = a.get(21);
        int all = a.get(4) * plane;
        int id = c.localIdx;
        int tx = id % 16;
        int ty = id / 16;
        int column0 = c.groupIdx * TILE;
        int row0 = c.groupIdy * TILE;
        int slot = id % 16;
        for (int z = c.groupIdz; z < groups * a.get(20); z = z + c.globalGroupSizeZ) {
            int piece = z / groups;
            int group = z - piece * groups;
            int end = (piece + 1) * each;
            if (all < end) {
                end = all;
            }
            float s00 = 0.0f;
            float s01 = 0.0f;
            float s10 = 0.0f;
            float s11 = 0.0f;
            for (int p0 = piece * each; p0 < end; p0 = p0 + 16) {
                int p = p0 + slot;
                int image = p / plane;
                int pixel = p - image * plane;
                int sy = pixel / ow * a.get(14) - a.get(16);
                int sx = pixel % ow * a.get(15) - a.get(17);
                for (int r = id / 16; r < TILE; r = r + 16) {
                    float v = 0.0f;
                    if (p < end && row0 + r < out) {
                        int row = (image * groups + group) * out + row0 + r;
                        v = h.get(a.get(1) + row * plane + pixel);
                    }
                    at[slot * 33 + r] = v;
                    float u = 0.0f;
                    int column = column0 + r;
                    if (p < end && column < k) {
                        int channel = column / taps;
                        int t = column - channel * taps;
                        int yy = sy + a.get(18) * (t / tapsX);
                        int xx = sx + a.get(19) * (t % tapsX);
                        if (yy >= 0 && yy < height && xx >= 0 && xx < width) {
                            int row = ((image * groups + group) * in + channel) * height + yy;
                            u = h.get(a.get(0) + row * width + xx);
                        }
                    }
                    bt[slot * 33 + r] = u;
                }
                c.localBarrier();
                for (int s = 0; s < 16; s++) {
                    float u0 = at[s * 33 + ty];
                    float u1 = at[s * 33 + ty + 16];
                    float v0 = bt[s * 33 + tx];
                    float v1 = bt[s * 33 + tx + 16];
                    s00 = s00 + u0 * v0;
                    s01 = s01 + u0 * v1;
                    s10 = s10 + u1 * v0;
                    s11 = s11 + u1 * v1;
                }
                c.localBarrier();
            }
            for (int e = 0; e < 4; e++) {
                float s = s00;
                if (e == 1) {
                    s = s01;
                } else if (e == 2) {
                    s = s10;
                } else if (e == 3) {
                    s = s11;
                }
                int row = row0 + ty + e / 2 * 16;
                int column = column0 + tx + e % 2 * 16;
                if (row < out && column < k) {
                    put(a, h, piece, (group * out + row) * k + column, s);
                }
            }
        }
    }

    /**
     * A group an output channel, a source channel and a run of nine taps; parts along the second
     * axis.
     */
    public static void convWeightDirect(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int groups = a.get(5);
        int in = a.get(6);
        int height = a.get(7);
        int width = a.get(8);
        int out = a.get(9);
        int ow = a.get(11);
        int plane = a.get(10) * ow;
        int tapsX = a.get(13);
        int taps = a.get(12) * tapsX;
        int each = a.get(21);
        int parts = a.get(20);
        int all = a.get(4) * plane;
        int id = c.localIdx;
        int group = c.localGroupSizeX;
        int runs = (taps + 8) / 9;
        int rest = c.groupIdx / runs;
        int first = (c.groupIdx - rest * runs) * 9;
        int m = rest / in;
        int channel = rest - m * in;
        int z = m / out;
        for (int piece = c.groupIdy; piece < parts; piece = piece + c.globalGroupSizeY) {
            int end = (piece + 1) * each;
            if (all < end) {
                end = all;
            }
            for (int t = first; t < first + 9; t++) {
                int dy = a.get(18) * (t / tapsX) - a.get(16);
                int dx = a.get(19) * (t % tapsX) - a.get(17);
                float s = 0.0f;
                if (t < taps) {
                    for (int p = piece * each + id; p < end; p = p + group) {
                        int image = p / plane;
                        int pixel = p - image * plane;
                        int yy = pixel / ow * a.get(14) + dy;
                        int xx = pixel % ow * a.get(15) + dx;
                        if (yy >= 0 && yy < height && xx >= 0 && xx < width) {
                            int row = ((image * groups + z) * in + channel) * height + yy;
                            float d = h.get(a.get(1) + (image * groups * out + m) * plane + pixel);
                            s = s + d * h.get(a.get(0) + row * width + xx);
                        }
                    }
                }
                s = groupSum(c, s);
                if (id == 0 && t < taps) {
                    put(a, h, piece, (m * in + channel) * taps + t, s);
                }
            }
        }
    }

    /** part, dw, n, parts. */
    public static void convWeightTotal(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int i = c.globalIdx;
        int n = a.get(2);
        if (i < n) {
            float s = 0.0f;
            for (int p = 0; p < a.get(3); p++) {
                s = s + h.get(a.get(0) + p * n + i);
            }
            h.set(a.get(1) + i, s);
        }
    }
}
