package io.tatara.kernels.causal;

import io.tatara.kernels.Checks;
import io.tatara.kernels.Cost;
import io.tatara.kernels.Op;
import io.tatara.kernels.OpException;
import io.tatara.kernels.TensorSpec;

/**
 * Gradient of {@link CausalConv1d} with respect to the data and to the state before them. With z
 * the state and x behind each other, dz[n, c, i] = Σ_m Σ_k weight[m, c, k] · dy[n, m, i − k ·
 * dilation] over the places inside dy, and what came to the outgoing state is added to the last (K
 * − 1) · dilation of z.
 *
 * <p>Inputs: dy [N, M, T]; weight [M, C, K]; dcarried? [N, C, (K − 1) · dilation], gradient of the
 * outgoing state. Outputs: dx [N, C, T] and, where {@code state}, dstate [N, C, (K − 1) ·
 * dilation].
 */
public record CausalConv1dDataGradient(int dilation, boolean state) implements Op {
    static final int DY = 0;
    static final int WEIGHT = 1;
    static final int CARRIED = 2;

    private static final Checks CHECK = new Checks("causal_conv1d_data_gradient");

    /**
     * @throws OpException if the dilation is below 1
     */
    public CausalConv1dDataGradient {
        CausalShape.dilation(CHECK, dilation);
    }

    @Override
    public String name() {
        return "causal_conv1d_data_gradient";
    }

    CausalShape shape(TensorSpec... in) {
        TensorSpec dy = CHECK.rank("dy", CHECK.floating("dy", in[DY]), 3);
        TensorSpec w = CHECK.rank("weight", CHECK.dtype("weight", in[WEIGHT], dy.dtype()), 3);
        int m = dy.shape().dim(1);
        CHECK.that(w.shape().dim(0) == m, "weight", w, "[" + m + ", C, K]");
        return CausalShape.checked(
                CHECK,
                "weight",
                new CausalShape(
                        dy.shape().dim(0),
                        w.shape().dim(1),
                        m,
                        w.shape().dim(2),
                        dilation,
                        dy.shape().dim(2)));
    }

    @Override
    public TensorSpec[] infer(TensorSpec... in) {
        CHECK.count(in, 2, 3);
        CausalShape s = shape(in);
        TensorSpec z = in[DY].withShape(s.n(), s.c(), s.reach());
        CausalShape.optional(CHECK, "dcarried", CausalShape.at(in, CARRIED), z);
        TensorSpec dx = in[DY].withShape(s.n(), s.c(), s.t());
        return state ? new TensorSpec[] {dx, z} : new TensorSpec[] {dx};
    }

    @Override
    public Cost cost(TensorSpec... in) {
        return Cost.of(shape(in).flops(), in, infer(in));
    }
}
