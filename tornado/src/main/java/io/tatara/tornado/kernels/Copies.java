package io.tatara.tornado.kernels;

import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/** Words between the host's staging arrays and the heaps, and within a heap: an item a word. */
public final class Copies {
    private Copies() {}

    /** Brings the heaps to the device, and a1 back; a0 is 0. */
    public static void begin(KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int i = c.globalIdx;
        if (i < a.get(0)) {
            h.set(i, x.get(0));
            g.set(i, 0);
        }
        a.set(1, i);
    }

    /** stage[i] = h[a0 + i], i < a1. */
    public static void readFloats(
            KernelContext c, IntArray a, FloatArray h, IntArray g, FloatArray stage) {
        int i = c.globalIdx;
        if (i < a.get(1)) {
            stage.set(i, h.get(a.get(0) + i));
        }
    }

    /** h[a0 + i] = stage[i], i < a1. */
    public static void writeFloats(
            KernelContext c, IntArray a, FloatArray h, IntArray g, FloatArray stage) {
        int i = c.globalIdx;
        if (i < a.get(1)) {
            h.set(a.get(0) + i, stage.get(i));
        }
    }

    /** stage[i] = g[a0 + i], i < a1. */
    public static void readInts(
            KernelContext c, IntArray a, FloatArray h, IntArray g, IntArray stage) {
        int i = c.globalIdx;
        if (i < a.get(1)) {
            stage.set(i, g.get(a.get(0) + i));
        }
    }

    /** g[a0 + i] = stage[i], i < a1. */
    public static void writeInts(
            KernelContext c, IntArray a, FloatArray h, IntArray g, IntArray stage) {
        int i = c.globalIdx;
        if (i < a.get(1)) {
            g.set(a.get(0) + i, stage.get(i));
        }
    }

    /** Within h, or g where a3 is 1: [a1 + i] = [a0 + i], i < a2; the two do not overlap. */
    public static void copyHeap(
            KernelContext c, IntArray a, FloatArray x, FloatArray h, IntArray g) {
        int i = c.globalIdx;
        if (i < a.get(2)) {
            if (a.get(3) == 1) {
                g.set(a.get(1) + i, g.get(a.get(0) + i));
            } else {
                h.set(a.get(1) + i, h.get(a.get(0) + i));
            }
        }
    }
}
