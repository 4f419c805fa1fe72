package io.tatara.tornado;

import java.util.Map;
import java.util.TreeMap;

/**
 * Hands out places of the heap: the first hole that is large enough; neighbouring holes are joined.
 */
final class HeapAllocator {
    /** Words that places are multiples of: a cache line of a GPU. */
    static final int GRAIN = 32;

    private final TreeMap<Integer, Integer> holes = new TreeMap<>();
    private final TreeMap<Integer, Integer> taken = new TreeMap<>();

    HeapAllocator(int words) {
        holes.put(0, words / GRAIN * GRAIN);
    }

    /**
     * @return the first word, or -1 where no hole is large enough
     */
    synchronized int allocate(int words) {
        long wanted = Math.max(1L, ((long) words + GRAIN - 1) / GRAIN) * GRAIN;
        for (Map.Entry<Integer, Integer> hole : holes.entrySet()) {
            if (hole.getValue() >= wanted) {
                int at = hole.getKey();
                int size = (int) wanted;
                int rest = hole.getValue() - size;
                holes.remove(at);
                if (rest > 0) {
                    holes.put(at + size, rest);
                }
                taken.put(at, size);
                return at;
            }
        }
        return -1;
    }

    /** Gives a place back; one that is not taken is left alone. */
    synchronized void release(int at) {
        Integer size = taken.remove(at);
        if (size == null) {
            return;
        }
        int start = at;
        int length = size;
        Map.Entry<Integer, Integer> before = holes.lowerEntry(at);
        if (before != null && before.getKey() + before.getValue() == at) {
            holes.remove(before.getKey());
            start = before.getKey();
            length += before.getValue();
        }
        Integer behind = holes.remove(at + size);
        if (behind != null) {
            length += behind;
        }
        holes.put(start, length);
    }

    /** Words of the largest hole. */
    synchronized int largest() {
        return holes.values().stream().mapToInt(Integer::intValue).max().orElse(0);
    }
}
