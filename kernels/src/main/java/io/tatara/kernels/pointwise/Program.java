package io.tatara.kernels.pointwise;

import io.tatara.kernels.pointwise.Expr.Input;
import io.tatara.kernels.pointwise.Expr.Uniform;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * An expression as a list of steps, each subexpression once, arguments before their users; the last
 * is the result.
 */
final class Program {
    private static final int MOST_KEPT = 1000;
    private static final Map<Expr, Program> KEPT = new ConcurrentHashMap<>();

    /**
     * A step.
     *
     * @param arguments numbers of the steps whose results it takes
     */
    record Node(Expr expr, int[] arguments) {}

    final List<Node> nodes;

    private Program(Expr e) {
        List<Node> list = new ArrayList<>();
        add(e, list, new HashMap<>());
        nodes = List.copyOf(list);
    }

    static Program of(Expr e) {
        Program p = KEPT.get(e);
        if (p == null) {
            p = new Program(e);
            if (KEPT.size() >= MOST_KEPT) {
                KEPT.clear();
            }
            KEPT.put(e, p);
        }
        return p;
    }

    private static int add(Expr e, List<Node> list, Map<Expr, Integer> numbers) {
        Integer known = numbers.get(e);
        if (known != null) {
            return known;
        }
        List<Expr> of = e.arguments();
        int[] arguments = new int[of.size()];
        for (int i = 0; i < arguments.length; i++) { // a stream would take the stack of ten calls
            arguments[i] = add(of.get(i), list, numbers);
        }
        list.add(new Node(e, arguments));
        numbers.put(e, list.size() - 1);
        return list.size() - 1;
    }

    /** Inputs that are read as values, in order of first use. */
    Set<Integer> values() {
        Set<Integer> s = new LinkedHashSet<>();
        for (Node n : nodes) {
            if (n.expr() instanceof Input i) {
                s.add(i.index());
            }
        }
        return s;
    }

    /** Inputs that are seeds. */
    Set<Integer> seeds() {
        Set<Integer> s = new LinkedHashSet<>();
        for (Uniform u : uniforms()) {
            s.add(u.input());
        }
        return s;
    }

    /** The random numbers, in order of first use. */
    List<Uniform> uniforms() {
        List<Uniform> list = new ArrayList<>();
        for (Node n : nodes) {
            if (n.expr() instanceof Uniform u) {
                list.add(u);
            }
        }
        return list;
    }

    /** Steps that compute something. */
    int operations() {
        return (int)
                nodes.stream()
                        .filter(n -> n.arguments().length > 0 || n.expr() instanceof Uniform)
                        .count();
    }
}
