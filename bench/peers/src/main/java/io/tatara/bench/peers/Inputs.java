package io.tatara.bench.peers;

import java.util.SplittableRandom;

/** Numbers that are the same in every JVM, by the name of what they are for. */
final class Inputs {
    /** Drawn once and repeated, so that large tensors cost no time. */
    private static final int BLOCK = 1 << 20;

    private Inputs() {}

    static float[] normal(String name, double deviation, int size) {
        SplittableRandom random = new SplittableRandom(name.hashCode());
        float[] v = new float[size];
        int drawn = Math.min(size, BLOCK);
        for (int i = 0; i < drawn; i++) {
            v[i] = (float) (deviation * random.nextGaussian());
        }
        for (int at = drawn; at < size; at += drawn) {
            System.arraycopy(v, 0, v, at, Math.min(drawn, size - at));
        }
        return v;
    }

    static int[] indices(String name, int bound, int size) {
        return new SplittableRandom(name.hashCode()).ints(size, 0, bound).toArray();
    }

    static long[] longs(int[] v) {
        return java.util.Arrays.stream(v).asLongStream().toArray();
    }
}
