package io.tatara.runtime;

import io.tatara.kernels.DType;
import io.tatara.kernels.Emitter;
import io.tatara.kernels.Op;
import io.tatara.kernels.Shape;
import io.tatara.kernels.Value;
import io.tatara.kernels.attention.AdditiveAttention;
import io.tatara.kernels.attention.MultiplicativeAttention;
import io.tatara.kernels.beam.BeamStep;
import io.tatara.kernels.embedding.Embedding;
import io.tatara.kernels.layout.Cast;
import io.tatara.kernels.layout.Concat;
import io.tatara.kernels.layout.Expand;
import io.tatara.kernels.layout.Gather;
import io.tatara.kernels.layout.Reshape;
import io.tatara.kernels.layout.Reverse;
import io.tatara.kernels.layout.SequenceMask;
import io.tatara.kernels.layout.Slice;
import io.tatara.kernels.layout.Transpose;
import io.tatara.kernels.matmul.Epilogue;
import io.tatara.kernels.matmul.MatMul;
import io.tatara.kernels.matmul.Precision;
import io.tatara.kernels.norm.LayerNorm;
import io.tatara.kernels.norm.RmsNorm;
import io.tatara.kernels.pad.Pad;
import io.tatara.kernels.pad.PadMode;
import io.tatara.kernels.pointwise.Activation;
import io.tatara.kernels.pointwise.BinaryOp;
import io.tatara.kernels.pointwise.Expr;
import io.tatara.kernels.pointwise.Exprs;
import io.tatara.kernels.pointwise.Pointwise;
import io.tatara.kernels.pointwise.UnaryOp;
import io.tatara.kernels.position.Rotary;
import io.tatara.kernels.position.SinusoidalPosition;
import io.tatara.kernels.recurrent.Direction;
import io.tatara.kernels.recurrent.GruSequence;
import io.tatara.kernels.recurrent.LstmSequence;
import io.tatara.kernels.recurrent.RnnSequence;
import io.tatara.kernels.reduce.ArgMax;
import io.tatara.kernels.reduce.Reduce;
import io.tatara.kernels.reduce.ReduceKind;
import io.tatara.kernels.reduce.TopK;
import io.tatara.kernels.sdpa.AttentionMask;
import io.tatara.kernels.sdpa.CacheAppend;
import io.tatara.kernels.sdpa.HeadLayout;
import io.tatara.kernels.sdpa.ScaledDotProductAttention;
import io.tatara.kernels.softmax.CrossEntropy;
import io.tatara.kernels.softmax.Reduction;
import io.tatara.kernels.softmax.Softmax;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * The ops as methods, over a {@link Scope} (results live there) or a {@link Tape} (recorded too).
 * Shapes and errors are those of the op records; optional arguments may be null.
 */
public final class Ops extends SpatialOps {
    private final Emitter emitter;
    private final Precision precision;

    Ops(Emitter emitter) {
        this(emitter, Precision.STRICT);
    }

    private Ops(Emitter emitter, Precision precision) {
        this.emitter = emitter;
        this.precision = precision;
    }

    /**
     * The same ops, whose float32 matrix products (matmul, linear and, on a tape, their gradients')
     * are computed in this precision.
     */
    public Ops precision(Precision p) {
        return new Ops(emitter, Objects.requireNonNull(p, "precision"));
    }

    /** Any op, by its record. */
    @Override
    public Tensor[] run(Op op, Tensor... inputs) {
        return (Tensor[]) emitter.emit(op, inputs);
    }

    @Override
    Tensor one(Op op, Value... inputs) {
        return (Tensor) emitter.one(op, inputs);
    }

    /** a · b over the last two axes, batch axes broadcast. */
    public Tensor matmul(Tensor a, Tensor b) {
        return matmul(a, b, false, false);
    }

    /** op(a) · op(b), where op transposes the last two axes when asked. */
    public Tensor matmul(Tensor a, Tensor b, boolean transposeA, boolean transposeB) {
        return one(
                new MatMul(transposeA, transposeB, new Epilogue(Activation.NONE), precision),
                a,
                b,
                null,
                null);
    }

    /**
     * activation(x · wᵀ + bias) + residual, one kernel; w [out, in], bias [out] or null, residual
     * or null.
     */
    public Tensor linear(Tensor x, Tensor w, Tensor bias, Activation activation, Tensor residual) {
        MatMul op = new MatMul(false, true, new Epilogue(activation), precision);
        return one(op, x, w, bias, residual);
    }

