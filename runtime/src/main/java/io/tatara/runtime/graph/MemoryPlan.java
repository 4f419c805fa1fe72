package io.tatara.runtime.graph;

import io.tatara.kernels.DType;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * Which inner buffers may share memory. A buffer lives from the op that makes it to the last one
 * that touches it; two whose lives do not overlap may lie in one slot. Largest first, each goes to
 * the smallest slot that is free all its life, else a new one is opened for it: greedy by size, as
 * Pisarchyk and Lee (2020) compare it with others. Slots are whole pieces of memory, since not
 * every device can take a piece of a piece.
 */
public final class MemoryPlan {
    /**
     * Memory that several buffers share.
     *
     * @param dtype of the largest of them
     */
    public record Slot(int number, DType dtype, long bytes) {}

    private record Life(Buffer buffer, int from, int to) {
        boolean overlaps(Life o) {
            return from <= o.to && o.from <= to;
        }
    }

    private final List<Slot> slots = new ArrayList<>();
    private final List<Object> classes = new ArrayList<>();
    private final List<List<Life>> taken = new ArrayList<>();
    private final Map<Buffer, Slot> places = new IdentityHashMap<>();

    private MemoryPlan() {}

    /**
     * @param storageClass what tells kinds of memory apart that cannot stand for one another
     */
    public static MemoryPlan of(List<Node> nodes, Function<DType, Object> storageClass) {
        MemoryPlan plan = new MemoryPlan();
        List<Life> lives = lives(nodes);
        lives.sort(
                Comparator.comparingLong((Life l) -> -l.buffer.bytes())
                        .thenComparingInt(Life::from));
        for (Life l : lives) {
            plan.place(l, storageClass.apply(l.buffer.dtype()));
        }
        return plan;
    }

    private static List<Life> lives(List<Node> nodes) {
        Map<Buffer, Life> lives = new LinkedHashMap<>();
        for (int i = 0; i < nodes.size(); i++) {
            List<Buffer> touched = new ArrayList<>(nodes.get(i).in());
            touched.addAll(nodes.get(i).out());
            for (Buffer b : touched) {
                if (b != null && b.isInner()) {
                    Life l = lives.get(b);
                    lives.put(b, new Life(b, l == null ? i : l.from, i));
                }
            }
        }
        return new ArrayList<>(lives.values());
    }

    private void place(Life life, Object kind) {
        for (int s = slots.size() - 1; s >= 0; s--) { // the smallest stand last
            if (classes.get(s).equals(kind) && taken.get(s).stream().noneMatch(life::overlaps)) {
                taken.get(s).add(life);
                places.put(life.buffer, slots.get(s));
                return;
            }
        }
        Slot slot = new Slot(slots.size(), life.buffer.dtype(), life.buffer.bytes());
        slots.add(slot);
        classes.add(kind);
        taken.add(new ArrayList<>(List.of(life)));
        places.put(life.buffer, slot);
    }

    public List<Slot> slots() {
        return Collections.unmodifiableList(slots);
    }

    /** The buffer's slot; null where it is not an inner one, or not used. */
    public Slot slot(Buffer b) {
        return places.get(b);
    }
}
