package io.tatara.kernels.causal;

import io.tatara.kernels.Backprop;
import io.tatara.kernels.Checks;
import io.tatara.kernels.Cost;
import io.tatara.kernels.Op;
import io.tatara.kernels.OpException;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.Value;
import io.tatara.kernels.reduce.Reduce;
import io.tatara.kernels.reduce.ReduceKind;
import java.util.List;

/**
 * Dilated causal convolution over time: y[n, m, t] = bias[m] + Σ_c Σ_k weight[m, c, k] · x[n, c, t
 * − (K − 1 − k) · dilation], so that no output sees a later sample; van den Oord et al., "WaveNet",
 * 2016, sections 2.1 and 2.2. Weights are in the order of PyTorch's {@code conv1d}: the last tap
 * sees the present.
 *
 * <p>Inputs: x [N, C, T], float32, float16 or bfloat16; weight [M, C, K], K at least 1; bias? [M];
 * state? [N, C, (K − 1) · dilation], the samples before x, the latest last (absent: zeros), all of
 * x's type. Outputs: y [N, M, T]; where {@code carry} also the state behind x, of the shape of
 * state. With it a stream cut anywhere, also into pieces shorter than the reach, gives the numbers
 * of the whole.
 *
 * @param dilation samples between neighbouring taps, at least 1
 * @param carry whether the state is an output
 */
public record CausalConv1d(int dilation, boolean carry) implements Op {
    static final int X = 0;
    static final int WEIGHT = 1;
    static final int BIAS = 2;
    static final int STATE = 3;

    private static final Checks CHECK = new Checks("causal_conv1d");

    /**
     * @throws OpException if the dilation is below 1
     */
    public CausalConv1d {
        CausalShape.dilation(CHECK, dilation);
    }

    /** Of a whole sequence: no state comes out. */
    public CausalConv1d(int dilation) {
        this(dilation, false);
    }

    @Override
    public String name() {
        return "causal_conv1d";
    }

    CausalShape shape(TensorSpec... in) {
        return CausalShape.of(CHECK, in[X], in[WEIGHT], dilation);
    }

    @Override
    public TensorSpec[] infer(TensorSpec... in) {
        CHECK.count(in, 2, 4);
        CausalShape s = shape(in);
        TensorSpec state = in[X].withShape(s.n(), s.c(), s.reach());
        CausalShape.optional(CHECK, "bias", CausalShape.at(in, BIAS), in[X].withShape(s.m()));
        CausalShape.optional(CHECK, "state", CausalShape.at(in, STATE), state);
        TensorSpec y = in[X].withShape(s.n(), s.m(), s.t());
        return carry ? new TensorSpec[] {y, state} : new TensorSpec[] {y};
    }

    @Override
    public Cost cost(TensorSpec... in) {
        return Cost.of(shape(in).flops(), in, infer(in));
    }

    @Override
    public boolean differentiable() {
        return true;
    }

    @Override
    public Value[] gradient(Backprop b) {
        Value[] g = new Value[4];
        Value dy = b.gradOrZeros(0);
        Value dState = carry ? b.grad(1) : null;
        convolution(b, dilation, dy, b.input(WEIGHT), b.input(STATE), dState, g, X, STATE);
        if (b.needs(WEIGHT)) {
            int k = b.input(WEIGHT).spec().shape().dim(2);
            g[WEIGHT] =
                    b.one(
                            new CausalConv1dWeightGradient(dilation, k),
                            b.input(X),
                            dy,
                            b.input(STATE));
        }
        if (b.needs(BIAS)) {
            g[BIAS] = overTime(b, dy);
        }
        return g;
    }

    /**
     * Puts the gradients with respect to the data and the state where they are wanted.
     *
     * @param x place of the data among the inputs and gradients, {@code state} that of the state
     */
    static void convolution(
            Backprop b,
            int dilation,
            Value dy,
            Value weight,
            Value given,
            Value dCarried,
            Value[] g,
            int x,
            int state) {
        boolean both = given != null && b.needs(state);
        if (!both && !b.needs(x)) {
            return;
        }
        Value[] d = b.emit(new CausalConv1dDataGradient(dilation, both), dy, weight, dCarried);
        g[x] = d[0];
        if (both) {
            g[state] = d[1];
        }
    }

    /** The sum over sequences and time: a bias's gradient. */
    static Value overTime(Backprop b, Value dy) {
        return b.one(new Reduce(ReduceKind.SUM, List.of(0, 2), false), dy);
    }
}
