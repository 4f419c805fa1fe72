package io.tatara.models.network;

import java.util.ArrayList;
import java.util.List;

/**
 * A network as its layers, each after those that it takes.
 *
 * @param name by which {@link ModelZoo} knows it
 * @param nodes the first is the input, the last the output
 */
public record Network(String name, List<Node> nodes) {
    public Network {
        nodes = List.copyOf(nodes);
    }

    public Node input() {
        return nodes.getFirst();
    }

    public Node output() {
        return nodes.getLast();
    }

    /** Trained numbers of all layers. */
    public long parameters() {
        return nodes.stream().mapToLong(Node::parameters).sum();
    }

    /** Products that are added up for one sample. */
    public long multiplyAdds() {
        return nodes.stream().mapToLong(Node::multiplyAdds).sum();
    }

    /**
     * A depthwise convolution and the pointwise one that follows it, beside the plain convolution
     * that they stand for (Howard et al. 2017, section 3.1).
     *
     * @param cost H·W·C·(K² + M) of the pair, H·W positions of the output
     * @param plain H·W·K²·C·M
     */
    public record Separable(Node depthwise, Node pointwise, long cost, long plain) {}

    /** All such pairs, whatever norms and activations stand between. */
    public List<Separable> separables() {
        List<Separable> pairs = new ArrayList<>();
        for (Node p : nodes) {
            if (!p.pointwise()) {
                continue;
            }
            Node d = p.inputs().getFirst();
            while (d.kind() instanceof Kind.BatchNorm || d.kind() instanceof Kind.Activate) {
                d = d.inputs().getFirst();
            }
            if (d.depthwise() && d.kind() instanceof Kind.Conv2d c) {
                long plain = p.positions() * c.kernel() * c.kernel() * c.channels() * p.channels();
                pairs.add(new Separable(d, p, d.multiplyAdds() + p.multiplyAdds(), plain));
            }
        }
        return pairs;
    }
}
