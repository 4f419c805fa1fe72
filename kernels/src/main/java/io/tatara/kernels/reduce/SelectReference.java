package io.tatara.kernels.reduce;

import io.tatara.kernels.RefArray;
import io.tatara.kernels.Shape;

/** The oracles of {@link ArgMax}, {@link TopK} and its gradient. */
final class SelectReference {
    private SelectReference() {}

    private static boolean larger(double a, double b) {
        return Double.isNaN(a) ? !Double.isNaN(b) : a > b;
    }

    static void argMax(ArgMax op, RefArray[] in, RefArray[] out) {
        Shape x = in[0].shape();
        int a = x.axis(op.axis());
        int inner = x.product(a + 1, x.rank());
        for (int e = 0; e < out[0].data().length; e++) {
            int start = e / inner * x.dim(a) * inner + e % inner;
            int best = 0;
            for (int i = 1; i < x.dim(a); i++) {
                if (larger(in[0].data()[start + i * inner], in[0].data()[start + best * inner])) {
                    best = i;
                }
            }
            out[0].data()[e] = best;
        }
    }

    static void topK(TopK op, RefArray[] in, RefArray[] out) {
        int n = in[0].shape().dim(-1);
        for (int row = 0; row < out[0].data().length / op.k(); row++) {
            boolean[] taken = new boolean[n];
            for (int j = 0; j < op.k(); j++) {
                int best = -1;
                for (int i = 0; i < n; i++) {
                    double v = in[0].data()[row * n + i];
                    if (!taken[i] && (best < 0 || larger(v, in[0].data()[row * n + best]))) {
                        best = i;
                    }
                }
                taken[best] = true;
                out[0].data()[row * op.k() + j] = in[0].data()[row * n + best];
                out[1].data()[row * op.k() + j] = best;
            }
        }
    }

    static void topKGradient(TopKGradient op, RefArray[] in, RefArray[] out) {
        int k = in[0].shape().dim(-1);
        for (int e = 0; e < in[0].data().length; e++) {
            int i = (int) in[0].data()[e];
            if (i >= 0 && i < op.n()) {
                out[0].data()[e / k * op.n() + i] = in[1].data()[e];
            }
        }
    }
}
