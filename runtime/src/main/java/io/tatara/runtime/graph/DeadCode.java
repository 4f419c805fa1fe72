package io.tatara.runtime.graph;

import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;

/** Drops ops whose results nobody reads: no later op and no open tensor. */
public final class DeadCode {
    private DeadCode() {}

    /**
     * @return the ops that are needed, in order
     */
    public static List<Node> drop(List<Node> nodes) {
        Set<Buffer> needed = Collections.newSetFromMap(new IdentityHashMap<>());
        List<Node> kept = new ArrayList<>();
        for (Node n : nodes.reversed()) {
            boolean effect = false;
            for (Buffer b : n.out()) {
                effect |= !b.isInner() || needed.contains(b);
            }
            if (effect) {
                for (Buffer b : n.in()) {
                    if (b != null) {
                        needed.add(b);
                    }
                }
                kept.add(n);
            }
        }
        return kept.reversed();
    }
}
