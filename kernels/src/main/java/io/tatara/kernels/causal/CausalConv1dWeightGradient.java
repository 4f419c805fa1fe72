package io.tatara.kernels.causal;

import io.tatara.kernels.Checks;
import io.tatara.kernels.Cost;
import io.tatara.kernels.Op;
import io.tatara.kernels.OpException;
import io.tatara.kernels.TensorSpec;

/**
 * Gradient of {@link CausalConv1d} with respect to the weight: dweight[m, c, k] = Σ_n Σ_t dy[n, m,
 * t] · x[n, c, t − (K − 1 − k) · dilation], where places before x are the state's or 0.
 *
 * <p>Inputs: x [N, C, T]; dy [N, M, T]; state? [N, C, (K − 1) · dilation]. Output: dweight [M, C,
 * K].
 *
 * @param kernel K, at least 1
 */
public record CausalConv1dWeightGradient(int dilation, int kernel) implements Op {
    static final int X = 0;
    static final int DY = 1;
    static final int STATE = 2;

    private static final Checks CHECK = new Checks("causal_conv1d_weight_gradient");

    /**
     * @throws OpException if dilation or kernel is below 1
     */
    public CausalConv1dWeightGradient {
        CausalShape.dilation(CHECK, dilation);
        CHECK.that(kernel >= 1, "kernel", kernel, "a number >= 1");
    }

    @Override
    public String name() {
        return "causal_conv1d_weight_gradient";
    }

    CausalShape shape(TensorSpec... in) {
        TensorSpec x = CHECK.rank("x", CHECK.floating("x", in[X]), 3);
        TensorSpec dy = CHECK.rank("dy", CHECK.dtype("dy", in[DY], x.dtype()), 3);
        int n = x.shape().dim(0);
        int t = x.shape().dim(2);
        CHECK.that(
                dy.shape().dim(0) == n && dy.shape().dim(2) == t,
                "dy",
                dy,
                "[" + n + ", M, " + t + "]");
        return CausalShape.checked(
                CHECK,
                "kernel",
                new CausalShape(n, x.shape().dim(1), dy.shape().dim(1), kernel, dilation, t));
    }

    @Override
    public TensorSpec[] infer(TensorSpec... in) {
        CHECK.count(in, 2, 3);
        CausalShape s = shape(in);
        CausalShape.optional(
                CHECK,
                "state",
                CausalShape.at(in, STATE),
                in[X].withShape(s.n(), s.c(), s.reach()));
        return new TensorSpec[] {in[X].withShape(s.m(), s.c(), s.k())};
    }

    @Override
    public Cost cost(TensorSpec... in) {
        return Cost.of(shape(in).flops(), in, infer(in));
    }
}