    /** x · wᵀ + bias. */
    public Tensor linear(Tensor x, Tensor w, Tensor bias) {
        return linear(x, w, bias, Activation.NONE, null);
    }

    /** An expression over the inputs, broadcast together, as one kernel. */
    public Tensor pointwise(Expr expr, Tensor... inputs) {
        return one(new Pointwise(expr, inputs.length), inputs);
    }

    private Tensor binary(BinaryOp op, Tensor a, Tensor b) {
        return pointwise(new Expr.Binary(op, new Expr.Input(0), new Expr.Input(1)), a, b);
    }

    private Tensor scalar(BinaryOp op, Tensor a, float s) {
        return pointwise(new Expr.Binary(op, new Expr.Input(0), new Expr.Constant(s)), a);
    }

    private Tensor unary(UnaryOp op, Tensor x) {
        return pointwise(new Expr.Unary(op, new Expr.Input(0)), x);
    }

    public Tensor add(Tensor a, Tensor b) {
        return binary(BinaryOp.ADD, a, b);
    }

    public Tensor sub(Tensor a, Tensor b) {
        return binary(BinaryOp.SUB, a, b);
    }

    public Tensor mul(Tensor a, Tensor b) {
        return binary(BinaryOp.MUL, a, b);
    }

    public Tensor div(Tensor a, Tensor b) {
        return binary(BinaryOp.DIV, a, b);
    }

    public Tensor add(Tensor a, float s) {
        return scalar(BinaryOp.ADD, a, s);
    }

    public Tensor mul(Tensor a, float s) {
        return scalar(BinaryOp.MUL, a, s);
    }

    public Tensor exp(Tensor x) {
        return unary(UnaryOp.EXP, x);
    }

    public Tensor log(Tensor x) {
        return unary(UnaryOp.LOG, x);
    }

    public Tensor sqrt(Tensor x) {
        return unary(UnaryOp.SQRT, x);
    }

    public Tensor neg(Tensor x) {
        return unary(UnaryOp.NEG, x);
    }

    public Tensor tanh(Tensor x) {
        return unary(UnaryOp.TANH, x);
    }

    public Tensor sigmoid(Tensor x) {
        return unary(UnaryOp.SIGMOID, x);
    }

    public Tensor relu(Tensor x) {
        return unary(UnaryOp.RELU, x);
    }

    public Tensor elu(Tensor x) {
        return pointwise(Exprs.elu(new Expr.Input(0), 1), x);
    }

    /** x · Φ(x), the exact form. */
    public Tensor gelu(Tensor x) {
        return pointwise(Exprs.gelu(new Expr.Input(0)), x);
    }

    public Tensor silu(Tensor x) {
        return pointwise(Exprs.silu(new Expr.Input(0)), x);
    }

    /**
     * Inverted dropout: each element is dropped with probability p, the others grow by 1 / (1 − p).
     *
     * @param seed int32 [2]; the same seed gives the same mask on every device
     */
    public Tensor dropout(Tensor x, float p, Tensor seed) {
        return p == 0 ? x : pointwise(Exprs.dropout(new Expr.Input(0), 1, p), x, seed);
    }

    /** x where mask is not 0, else the value; broadcast. */
    public Tensor where(Tensor mask, Tensor x, float otherwise) {
        return pointwise(
                new Expr.Select(new Expr.Input(0), new Expr.Input(1), new Expr.Constant(otherwise)),
                mask,
                x);
    }

    /** Over the last axis. */
    public Tensor softmax(Tensor x) {
        return one(new Softmax(false), x, null);
    }

    /** Over the last axis, positions at or past each row's length left out; lengths int32. */
    public Tensor softmax(Tensor x, Tensor lengths) {
        return one(new Softmax(false), x, lengths);
    }

    public Tensor logSoftmax(Tensor x) {
        return one(new Softmax(true), x, null);
    }

    /**
     * Mean cross-entropy of logits [n, c] against labels int32 [n]; labels equal to ignoreIndex do
     * not count.
     */
    public Tensor crossEntropy(Tensor logits, Tensor labels, int ignoreIndex, float smoothing) {
        return crossEntropy(logits, labels, ignoreIndex, smoothing, Reduction.MEAN);
    }

    public Tensor crossEntropy(
            Tensor logits, Tensor labels, int ignoreIndex, float smoothing, Reduction reduction) {
        return one(new CrossEntropy(ignoreIndex, smoothing, reduction), logits, labels);
    }

    /** Over the given axes, all where none is given. */
    public Tensor sum(Tensor x, int... axes) {
        return reduce(ReduceKind.SUM, x, false, axes);
    }

