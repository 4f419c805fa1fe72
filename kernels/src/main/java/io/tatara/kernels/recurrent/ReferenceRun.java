package io.tatara.kernels.recurrent;

import io.tatara.kernels.RefArray;
import io.tatara.kernels.TensorSpec;
import java.util.Arrays;

/**
 * What the references of this room have in common: walking through a sequence, and small products.
 */
record ReferenceRun(Extents e, RefArray lengths, int truncation) {
    /** One sequence of the batch in one direction. */
    interface Body {
        void run(Walk walk);
    }

    /** Direction d through sequence n, and where its elements lie. */
    record Walk(Extents e, int d, int n, int length) {
        /** Time of the s-th step taken. */
        int time(int s) {
            return e.direction().reverse(d) ? length - 1 - s : s;
        }

        /** Start of the state in [D, N, H]. */
        int state() {
            return (d * e.batch() + n) * e.hidden();
        }

        /** Start of step s in [T, N, D·H]. */
        int output(int s) {
            return ((time(s) * e.batch() + n) * e.directions() + d) * e.hidden();
        }

        /** Start of step s in [D, T, N, blocks·H]. */
        int saved(int s, int blocks) {
            return ((d * e.steps() + time(s)) * e.batch() + n) * blocks * e.hidden();
        }

        /** Start of step s in [T, N, I]. */
        int input(int s) {
            return (time(s) * e.batch() + n) * e.inputs();
        }
    }

    void each(Body body) {
        for (int d = 0; d < e.directions(); d++) {
            for (int n = 0; n < e.batch(); n++) {
                double l = lengths == null ? e.steps() : lengths.data()[n];
                body.run(new Walk(e, d, n, (int) Math.max(0, Math.min(e.steps(), l))));
            }
        }
    }

    /** Whether nothing flows back from step s to the one before. */
    boolean cut(int s) {
        return truncation > 0 && s > 0 && s % truncation == 0;
    }

    /**
     * The state that step s starts from, given the steps' states as [T, N, D·H] or [D, T, N, H].
     */
    double[] before(Walk k, int s, RefArray states, boolean output, RefArray initial) {
        if (s == 0) {
            return state(k, initial);
        }
        int at = output ? k.output(s - 1) : k.saved(s - 1, 1);
        return Arrays.copyOfRange(states.data(), at, at + e.hidden());
    }

    /** This sequence's state, zeros where there is none. */
    double[] state(Walk k, RefArray states) {
        double[] h = new double[e.hidden()];
        add(h, states, k.state());
        return h;
    }

    /** Rows [row, row + H) of direction d's weight [D, gates·H, width] times v. */
    double[] product(RefArray w, int gates, int d, int row, int width, double[] v, int at) {
        double[] r = new double[e.hidden()];
        for (int j = 0; j < r.length; j++) {
            for (int k = 0; k < width; k++) {
                r[j] += w.data()[((d * gates * e.hidden()) + row + j) * width + k] * v[at + k];
            }
        }
        return r;
    }

    /** For rows [row, row + H): dv += wᵀ·delta and dw += delta ⊗ v. */
    void back(
            RefArray w,
            RefArray dw,
            int gates,
            int d,
            int row,
            int width,
            double[] delta,
            double[] v,
            int at,
            double[] dv,
            int dat) {
        for (int j = 0; j < e.hidden(); j++) {
            for (int k = 0; k < width; k++) {
                int i = (d * gates * e.hidden() + row + j) * width + k;
                dv[dat + k] += w.data()[i] * delta[j];
                dw.data()[i] += delta[j] * v[at + k];
            }
        }
    }

    /** a += b at an offset; b may be absent. */
    static void add(double[] a, RefArray b, int at) {
        for (int j = 0; b != null && j < a.length; j++) {
            a[j] += b.data()[at + j];
        }
    }

    static TensorSpec[] specs(RefArray[] in) {
        return Arrays.stream(in).map(a -> a == null ? null : a.spec()).toArray(TensorSpec[]::new);
    }

    static double sigmoid(double x) {
        return 1 / (1 + Math.exp(-x));
    }

    /** The same data with a leading axis of one, so that a cell is a sequence; null stays null. */
    static RefArray[] lead(RefArray... a) {
        RefArray[] r = new RefArray[a.length];
        for (int i = 0; i < a.length; i++) {
            if (a[i] != null) {
                int[] dims = a[i].shape().toArray();
                int[] more = new int[dims.length + 1];
                more[0] = 1;
                System.arraycopy(dims, 0, more, 1, dims.length);
                r[i] = new RefArray(a[i].spec().withShape(more), a[i].data());
            }
        }
        return r;
    }
}
