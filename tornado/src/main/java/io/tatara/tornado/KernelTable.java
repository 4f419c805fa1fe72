package io.tatara.tornado;

import io.tatara.kernels.gpu.GpuPlan;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import uk.ac.manchester.tornado.api.KernelContext;
import uk.ac.manchester.tornado.api.common.TornadoFunctions.Task5;
import uk.ac.manchester.tornado.api.types.arrays.FloatArray;
import uk.ac.manchester.tornado.api.types.arrays.IntArray;

/**
 * The Java methods that stand for entries of the portable sources. A method's arguments are the
 * entry's own, in their order, pointers as first words in the heap or -1 where absent, and behind
 * them those of the source's definitions that it names.
 */
final class KernelTable {
    /**
     * Code of a kernel: context, arguments that are ints, arguments that are floats at the same
     * indices, heap of float32, heap of int32. TornadoVM keeps compiled code by method name: names
     * are distinct.
     */
    interface Code extends Task5<KernelContext, IntArray, FloatArray, FloatArray, IntArray> {}

    /** Work-groups and their extents, where they are not the plan's. */
    record Geometry(int[] groups, int[] local) {
        static Geometry of(GpuPlan.Launch l) {
            return new Geometry(l.groups(), l.local());
        }
    }

    /** Chooses the geometry from a launch and its packed arguments. */
    interface Planner {
        Geometry plan(GpuPlan.Launch launch, int[] args);
    }

    /**
     * A kernel.
     *
     * @param name source and entry, such as {@code softmax/softmax.cl softmax_rows}
     * @param defines definitions passed behind the arguments, each {@code NAME=default}; {@code
     *     INTS} is 1 where the tensors are int32
     * @param ints positions of arguments that are buffers of ints, for temporaries
     */
    record Entry(
            int number,
            String name,
            List<String> defines,
            Set<Integer> ints,
            Code code,
            Planner planner) {}

    static final String INTS = "INTS";

    static final List<Entry> ALL;
    private static final Map<String, Entry> BY_NAME = new HashMap<>();

    static {
        Builder b = new Builder();
        KernelList.add(b);
        ALL = List.copyOf(b.entries);
        for (Entry e : ALL) {
            if (BY_NAME.put(e.name(), e) != null) {
                throw new IllegalStateException(
                        "kernel " + e.name() + " stands twice in the table");
            }
        }
    }

    private KernelTable() {}

    /** Copies of floats and of ints within their heap, and the interpreter of expressions. */
    static final Entry COPY = find("own", "copy");

    static final Entry POINTWISE = find("own", "pointwise");

    /** The kernel for an entry of a source; null where there is none. */
    static Entry find(String program, String entry) {
        return BY_NAME.get(program + " " + entry);
    }

    /** Collects the entries of a room. */
    static final class Builder {
        private final List<Entry> entries = new ArrayList<>();
        private String source;

        Builder in(String file) {
            source = file;
            return this;
        }

        /**
         * @param defines as in {@link Entry}, and {@code @3} for each argument that is a buffer of
         *     ints
         */
        Builder add(String entry, String defines, Code code) {
            return add(entry, defines, code, (l, args) -> Geometry.of(l));
        }

        Builder add(String entry, String defines, Code code, Planner planner) {
            List<String> names = new ArrayList<>();
            Set<Integer> ints = new HashSet<>();
            for (String d : defines.split(" ")) {
                if (d.startsWith("@")) {
                    ints.add(Integer.valueOf(d.substring(1)));
                } else if (!d.isEmpty()) {
                    names.add(d);
                }
            }
            String name = source + " " + entry;
            entries.add(
                    new Entry(
                            entries.size(),
                            name,
                            List.copyOf(names),
                            Set.copyOf(ints),
                            code,
                            planner));
            return this;
        }
    }
}