    public Tensor mean(Tensor x, int... axes) {
        return reduce(ReduceKind.MEAN, x, false, axes);
    }

    public Tensor max(Tensor x, int... axes) {
        return reduce(ReduceKind.MAX, x, false, axes);
    }

    public Tensor reduce(ReduceKind kind, Tensor x, boolean keepDims, int... axes) {
        return one(new Reduce(kind, list(axes), keepDims), x);
    }

    /** Index of the largest element along an axis, int32. */
    public Tensor argMax(Tensor x, int axis) {
        return one(new ArgMax(axis), x);
    }

    /** The k largest of the last axis in descending order: values, and indices int32. */
    public Tensor[] topK(Tensor x, int k) {
        return run(new TopK(k), x);
    }

    /** Layer norm of the last axis; scale and shift [d] may be null. */
    public Tensor layerNorm(Tensor x, Tensor scale, Tensor shift, float epsilon) {
        return run(new LayerNorm(epsilon, 0), x, null, scale, shift, null)[0];
    }

    /**
     * Layer norm of z = dropout(x) + residual: y, statistics, and z where the op's {@code sum} is
     * set; see {@link LayerNorm}.
     *
     * @param seed int32 [2], null where nothing is dropped
     */
    public Tensor[] layerNorm(
            LayerNorm op, Tensor x, Tensor residual, Tensor scale, Tensor shift, Tensor seed) {
        return run(op, x, residual, scale, shift, seed);
    }

    /** Root-mean-square norm of the last axis; scale [d] may be null. */
    public Tensor rmsNorm(Tensor x, Tensor scale, float epsilon) {
        return run(new RmsNorm(epsilon, 0), x, null, scale, null)[0];
    }

    /**
     * Root-mean-square norm of z = dropout(x) + residual: y, statistics, and z where the op's
     * {@code sum} is set; see {@link RmsNorm}.
     *
     * @param seed int32 [2], null where nothing is dropped
     */
    public Tensor[] rmsNorm(RmsNorm op, Tensor x, Tensor residual, Tensor scale, Tensor seed) {
        return run(op, x, residual, scale, seed);
    }

    /**
     * x [N, T, D] · scale plus sinusoidal encodings; see {@link SinusoidalPosition}.
     *
     * @param positions int32 [N], where each sequence starts, null for 0
     */
    public Tensor sinusoidalPosition(Tensor x, Tensor positions, float scale) {
        return one(new SinusoidalPosition(scale), x, positions);
    }

    /**
     * Rotary position embedding of queries or keys; see {@link Rotary}.
     *
     * @param positions int32 [N], where each sequence starts, null for 0
     */
    public Tensor rotary(Rotary op, Tensor x, Tensor positions) {
        return one(op, x, positions);
    }

    /**
     * A step of beam search.
     *
     * @param logProbs [N, B, V], or logits where the op says so
     * @param scores float32 [N, B]
     * @param finished int32 [N, B]
     * @param lengths int32 [N, B]
     * @param mask float32 [V] or null, added to the log probabilities
     * @return scores float32, parents, tokens, finished and lengths int32, [N, results] each
     */
    public Tensor[] beamStep(
            BeamStep op,
            Tensor logProbs,
            Tensor scores,
            Tensor finished,
            Tensor lengths,
            Tensor mask) {
        return run(op, logProbs, scores, finished, lengths, mask);
    }

    /** Rows of a table [v, d] by ids int32 […] → […, d]. */
    public Tensor embedding(Tensor table, Tensor ids, int paddingIndex) {
        return one(new Embedding(paddingIndex), table, ids);
    }

    public Tensor transpose(Tensor x, int... permutation) {
        return one(new Transpose(list(permutation)), x);
    }

    /** Part [start, end) of an axis; negative numbers count from the end. */
    public Tensor slice(Tensor x, int axis, int start, int end) {
        int rank = x.shape().rank();
        int at = x.shape().axis(axis);
        int[] starts = new int[rank];
        int[] ends = x.shape().toArray();
        int[] steps = new int[rank];
        java.util.Arrays.fill(steps, 1);
        starts[at] = start;
        ends[at] = end;
        return one(new Slice(list(starts), list(ends), list(steps)), x);
    }

    /**
     * Elements around a tensor ({@link Pad}).
     *
     * @param before elements in front of each axis
     * @param after elements behind each axis
     * @param value of {@link PadMode#CONSTANT}, else 0
     */
    public Tensor pad(Tensor x, int[] before, int[] after, PadMode mode, double value) {
        return one(new Pad(list(before), list(after), mode, value), x);
    }

