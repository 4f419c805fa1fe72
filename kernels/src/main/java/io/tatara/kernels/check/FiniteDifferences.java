package io.tatara.kernels.check;

import io.tatara.kernels.RefArray;
import io.tatara.kernels.TataraException;
import java.util.SplittableRandom;

/**
 * Holds an op's gradient rule, carried out on the double reference, against central differences of
 * the reference itself.
 */
public final class FiniteDifferences {
    private static final double STEP = 1e-5;
    private static final int ELEMENTS = 24;

    private FiniteDifferences() {}

    /**
     * Largest relative error over the inputs: the loss is Σ w·outputs for random w; per input one
     * random direction and up to 24 single elements are compared.
     *
     * @throws TataraException if the rule gives no gradient for a floating input that the case may
     *     vary, or one of a wrong shape
     */
    public static double check(Case c, long seed) {
        return check(c, seed, new ReferenceEmitter());
    }

    /** As above, for ops that only this emitter knows. */
    public static double check(Case c, long seed, ReferenceEmitter ref) {
        RefArray[] in = c.draw(seed);
        RefArray[] out = ref.run(c.op(), in);
        SplittableRandom random = new SplittableRandom(seed + 1);
        RefArray[] weights = new RefArray[out.length];
        for (int j = 0; j < out.length; j++) {
            if (out[j].spec().dtype().isFloating()) {
                weights[j] = RefArray.zeros(out[j].spec());
                for (int i = 0; i < weights[j].data().length; i++) {
                    double w = random.nextGaussian();
                    // An infinite output (the logarithm of an empty sum) stays where it is.
                    weights[j].data()[i] = Double.isInfinite(out[j].data()[i]) ? 0 : w;
                }
            }
        }
        boolean[] needs = new boolean[in.length];
        for (int i = 0; i < in.length; i++) {
            needs[i] = c.inputs().get(i).differentiable();
        }
        RefArray[] grad = ref.gradient(c.op(), in, out, weights, needs);
        double worst = 0;
        for (int i = 0; i < in.length; i++) {
            if (!needs[i] || in[i].data().length == 0) {
                continue;
            }
            if (grad[i] == null) {
                throw new TataraException(c + ": no gradient for input " + i);
            }
            if (!grad[i].spec().equals(in[i].spec())) {
                throw new TataraException(
                        c
                                + ": gradient of input "
                                + i
                                + " is "
                                + grad[i].spec()
                                + ", input is "
                                + in[i].spec());
            }
            worst = Math.max(worst, direction(c, ref, in, weights, i, grad[i], random));
            worst = Math.max(worst, elements(c, ref, in, weights, i, grad[i], random));
        }
        return worst;
    }

    private static double direction(
            Case c,
            ReferenceEmitter ref,
            RefArray[] in,
            RefArray[] w,
            int i,
            RefArray grad,
            SplittableRandom random) {
        int n = in[i].data().length;
        double[] d = new double[n];
        double analytic = 0;
        double scale = 0;
        for (int e = 0; e < n; e++) {
            d[e] = random.nextGaussian();
            analytic += d[e] * grad.data()[e];
            scale += Math.abs(d[e] * grad.data()[e]);
        }
        double numeric =
                (loss(c, ref, moved(in, i, d, STEP), w) - loss(c, ref, moved(in, i, d, -STEP), w))
                        / (2 * STEP);
        return Math.abs(numeric - analytic) / Math.max(1, scale);
    }

    private static double elements(
            Case c,
            ReferenceEmitter ref,
            RefArray[] in,
            RefArray[] w,
            int i,
            RefArray grad,
            SplittableRandom random) {
        int n = in[i].data().length;
        double worst = 0;
        for (int k = 0; k < Math.min(n, ELEMENTS); k++) {
            int e = n <= ELEMENTS ? k : random.nextInt(n);
            double[] d = new double[n];
            d[e] = 1;
            double numeric =
                    (loss(c, ref, moved(in, i, d, STEP), w)
                                    - loss(c, ref, moved(in, i, d, -STEP), w))
                            / (2 * STEP);
            worst =
                    Math.max(
                            worst,
                            Math.abs(numeric - grad.data()[e])
                                    / Math.max(1, Math.abs(grad.data()[e])));
        }
        return worst;
    }

    private static RefArray[] moved(RefArray[] in, int i, double[] direction, double step) {
        RefArray[] m = in.clone();
        double[] x = in[i].data().clone();
        for (int e = 0; e < x.length; e++) {
            x[e] += step * direction[e];
        }
        m[i] = new RefArray(in[i].spec(), x);
        return m;
    }

    private static double loss(Case c, ReferenceEmitter ref, RefArray[] in, RefArray[] w) {
        RefArray[] out = ref.run(c.op(), in);
        double s = 0;
        for (int j = 0; j < out.length; j++) {
            if (w[j] != null) {
                for (int e = 0; e < out[j].data().length; e++) {
                    s += w[j].data()[e] == 0 ? 0 : w[j].data()[e] * out[j].data()[e];
                }
            }
        }
        return s;
    }
}
