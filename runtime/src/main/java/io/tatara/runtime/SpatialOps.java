package io.tatara.runtime;

import io.tatara.kernels.DType;
import io.tatara.kernels.Op;
import io.tatara.kernels.OpException;
import io.tatara.kernels.Shape;
import io.tatara.kernels.Value;
import io.tatara.kernels.batchnorm.BatchNorm;
import io.tatara.kernels.causal.CausalConv1d;
import io.tatara.kernels.causal.GatedCausalLayer;
import io.tatara.kernels.causal.WaveNetGenerate;
import io.tatara.kernels.causal.WaveNetStep;
import io.tatara.kernels.conv.Conv2d;
import io.tatara.kernels.conv.Conv2dDataGradient;
import io.tatara.kernels.conv.ConvWindow;
import io.tatara.kernels.conv.SeparableConv2d;
import io.tatara.kernels.norm.LayerNorm;
import io.tatara.kernels.pointwise.Expr;
import io.tatara.kernels.pointwise.Exprs;
import io.tatara.kernels.pool.AveragePool;
import io.tatara.kernels.pool.MaxPool;
import io.tatara.kernels.pool.PoolWindow;
import io.tatara.kernels.pool.Upsample;
import io.tatara.kernels.pool.UpsampleMode;
import io.tatara.kernels.reduce.ReduceKind;
import java.util.ArrayList;
import java.util.List;

/**
 * The ops over images and signals: convolutions, pooling, up-sampling and the norms over channels.
 * Part of {@link Ops}, which has them all.
 */
public abstract sealed class SpatialOps permits Ops {
    SpatialOps() {}

    abstract Tensor one(Op op, Value... inputs);

    /** Any op, by its record. */
    public abstract Tensor[] run(Op op, Tensor... inputs);

    private Ops ops() {
        return (Ops) this;
    }

    /** x ∗ weight + bias; x [N, C, H, W], weight [M, C / groups, Kh, Kw], bias [M] or null. */
    public Tensor conv2d(Tensor x, Tensor weight, Tensor bias, ConvWindow window, int groups) {
        return conv2d(new Conv2d(window, groups), x, weight, bias, null);
    }

    /** activation(x ∗ weight + bias) + residual, one kernel; bias and residual or null. */
    public Tensor conv2d(Conv2d op, Tensor x, Tensor weight, Tensor bias, Tensor residual) {
        return one(op, x, weight, bias, residual);
    }

    /**
     * A depthwise-separable block for inference, one kernel: depthwise [C, 1, Kh, Kw], pointwise
     * [M, C, 1, 1]; biases, into which batch normalization was folded, and residual or null.
     */
    public Tensor separableConv2d(
            SeparableConv2d op,
            Tensor x,
            Tensor depthwise,
            Tensor depthwiseBias,
            Tensor pointwise,
            Tensor bias,
            Tensor residual) {
        return one(op, x, depthwise, depthwiseBias, pointwise, bias, residual);
    }

    /**
     * Transposed convolution: x [N, M, Ho, Wo] and weight [M, C / groups, Kh, Kw] to [N, C, height,
     * width], plus bias [C] or null; the extents are those that the same window takes to Ho and Wo.
     */
    public Tensor convTranspose2d(
            Tensor x,
            Tensor weight,
            Tensor bias,
            ConvWindow window,
            int groups,
            int height,
            int width) {
        Tensor y = one(new Conv2dDataGradient(window, groups, height, width), x, weight);
        return bias == null ? y : ops().add(y, ops().reshape(bias, bias.shape().dim(0), 1, 1));
    }

    /** Dilated causal convolution of whole sequences; see {@link CausalConv1d}. */
    public Tensor causalConv1d(Tensor x, Tensor weight, Tensor bias, int dilation) {
        return one(new CausalConv1d(dilation), x, weight, bias);
    }

    /** A piece of a stream: y and the state for the next piece; see {@link CausalConv1d}. */
    public Tensor[] causalConv1d(Tensor x, Tensor weight, Tensor bias, Tensor state, int dilation) {
        return run(new CausalConv1d(dilation, true), x, weight, bias, state);
    }

    /** y, the skip sum and what the op's attributes ask for; see {@link GatedCausalLayer}. */
    public Tensor[] gatedCausalLayer(
            GatedCausalLayer op,
            Tensor x,
            Tensor weight,
            Tensor bias,
            Tensor condition,
            Tensor residualWeight,
            Tensor residualBias,
            Tensor skipWeight,
            Tensor skipBias,
            Tensor skip,
            Tensor state) {
        return run(
                op,
                x,
                weight,
                bias,
                condition,
                residualWeight,
                residualBias,
                skipWeight,
                skipBias,
                skip,
                state);
    }

    /** Skip sum and y of one sample; queue and slots change in place; see {@link WaveNetStep}. */
    public Tensor[] waveNetStep(
            List<Integer> dilations,
            Tensor x,
            Tensor queue,
            Tensor slots,
            Tensor weight,
            Tensor bias,
            Tensor condition,
            Tensor residualWeight,
            Tensor residualBias,
            Tensor skipWeight,
            Tensor skipBias) {
        return run(
                new WaveNetStep(dilations),
                x,
                queue,
                slots,
                weight,
                bias,
                condition,
                residualWeight,
                residualBias,
                skipWeight,
                skipBias);
    }

