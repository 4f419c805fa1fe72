package io.tatara.kernels.causal;

import static io.tatara.kernels.causal.CausalShape.at;
import static io.tatara.kernels.causal.CausalShape.optional;

import io.tatara.kernels.Backprop;
import io.tatara.kernels.Checks;
import io.tatara.kernels.Cost;
import io.tatara.kernels.Op;
import io.tatara.kernels.OpException;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.Value;
import io.tatara.kernels.layout.Fill;
import io.tatara.kernels.layout.Reshape;
import io.tatara.kernels.matmul.MatMul;
import io.tatara.kernels.pointwise.Exprs;
import io.tatara.kernels.pointwise.Pointwise;
import io.tatara.kernels.reduce.Reduce;
import io.tatara.kernels.reduce.ReduceKind;
import java.util.ArrayList;
import java.util.List;

/**
 * One layer of WaveNet: a dilated causal convolution, the gated activation, and the residual and
 * skip connections. With a = weight ∗ x + bias + condition ({@link CausalConv1d}), its first D
 * channels the filter's and the others the gate's: z = tanh(a_f) ∘ σ(a_g); y = x + residualWeight ·
 * z + residualBias; skip' = skip + skipWeight · z + skipBias. Van den Oord et al., "WaveNet", 2016,
 * equations 2 and 3 (the condition is their V h, projected beforehand), sections 2.4 and 2.5.
 *
 * <p>Inputs: x [N, C, T], float32, float16 or bfloat16, and of its type weight [2D, C, K]; bias?
 * [2D]; condition? [N, 2D] (global) or [N, 2D, T] (local); residualWeight [C, D]; residualBias?
 * [C]; skipWeight [S, D]; skipBias? [S]; skip? [N, S, T], the sum of the layers before; state? [N,
 * C, (K − 1) · dilation]. Outputs: y [N, C, T]; skip' [N, S, T]; where {@code keep} gates [N, 2D,
 * T], tanh(a_f) and σ(a_g), from which the gradient starts (without them it computes the layer
 * again); where {@code carry} the state behind x.
 *
 * @param dilation samples between neighbouring taps, at least 1
 * @param keep whether the gates are an output, for training
 * @param carry whether the state is an output, for streams
 */
public record GatedCausalLayer(int dilation, boolean keep, boolean carry) implements Op {
    static final int X = 0;
    static final int WEIGHT = 1;
    static final int BIAS = 2;
    static final int CONDITION = 3;
    static final int RESIDUAL_WEIGHT = 4;
    static final int RESIDUAL_BIAS = 5;
    static final int SKIP_WEIGHT = 6;
    static final int SKIP_BIAS = 7;
    static final int SKIP = 8;
    static final int STATE = 9;
    static final int INPUTS = 10;

    private static final Checks CHECK = new Checks("gated_causal_layer");

    /**
     * @throws OpException if the dilation is below 1
     */
    public GatedCausalLayer {
        CausalShape.dilation(CHECK, dilation);
    }

    @Override
    public String name() {
        return "gated_causal_layer";
    }

    /** The convolution's extents: M is 2D. */
    CausalShape shape(TensorSpec... in) {
        CausalShape s = CausalShape.of(CHECK, in[X], in[WEIGHT], dilation);
        CHECK.that(s.m() % 2 == 0, "weight", in[WEIGHT], "[2D, C, K]: filters, then gates");
        return s;
    }

    /** Place of the outgoing state among the outputs. */
    int carried() {
        return keep ? 3 : 2;
    }

    @Override
    public TensorSpec[] infer(TensorSpec... in) {
        CHECK.count(in, 7, INPUTS);
        CausalShape s = shape(in);
        TensorSpec x = in[X];
        int d = s.m() / 2;
        optional(CHECK, "bias", in[BIAS], x.withShape(s.m()));
        TensorSpec gates = x.withShape(s.n(), s.m(), s.t());
        if (in[CONDITION] != null && in[CONDITION].shape().rank() == 2) {
            CHECK.same("condition", in[CONDITION], x.withShape(s.n(), s.m()));
        } else {
            optional(CHECK, "condition", in[CONDITION], gates);
        }
        CHECK.same("residualWeight", in[RESIDUAL_WEIGHT], x.withShape(s.c(), d));
        optional(CHECK, "residualBias", in[RESIDUAL_BIAS], x.withShape(s.c()));
        TensorSpec w = CHECK.rank("skipWeight", in[SKIP_WEIGHT], 2);
        int skips = w.shape().dim(0);
        CHECK.same("skipWeight", w, x.withShape(skips, d));
        TensorSpec skip = x.withShape(s.n(), skips, s.t());
        optional(CHECK, "skipBias", at(in, SKIP_BIAS), x.withShape(skips));
        optional(CHECK, "skip", at(in, SKIP), skip);
        TensorSpec state = x.withShape(s.n(), s.c(), s.reach());
        optional(CHECK, "state", at(in, STATE), state);
        List<TensorSpec> out = new ArrayList<>(List.of(x, skip));
        if (keep) {
            out.add(gates);
        }
        if (carry) {
            out.add(state);
        }
        return out.toArray(TensorSpec[]::new);
    }

