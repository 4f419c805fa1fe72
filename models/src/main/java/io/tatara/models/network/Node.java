package io.tatara.models.network;

import java.util.Arrays;
import java.util.List;

/**
 * A layer in its place.
 *
 * @param name PyTorch's name of the module; of layers without weights one of the same manner
 * @param inputs layers whose outputs it takes
 * @param shape of its output for one sample
 */
public record Node(String name, Kind kind, List<Node> inputs, List<Integer> shape) {
    public Node {
        inputs = List.copyOf(inputs);
        shape = List.copyOf(shape);
    }

    /**
     * Each layer is itself alone: comparing contents would walk through all before it, many times.
     */
    @Override
    public boolean equals(Object other) {
        return this == other;
    }

    @Override
    public int hashCode() {
        return System.identityHashCode(this);
    }

    @Override
    public String toString() {
        return name + ": " + kind + " " + shape;
    }

    /** Channels (or features) of the output. */
    public int channels() {
        return shape.getFirst();
    }

    /** Positions of the output: H·W, T or 1. */
    public long positions() {
        return shape.stream().skip(1).mapToLong(Integer::longValue).reduce(1, Math::multiplyExact);
    }

    /**
     * @throws ArithmeticException if it is no long
     */
    private static long product(long... factors) {
        return Arrays.stream(factors).reduce(1, Math::multiplyExact);
    }

    private int from() {
        return inputs.getFirst().channels();
    }

    /** Trained numbers: weights, biases, scales and shifts; running statistics are not trained. */
    public long parameters() {
        return switch (kind) {
            case Kind.Conv2d c ->
                    product(c.channels(), from() / c.groups(), c.kernel(), c.kernel())
                            + (c.bias() ? c.channels() : 0);
            case Kind.CausalConv1d c ->
                    product(c.channels(), from(), c.kernel()) + (c.bias() ? c.channels() : 0);
            case Kind.BatchNorm b -> 2L * channels();
            case Kind.Linear l -> (long) l.features() * from() + (l.bias() ? l.features() : 0);
            default -> 0;
        };
    }

    /**
     * Products that are added up, for one sample, as the papers count them: of convolutions and
     * linear layers, without biases.
     */
    public long multiplyAdds() {
        return switch (kind) {
            case Kind.Conv2d c ->
                    product(positions(), c.channels(), from() / c.groups(), c.kernel(), c.kernel());
            case Kind.CausalConv1d c -> product(positions(), c.channels(), from(), c.kernel());
            case Kind.Linear l -> (long) l.features() * from();
            default -> 0;
        };
    }

    /** Whether each channel has filters of its own. */
    public boolean depthwise() {
        return kind instanceof Kind.Conv2d c && c.groups() > 1 && c.groups() == from();
    }

    /** Whether it is a convolution of single positions. */
    public boolean pointwise() {
        return kind instanceof Kind.Conv2d c && c.kernel() == 1 && c.groups() == 1;
    }
}
