package io.tatara.models.network;

import io.tatara.kernels.conv.ConvWindow;
import io.tatara.kernels.layout.Slice;
import io.tatara.kernels.pointwise.Activation;
import io.tatara.kernels.pointwise.Exprs;
import io.tatara.kernels.pool.PoolWindow;
import io.tatara.runtime.Ops;
import io.tatara.runtime.Scope;
import io.tatara.runtime.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What training and inference have in common: above all the layers without weights. */
final class Layers {
    /** Of batch norms, as PyTorch has it. */
    static final float EPSILON = 1e-5f;

    private Layers() {}

    /** What becomes of a layer's inputs. */
    @FunctionalInterface
    interface Step {
        /**
         * @param s of what is made beside the inputs
         * @param ops those of a tape in training
         */
        Tensor run(Scope s, Ops ops, List<Tensor> in);
    }

    static ConvWindow window(Kind.Conv2d c) {
        return ConvWindow.UNIT.stride(c.stride()).pad(c.padding()).dilation(c.dilation());
    }

    /** Empty where the layer has weights, is another in training, or goes over time. */
    static Optional<Step> weightless(Node n) {
        return Optional.ofNullable(
                switch (n.kind()) {
                    case Kind.Activate a ->
                            (s, ops, in) -> activate(ops, in.getFirst(), a.function());
                    case Kind.Add a -> (s, ops, in) -> ops.add(in.get(0), in.get(1));
                    case Kind.Concat c -> (s, ops, in) -> ops.concat(1, in.get(0), in.get(1));
                    case Kind.GlobalAverage g -> (s, ops, in) -> ops.mean(in.getFirst(), 2, 3);
                    case Kind.Flatten f ->
                            (s, ops, in) -> {
                                int batch = in.getFirst().shape().dim(0);
                                return ops.reshape(in.getFirst(), batch, n.channels());
                            };
                    case Kind.PadChannels p -> (s, ops, in) -> pad(s, ops, in.getFirst(), p);
                    case Kind.Subsample u -> (s, ops, in) -> every(ops, in.getFirst(), u.stride());
                    case Kind.Pool p -> (s, ops, in) -> pool(ops, in.getFirst(), p);
                    default -> null;
                });
    }

    private static Tensor activate(Ops ops, Tensor x, Activation f) {
        return switch (f) {
            case NONE -> x;
            case RELU -> ops.relu(x);
            case RELU6 -> ops.pointwise(Exprs.relu6(Exprs.in(0)), x);
            case SIGMOID -> ops.sigmoid(x);
            case TANH -> ops.tanh(x);
            case GELU -> ops.gelu(x);
            case SILU -> ops.silu(x);
            case ELU -> ops.elu(x);
        };
    }

    private static Tensor pool(Ops ops, Tensor x, Kind.Pool p) {
        PoolWindow w = PoolWindow.square(p.kernel(), p.stride(), p.padding());
        return p.max() ? ops.maxPool(x, w)[0] : ops.averagePool(x, w, true);
    }

    private static Tensor pad(Scope s, Ops ops, Tensor x, Kind.PadChannels p) {
        int[] dims = x.shape().toArray();
        int behind = p.channels() - p.front() - dims[1];
        List<Tensor> parts = new ArrayList<>(List.of(x));
        if (p.front() > 0) {
            dims[1] = p.front();
            parts.addFirst(s.zeros(dims));
        }
        if (behind > 0) {
            dims[1] = behind;
            parts.add(s.zeros(dims));
        }
        return parts.size() == 1 ? x : ops.concat(1, parts.toArray(Tensor[]::new));
    }

    private static Tensor every(Ops ops, Tensor x, int stride) {
        int end = Integer.MAX_VALUE;
        Slice slice =
                new Slice(
                        List.of(0, 0, 0, 0),
                        List.of(end, end, end, end),
                        List.of(1, 1, stride, stride));
        return ops.run(slice, x)[0];
    }
}