    @Override
    public Cost cost(TensorSpec... in) {
        CausalShape s = shape(in);
        double outputs = s.c() + (double) in[SKIP_WEIGHT].shape().dim(0);
        double places = (double) s.n() * s.t();
        return Cost.of(s.flops() + places * s.m() * outputs, in, infer(in));
    }

    @Override
    public boolean differentiable() {
        return true;
    }

    @Override
    public Value[] gradient(Backprop b) {
        Value[] g = new Value[INPUTS];
        Value dy = b.grad(0);
        Value dSkip = b.grad(1);
        Value[] d =
                b.emit(
                        new GatedActivationGradient(),
                        gates(b),
                        dz(b, dy, dSkip),
                        keep ? b.grad(2) : null);
        Value da = d[0];
        dense(b, dy, d[1], g, RESIDUAL_WEIGHT, RESIDUAL_BIAS);
        dense(b, dSkip, d[1], g, SKIP_WEIGHT, SKIP_BIAS);
        if (b.needs(SKIP)) {
            g[SKIP] = b.gradOrZeros(1);
        }
        if (b.needs(CONDITION)) {
            boolean local = b.input(CONDITION).spec().shape().rank() == 3;
            g[CONDITION] = local ? da : b.one(new Reduce(ReduceKind.SUM, List.of(2), false), da);
        }
        if (b.needs(BIAS)) {
            g[BIAS] = CausalConv1d.overTime(b, da);
        }
        if (b.needs(WEIGHT)) {
            int k = b.input(WEIGHT).spec().shape().dim(2);
            Op op = new CausalConv1dWeightGradient(dilation, k);
            g[WEIGHT] = b.one(op, b.input(X), da, b.input(STATE));
        }
        Value dCarried = carry ? b.grad(carried()) : null;
        CausalConv1d.convolution(
                b, dilation, da, b.input(WEIGHT), b.input(STATE), dCarried, g, X, STATE);
        if (b.needs(X) && dy != null) {
            g[X] = b.one(new Pointwise(Exprs.add(Exprs.in(0), Exprs.in(1)), 2), g[X], dy);
        }
        return g;
    }

    private Value gates(Backprop b) {
        if (keep) {
            return b.output(2);
        }
        Value[] in = new Value[INPUTS];
        for (int i = 0; i < INPUTS; i++) {
            in[i] = b.input(i);
        }
        return b.emit(new GatedCausalLayer(dilation, true, false), in)[2];
    }

    /** What comes back to z through both matrices. */
    private static Value dz(Backprop b, Value dy, Value dSkip) {
        MatMul transposed = MatMul.of(true, false);
        Value sum = dy == null ? null : b.one(transposed, b.input(RESIDUAL_WEIGHT), dy);
        if (dSkip != null) {
            sum = b.one(transposed, b.input(SKIP_WEIGHT), dSkip, null, sum);
        }
        if (sum != null) {
            return sum;
        }
        TensorSpec x = b.input(X).spec();
        int d = b.input(RESIDUAL_WEIGHT).spec().shape().dim(1);
        return b.one(new Fill(x.withShape(x.shape().dim(0), d, x.shape().dim(2)), 0));
    }

    /** Gradients of a 1 × 1 convolution's weight and bias. */
    private static void dense(Backprop b, Value dy, Value z, Value[] g, int weight, int bias) {
        if (b.needs(weight)) {
            TensorSpec w = b.input(weight).spec();
            g[weight] =
                    dy == null
                            ? b.one(new Fill(w, 0))
                            : b.one(
                                    new Reshape(w.shape()),
                                    b.one(new CausalConv1dWeightGradient(1, 1), z, dy));
        }
        if (b.needs(bias)) {
            TensorSpec spec = b.input(bias).spec();
            g[bias] = dy == null ? b.one(new Fill(spec, 0)) : CausalConv1d.overTime(b, dy);
        }
    }
}
