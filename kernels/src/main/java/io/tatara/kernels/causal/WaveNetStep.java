package io.tatara.kernels.causal;

import io.tatara.kernels.Checks;
import io.tatara.kernels.Cost;
import io.tatara.kernels.DType;
import io.tatara.kernels.Op;
import io.tatara.kernels.OpException;
import io.tatara.kernels.TensorSpec;
import java.util.List;

/**
 * One sample through a stack of {@link GatedCausalLayer}s from queues of their inputs: what a layer
 * computed for earlier samples is not computed again, so that a sample costs the same whatever the
 * stack's receptive field. The method is Le Paine et al., "Fast Wavenet Generation Algorithm",
 * 2016.
 *
 * <p>With L layers, K taps and R_l = (K − 1) · dilation_l, inputs: x [N, C], float32, float16 or
 * bfloat16, and of its type queue [N, C · Σ R_l], layer after layer rings of R_l slots of C numbers
 * (zeros before the first sample); slots int32 [L], each ring's next slot (zeros before the first
 * sample; taken modulo R_l); weight [L, 2D, C, K]; bias? [L, 2D]; condition? [N, L, 2D];
 * residualWeight [L, C, D]; residualBias? [L, C]; skipWeight [L, S, D]; skipBias? [L, S]. Outputs:
 * skip [N, S], the sum over all layers; y [N, C], the last layer's output; queue and slots, in
 * place.
 *
 * @param dilations one a layer, each at least 1
 */
public record WaveNetStep(List<Integer> dilations) implements Op {
    static final int X = 0;
    static final int QUEUE = 1;
    static final int SLOTS = 2;
    static final int WEIGHT = 3;
    static final int BIAS = 4;
    static final int CONDITION = 5;
    static final int RESIDUAL_WEIGHT = 6;
    static final int RESIDUAL_BIAS = 7;
    static final int SKIP_WEIGHT = 8;
    static final int SKIP_BIAS = 9;

    static final int SKIP = 0;
    static final int Y = 1;

    private static final Checks CHECK = new Checks("wave_net_step");

    /**
     * @throws OpException if there is no dilation or one is below 1
     */
    public WaveNetStep {
        dilations = StackShape.dilations(CHECK, dilations);
    }

    /** The extents of inputs that {@link #infer} has passed. */
    static StackShape extents(TensorSpec... in) {
        return StackShape.of(in, in[X].shape().dim(0), WEIGHT, QUEUE);
    }

    /** Slots of a layer's ring. */
    int reach(int layer, int taps) {
        return (taps - 1) * dilations.get(layer);
    }

    @Override
    public String name() {
        return "wave_net_step";
    }

    @Override
    public TensorSpec[] infer(TensorSpec... in) {
        CHECK.count(in, 9, 10);
        int layers = dilations.size();
        TensorSpec x = CHECK.rank("x", CHECK.floating("x", in[X]), 2);
        int n = x.shape().dim(0);
        StackShape e = StackShape.check(CHECK, dilations, in, n, WEIGHT, QUEUE, x.dtype());
        CHECK.same("x", x, in[WEIGHT].withShape(n, e.c()));
        CHECK.shape("slots", in[SLOTS], DType.INT32, layers);
        return new TensorSpec[] {x.withShape(n, e.s()), x, in[QUEUE], in[SLOTS]};
    }

    @Override
    public int alias(int out) {
        return out == 2 ? QUEUE : out == 3 ? SLOTS : -1;
    }

    /** The compulsory bytes are those of one slot of each ring that a tap reads or writes. */
    @Override
    public Cost cost(TensorSpec... in) {
        StackShape e = extents(in);
        double matrices = 2.0 * e.d() * (e.c() * (double) e.k() + (e.c() + (double) e.s()) / 2);
        TensorSpec[] given = in.clone();
        given[QUEUE] = in[X].withShape(e.n(), e.layers() * e.k() * e.c());
        TensorSpec[] out = {in[X].withShape(e.n(), e.s()), in[X], in[SLOTS]};
        return Cost.of(2.0 * e.n() * e.layers() * matrices, given, out);
    }
}