    /**
     * Samples one after the other, levels [N, count] and the last one's logits [N, A]; history,
     * queue and clock change in place.
     *
     * @param inputs as {@link WaveNetGenerate} has them, null where one is absent
     */
    public Tensor[] waveNetGenerate(WaveNetGenerate op, Tensor... inputs) {
        return run(op, inputs);
    }

    /** Maxima of windows of x [N, C, H, W] and their int32 indices; see {@link MaxPool}. */
    public Tensor[] maxPool(Tensor x, PoolWindow window) {
        return run(new MaxPool(window), x);
    }

    /** Means of windows of x [N, C, H, W]; see {@link AveragePool}. */
    public Tensor averagePool(Tensor x, PoolWindow window, boolean countIncludePad) {
        return one(new AveragePool(window, countIncludePad), x);
    }

    /** Mean of each plane of x [N, C, H, W], as [N, C, 1, 1]. */
    public Tensor globalAveragePool(Tensor x) {
        return ops().reduce(ReduceKind.MEAN, x, true, 2, 3);
    }

    /** Maximum of each plane of x [N, C, H, W], as [N, C, 1, 1]. */
    public Tensor globalMaxPool(Tensor x) {
        return ops().reduce(ReduceKind.MAX, x, true, 2, 3);
    }

    /** x [N, C, H, W] interpolated to planes height × width; see {@link Upsample}. */
    public Tensor upsample(Tensor x, UpsampleMode mode, int height, int width) {
        return one(new Upsample(mode, height, width), x);
    }

    /**
     * Batch norm of training: y, statistics and, where running statistics are given, the new ones;
     * see {@link BatchNorm}. Parameters may be null.
     */
    public Tensor[] batchNorm(
            BatchNorm op,
            Tensor x,
            Tensor scale,
            Tensor shift,
            Tensor runningMean,
            Tensor runningVariance) {
        return run(op, x, scale, shift, runningMean, runningVariance);
    }

    /**
     * Batch norm of inference: (x − mean) / √(variance + ε) · scale + shift per channel of x [N, C,
     * …]; scale and shift [C] may be null, mean and variance are float32 [C]. Computed in float32
     * where x is of a 16-bit type.
     */
    public Tensor batchNormInference(
            Tensor x, Tensor scale, Tensor shift, Tensor mean, Tensor variance, float epsilon) {
        List<Tensor> in = new ArrayList<>();
        in.add(ops().cast(x, DType.FLOAT32));
        in.add(channels(mean, x));
        in.add(channels(variance, x));
        for (Tensor t : new Tensor[] {scale, shift}) {
            if (t != null) {
                in.add(ops().cast(channels(t, x), DType.FLOAT32));
            }
        }
        Expr expr = BatchNorm.inference(epsilon, scale != null, shift != null);
        return ops().cast(ops().pointwise(expr, in.toArray(Tensor[]::new)), x.dtype());
    }

    /**
     * Group norm of x [N, C, …]: each of {@code groups} groups of channels of an example is
     * normalized, then every channel scaled and shifted; scale and shift [C] may be null. One group
     * is layer norm over all but N, a group for each channel is instance norm. Wu, He, "Group
     * Normalization", 2018. Made of {@link LayerNorm} over contiguous rows and a pointwise op.
     *
     * @throws io.tatara.kernels.OpException if groups do not divide the channels
     */
    public Tensor groupNorm(Tensor x, int groups, Tensor scale, Tensor shift, float epsilon) {
        Shape s = x.shape();
        if (s.rank() < 2 || groups < 1 || s.dim(1) % groups != 0) {
            throw new OpException(
                    "group_norm",
                    "groups",
                    groups + " for x " + s,
                    "a divisor of C for x [N, C, ...]");
        }
        int row = s.product(1, s.rank()) / groups;
        Tensor rows = ops().reshape(x, s.dim(0), groups, row);
        Tensor y = ops().reshape(ops().layerNorm(rows, null, null, epsilon), s.toArray());
        List<Tensor> in = new ArrayList<>(List.of(y));
        Expr expr = Exprs.in(0);
        if (scale != null) {
            expr = Exprs.mul(expr, Exprs.in(in.size()));
            in.add(channels(scale, x));
        }
        if (shift != null) {
            expr = Exprs.add(expr, Exprs.in(in.size()));
            in.add(channels(shift, x));
        }
        return in.size() == 1 ? y : ops().pointwise(expr, in.toArray(Tensor[]::new));
    }

    /** A parameter [C] in the shape that broadcasts to x [N, C, …]. */
    private Tensor channels(Tensor parameter, Tensor x) {
        int[] dims = new int[Math.max(1, x.shape().rank() - 1)];
        java.util.Arrays.fill(dims, 1);
        dims[0] = parameter.shape().size();
        return ops().reshape(parameter, dims);
    }
}
