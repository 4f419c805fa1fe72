package io.tatara.runtime.graph;

import io.tatara.kernels.Op;
import io.tatara.kernels.pointwise.PointwiseCall;
import io.tatara.kernels.pointwise.PointwiseCall.Argument;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Merges chains of pointwise ops: an op whose result one later pointwise op alone reads is computed
 * within that one, element by element, and the result is never stored. What may be merged, so that
 * the numbers stay the same, {@link PointwiseCall} tells of the expressions; here it is seen to
 * that the result is wanted nowhere else and that nothing overwrites the arguments in between.
 */
public final class Fusion {
    private final List<Node> nodes; // null where one was merged into another
    private final Map<Buffer, List<Integer>> users = new IdentityHashMap<>();

    private Fusion(List<Node> nodes) {
        this.nodes = new ArrayList<>(nodes);
        for (int i = 0; i < nodes.size(); i++) {
            use(nodes.get(i), i);
        }
    }

    /**
     * @return the ops left, in order; some of them may be no longer needed
     */
    public static List<Node> fuse(List<Node> nodes) {
        Fusion f = new Fusion(nodes);
        for (int i = nodes.size() - 1; i >= 0; i--) {
            f.absorb(i);
        }
        f.nodes.removeIf(n -> n == null);
        return f.nodes;
    }

    private void use(Node n, int at) {
        for (Buffer b : touched(n)) {
            users.computeIfAbsent(b, k -> new ArrayList<>()).add(at);
        }
    }

    private void forget(Node n, int at) {
        for (Buffer b : touched(n)) {
            users.get(b).remove(Integer.valueOf(at));
        }
    }

    private static Set<Buffer> touched(Node n) {
        Set<Buffer> all = new LinkedHashSet<>(n.in());
        all.addAll(n.out());
        all.remove(null);
        return all;
    }

    /** Takes producers into op {@code at} as long as there are any that fit. */
    private void absorb(int at) {
        boolean again = nodes.get(at) != null;
        while (again) {
            again = false;
            for (Buffer b : touched(nodes.get(at))) {
                again |= absorb(at, b);
            }
        }
    }

    private boolean absorb(int at, Buffer b) {
        int made = maker(b, at);
        if (made < 0) {
            return false;
        }
        Node user = nodes.get(at);
        Node producer = nodes.get(made);
        PointwiseCall<Buffer> first = call(producer);
        PointwiseCall<Buffer> second = call(user);
        if (first == null || second == null || !first.isConstant() && users.get(b).size() > 2) {
            return false;
        }
        for (int i = made + 1; i < at; i++) {
            for (Buffer in : producer.in()) {
                if (in != null && nodes.get(i) != null && nodes.get(i).overwrites(in)) {
                    return false;
                }
            }
        }
        PointwiseCall<Buffer> merged = second.merge(b, first);
        if (merged == null) {
            return false;
        }
        forget(user, at);
        Node whole = node(merged, producer, user);
        nodes.set(at, whole);
        use(whole, at);
        if (users.get(b).equals(List.of(made))) {
            forget(producer, made);
            nodes.set(made, null);
        }
        return true;
    }

    /** The op before {@code at} that makes the buffer; -1 where it is not that of one op alone. */
    private int maker(Buffer b, int at) {
        if (!b.isInner()) {
            return -1;
        }
        int made = -1;
        for (int i : users.get(b)) {
            if (nodes.get(i).overwrites(b)) {
                return -1;
            }
            made = i < at && nodes.get(i).makes(b) ? i : made;
        }
        return made;
    }

    private static PointwiseCall<Buffer> call(Node n) {
        if (n.out().size() != 1 || n.op().alias(0) >= 0) {
            return null;
        }
        List<Argument<Buffer>> in = new ArrayList<>();
        for (int i = 0; i < n.in().size(); i++) {
            in.add(new Argument<>(n.in().get(i), n.inSpecs().get(i)));
        }
        return PointwiseCall.of(n.op(), in, n.outSpecs().getFirst());
    }

    private static Node node(PointwiseCall<Buffer> merged, Node producer, Node user) {
        List<Op> parts = new ArrayList<>(producer.parts());
        parts.addAll(user.parts());
        return new Node(
                merged.op(),
                merged.arguments().stream().map(Argument::key).toList(),
                merged.arguments().stream().map(Argument::spec).toList(),
                user.out(),
                user.outSpecs(),
                List.copyOf(parts));
    }
}
