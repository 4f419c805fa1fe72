package io.tatara.bench.peers;

/** What the recurrent layers of all libraries start from. */
final class RecurrentInputs {
    private RecurrentInputs() {}

    /** States stay moderate, so that the activations are not all at their limits. */
    static double deviation(int h) {
        return 1 / Math.sqrt(h);
    }

    /** Equal blocks, one for each gate, in another order. */
    static float[] reorder(float[] v, int... order) {
        float[] r = new float[v.length];
        int block = v.length / order.length;
        for (int g = 0; g < order.length; g++) {
            System.arraycopy(v, order[g] * block, r, g * block, block);
        }
        return r;
    }
}
