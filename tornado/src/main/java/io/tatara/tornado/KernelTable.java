package io.tatara.tornado;

import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.tornado.kernels.Optimizers;
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
     * @param base index of the definitions; -1: behind the arguments
     * @param ints positions of arguments that are buffers of ints, for temporaries
     */
    record Entry(
            int number,
            String name,
            List<String> defines,
            int base,
            Set<Integer> ints,
            Code code,
            Planner planner) {}

    static final String INTS = "INTS";

    /** A definition that is the number of the launch's arguments. */
    static final String ARGS = "ARGS";

    static final List<Entry> ALL;
    private static final Map<String, Entry> BY_NAME = new HashMap<>();

    static {
        Builder b = new Builder();
        KernelList.add(b);
        ALL = List.copyOf(b.entries);
        b.names.forEach((name, number) -> BY_NAME.put(name, ALL.get(number)));
    }

    private KernelTable() {}

    /** Copies of floats and of ints within their heap, and the interpreter of expressions. */
    static final Entry COPY = find("own", "copy");

    static final Entry POINTWISE = find("own", "pointwise");

    /** Between 16-bit numbers and float32. */
    static final Entry UNPACK = find("own", "unpack");

    static final Entry PACK = find("own", "pack");

    /** The tiled product, and what stands for it on matrix units: for CUDA alone. */
    static final Entry TILED = find("matmul/matmul.cl", "matmul_tiled");

    static final Entry MMA_FLOAT16 = find("cuda", "mma_float16");
    static final Entry MMA_BFLOAT16 = find("cuda", "mma_bfloat16");
    static final Entry MMA_FINISH = find("cuda", "mma_finish");

    /** Those of every back end: the first of {@link #ALL}. */
    static List<Entry> portable() {
        return ALL.subList(0, MMA_FLOAT16.number());
    }

    /** The kernel for an entry of a source; null where there is none. */
    static Entry find(GpuPlan.Launch l) {
        Entry e = find(l.program().name(), l.entry());
        String kind = l.program().defines().get("KIND");
        return e != null || kind == null
                ? e
                : find(l.program().name(), l.entry() + " KIND=" + kind);
    }

    private static Entry find(String program, String entry) {
        return BY_NAME.get(program + " " + entry);
    }

    /** Collects the entries of a room. */
    static final class Builder {
        private final List<Entry> entries = new ArrayList<>();
        private final Map<String, Integer> names = new HashMap<>();
        private String source;

        Builder in(String file) {
            source = file;
            return this;
        }

        /**
         * @param defines as in {@link Entry}, and {@code @3} for each argument that is a buffer of
         *     ints; {@code ^}: at a fixed index, for lists of tensors
         */
        Builder add(String entry, String defines, Code code) {
            return add(entry, defines, code, (l, args) -> Geometry.of(l));
        }

        Builder add(String entry, String defines, Code code, Planner planner) {
            List<String> names = new ArrayList<>();
            Set<Integer> ints = new HashSet<>();
            int base = -1;
            for (String d : defines.split(" ")) {
                if (d.equals("^")) {
                    base = Optimizers.DEFINES;
                } else if (d.startsWith("@")) {
                    ints.add(Integer.valueOf(d.substring(1)));
                } else if (!d.isEmpty()) {
                    names.add(d);
                }
            }
            String name = source + " " + entry;
            name(name);
            entries.add(
                    new Entry(
                            entries.size(),
                            name,
                            List.copyOf(names),
                            base,
                            Set.copyOf(ints),
                            code,
                            planner));
            return this;
        }

        /** The last entry is also one of these sources. */
        Builder also(String... files) {
            String entry = entries.getLast().name();
            for (String f : files) {
                names.put(f + entry.substring(entry.indexOf(' ')), entries.size() - 1);
            }
            return this;
        }

        private void name(String name) {
            if (names.put(name, entries.size()) != null) {
                throw new IllegalStateException("kernel " + name + " stands twice in the table");
            }
        }
    }
}