    public Tensor concat(int axis, Tensor... parts) {
        return one(new Concat(axis), parts);
    }

    public Tensor reshape(Tensor x, int... dims) {
        return one(new Reshape(Shape.of(dims)), x);
    }

    public Tensor expand(Tensor x, int... dims) {
        return one(new Expand(Shape.of(dims)), x);
    }

    /** Entries of an axis by indices int32 [k]. */
    public Tensor gather(Tensor x, int axis, Tensor indices) {
        return one(new Gather(axis), x, indices);
    }

    /** 1 where position &lt; length, else 0: [n, length]. */
    public Tensor sequenceMask(Tensor lengths, int length) {
        return one(new SequenceMask(length), lengths);
    }

    public Tensor reverse(Tensor x, int axis) {
        return one(new Reverse(axis), x, null);
    }

    /** The elements converted to another type; x itself where it is of that type. */
    public Tensor cast(Tensor x, DType to) {
        return x.dtype() == to ? x : one(new Cast(to), x);
    }

    /** y and hN; see {@link RnnSequence}. */
    public Tensor[] rnn(
            RnnSequence op,
            Tensor x,
            Tensor lengths,
            Tensor h0,
            Tensor wIh,
            Tensor wHh,
            Tensor bias) {
        return run(op, x, lengths, h0, wIh, wHh, bias);
    }

    /** y, hN, cN (and what the gradient needs); see {@link LstmSequence}. */
    public Tensor[] lstm(
            Direction direction,
            Tensor x,
            Tensor lengths,
            Tensor h0,
            Tensor c0,
            Tensor wIh,
            Tensor wHh,
            Tensor bias,
            Tensor peephole) {
        return run(new LstmSequence(direction, 0), x, lengths, h0, c0, wIh, wHh, bias, peephole);
    }

    /**
     * y, hN (and what the gradient needs), the reset gate applied after the product; see {@link
     * GruSequence}.
     */
    public Tensor[] gru(
            Direction direction,
            Tensor x,
            Tensor lengths,
            Tensor h0,
            Tensor wIh,
            Tensor wHh,
            Tensor biasIh,
            Tensor biasHh) {
        return run(new GruSequence(true, direction, 0), x, lengths, h0, wIh, wHh, biasIh, biasHh);
    }

    /** Context [N, Tq, V] and weights [N, Tq, Tk]; see {@link AdditiveAttention}. */
    public Tensor[] additiveAttention(
            Tensor queries, Tensor keys, Tensor values, Tensor v, Tensor lengths) {
        return run(new AdditiveAttention(), queries, keys, values, v, lengths);
    }

    /** Context [N, Tq, V] and weights [N, Tq, Tk]; see {@link MultiplicativeAttention}. */
    public Tensor[] multiplicativeAttention(
            Tensor queries, Tensor keys, Tensor values, Tensor lengths, float scale) {
        return run(new MultiplicativeAttention(scale), queries, keys, values, lengths);
    }

    /**
     * Scaled dot-product attention of heads [N, H, T, D], scaled by 1/√D: output [N, H, Tq, Dv].
     *
     * @param lengths int32 [N], keys of each sequence that take part; null for all
     */
    public Tensor attention(
            Tensor query, Tensor key, Tensor value, Tensor lengths, AttentionMask mask) {
        int features = query.spec().shape().rank() == 4 ? query.spec().shape().dim(3) : 1;
        float scale = (float) (1 / Math.sqrt(Math.max(1, features)));
        HeadLayout layout = HeadLayout.HEADS_FIRST;
        return scaledDotProductAttention(query, key, value, lengths, null, scale, mask, layout)[0];
    }

    /** Output and logSumExp; see {@link ScaledDotProductAttention}. */
    public Tensor[] scaledDotProductAttention(
            Tensor query,
            Tensor key,
            Tensor value,
            Tensor lengths,
            Tensor bias,
            float scale,
            AttentionMask mask,
            HeadLayout layout) {
        return run(
                new ScaledDotProductAttention(scale, mask, layout),
                query,
                key,
                value,
                lengths,
                bias);
    }

    /** Writes new keys or values into a cache, in place; see {@link CacheAppend}. */
    public Tensor cacheAppend(Tensor cache, Tensor update, Tensor positions, HeadLayout layout) {
        return run(new CacheAppend(layout), cache, update, positions)[0];
    }

    private static List<Integer> list(int... a) {
        List<Integer> l = new ArrayList<>(a.length);
        for (int x : a) {
            l.add(x);
        }
        return l;
    }
}
