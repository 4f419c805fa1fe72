package io.tatara.models.nn;

import io.tatara.runtime.Ops;
import io.tatara.runtime.Scope;
import io.tatara.runtime.Tensor;

/**
 * The dropout of one training step. Masks depend on seed, step and the place in the model alone, so
 * a run that is taken up again from a checkpoint draws the same ones.
 */
public final class Noise {
    /** No dropout: for evaluation. */
    public static final Noise NONE = new Noise(null, 0, 0, 0);

    private final Scope scope;
    private final long key;
    private final float p;
    private int places;

    private Noise(Scope scope, float p, long seed, long step) {
        this.scope = scope;
        this.p = p;
        long z = seed * 0x9E3779B97F4A7C15L + (step + 1) * 0xD1B54A32D192ED03L;
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        this.key = z ^ (z >>> 31);
    }

    /**
     * @param scope the step's
     * @param p probability with which an element is dropped
     */
    public static Noise of(Scope scope, float p, long seed, long step) {
        return p == 0 ? NONE : new Noise(scope, p, seed, step);
    }

    /** x with elements dropped; each call of a step draws a mask of its own. */
    public Tensor drop(Ops ops, Tensor x) {
        if (p == 0) {
            return x;
        }
        int place = ++places * 0x9E3779B9;
        Tensor seed = scope.tensor(new int[] {(int) key ^ place, (int) (key >>> 32)}, 2);
        return ops.dropout(x, p, seed);
    }
}
