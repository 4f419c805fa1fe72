package io.tatara.tornado;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * Small kernels for {@link TrapTest}: each fault of TornadoVM 5.2 that was met, in the form that is
 * wrong (f…) and in the form that the kernels here use (s…). x and y have 64 elements.
 */
final class Faults {
    private Faults() {}

    static void fUnsignedShift(KernelContext c, IntArray x, IntArray y) {
        int i = c.globalIdx;
        y.set(i, x.get(i) >>> 4);
    }

    static void sUnsignedShift(KernelContext c, IntArray x, IntArray y) {
        int i = c.globalIdx;
        y.set(i, (x.get(i) >> 4) & 0x0fffffff);
    }

    private static void tree(KernelContext c, float[] part, int lid) {
        for (int step = 32; step > 0; step = step / 2) {
            if (lid < step) {
                part[lid] = part[lid] + part[lid + step];
            }
            c.localBarrier();
        }
    }

    static void fLocalArrayPassed(KernelContext c, FloatArray x, FloatArray y) {
        float[] part = c.allocateFloatLocalArray(64);
        int lid = c.localIdx;
        part[lid] = x.get(c.globalIdx);
        c.localBarrier();
        tree(c, part, lid);
        y.set(c.globalIdx, part[0]);
    }

    private static float treeOf(KernelContext c, float v) {
        float[] part = c.allocateFloatLocalArray(64);
        int lid = c.localIdx;
        part[lid] = v;
        c.localBarrier();
        for (int step = 32; step > 0; step = step / 2) {
            if (lid < step) {
                part[lid] = part[lid] + part[lid + step];
            }
            c.localBarrier();
        }
        float sum = part[0];
        c.localBarrier();
        return sum;
    }

    /** The array is the method's own; twice, and in a loop. */
    static void sLocalArrayPassed(KernelContext c, FloatArray x, FloatArray y) {
        float v = x.get(c.globalIdx);
        float sum = treeOf(c, v);
        for (int k = 0; k < 3; k++) {
            sum = treeOf(c, v) + treeOf(c, sum) / 64.0f - sum;
        }
        y.set(c.globalIdx, sum);
    }

    static void fPrivateArray(KernelContext c, FloatArray x, FloatArray y) {
        float[] r = new float[16];
        int i = c.globalIdx;
        for (int k = 0; k < 16; k++) {
            r[k] = r[k] + x.get(i);
        }
        y.set(i, r[i % 16]);
    }

    static void sPrivateArray(KernelContext c, FloatArray x, FloatArray y) {
        float[] r = new float[16];
        int i = c.globalIdx;
        for (int k = 0; k < 16; k++) {
            r[k] = 0.0f;
        }
        for (int k = 0; k < 16; k++) {
            r[k] = r[k] + x.get(i);
        }
        y.set(i, r[i % 16]);
    }

    /** 1 where x is at least 0, 0 where it is less or NaN. */
    static void fNotLess(KernelContext c, FloatArray x, FloatArray y) {
        int i = c.globalIdx;
        float v = 0.0f;
        if (x.get(i) >= 0.0f) {
            v = 1.0f;
        }
        y.set(i, v);
    }

    static void sNotLess(KernelContext c, FloatArray x, FloatArray y) {
        int i = c.globalIdx;
        float u = x.get(i);
        float v = 0.0f;
        if (u > 0.0f) {
            v = 1.0f;
        }
        if (u == 0.0f) {
            v = 1.0f;
        }
        y.set(i, v);
    }

    /** The sum of k = 0 … i where x > 0, else the product of 1 … i mod 5. */
    static void fTwoLoops(KernelContext c, FloatArray x, FloatArray y) {
        int i = c.globalIdx;
        float v = 0.0f;
        if (x.get(i) > 0.0f) {
            for (int k = 0; k <= i; k++) {
                v = v + k;
            }
        } else {
            v = 1.0f;
            for (int k = 1; k <= i % 5; k++) {
                v = v * k;
            }
        }
        y.set(i, v);
    }

    static void sTwoLoops(KernelContext c, FloatArray x, FloatArray y) {
        int i = c.globalIdx;
        int sums = 0;
        int products = 0;
        if (x.get(i) > 0.0f) {
            sums = i + 1;
        } else {
            products = i % 5;
        }
        float v = 0.0f;
        for (int k = 0; k < sums; k++) {
            v = v + k;
        }
        float w = 1.0f;
        for (int k = 1; k <= products; k++) {
            w = w * k;
        }
        if (sums == 0) {
            v = w;
        }
        y.set(i, v);
    }

    private static boolean first(float v, int i, float w, int j) {
        boolean r = false;
        if (i >= 0) {
            if (j < 0) {
                r = true;
            } else if (v != v) {
                r = w == w || i < j;
            } else if (w == w) {
                r = v > w || (v == w && i < j);
            }
        }
        return r;
    }

    /** The place of the largest of x[0 … i], the first of equals. */
    static void fBooleanOfConditions(KernelContext c, FloatArray x, IntArray y) {
        int i = c.globalIdx;
        float best = 0.0f;
        int at = -1;
        for (int k = 0; k <= i; k++) {
            float v = x.get(k);
            if (first(v, k, best, at)) {
                best = v;
                at = k;
            }
        }
        y.set(i, at);
    }

    private static int firstOf(float v, int i, float w, int j) {
        int lower = 0;
        if (i < j) {
            lower = 1;
        }
        int r = 0;
        if (j < 0) {
            r = 1;
        } else {
            if (v > w) {
                r = 1;
            }
            if (v == w) {
                r = lower;
            }
        }
        return r;
    }

    static void sBooleanOfConditions(KernelContext c, FloatArray x, IntArray y) {
        int i = c.globalIdx;
        float best = 0.0f;
        int at = -1;
        for (int k = 0; k <= i; k++) {
            float v = x.get(k);
            if (firstOf(v, k, best, at) == 1) {
                best = v;
                at = k;
            }
        }
        y.set(i, at);
    }

    static void fNotANumber(KernelContext c, FloatArray x, FloatArray y) {
        int i = c.globalIdx;
        y.set(i, Float.NaN);
    }

    /** A kernel as {@link KernelTable} has them, which does not compile. */
    static void fKernel(KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        h.set(c.globalIdx, Float.NaN);
    }

    /** (x - 1000) - 0.25, which a compiler that may reorder makes x - 1000.25. */
    static void roundedTwice(KernelContext c, FloatArray x, FloatArray y) {
        int i = c.globalIdx;
        float big = 100000.0f + i;
        y.set(i, (x.get(i) + big) - big);
    }

    static void grid(KernelContext c, IntArray x, IntArray y) {
        int i = c.globalIdx;
        y.set(i, x.get(i) + 1);
    }
}
