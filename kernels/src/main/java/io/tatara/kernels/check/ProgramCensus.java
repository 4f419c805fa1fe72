package io.tatara.kernels.check;

import io.tatara.kernels.Op;
import io.tatara.kernels.OpEntry;
import io.tatara.kernels.OpTable;
import io.tatara.kernels.TataraException;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.gpu.GpuKernel;
import io.tatara.kernels.gpu.GpuPlan;
import io.tatara.kernels.gpu.GpuProgram;
import io.tatara.kernels.gpu.GpuTraits;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;

/**
 * All GPU programs that the plans of all cases ask for on CUDA devices, found without a device:
 * what a compile test compiles, and what is compiled ahead for machines without a compiler.
 */
public final class ProgramCensus {
    /**
     * Multiprocessors of a small, a middling and a large chip: plans choose tiles by their number.
     */
    private static final int[] SIZES = {16, 46, 132};

    /**
     * Most that a kernel is launched with on an architecture: threads of a block, dynamic shared
     * bytes.
     */
    public record Use(int threads, int dynamicShared) {
        Use and(Use other) {
            return new Use(
                    Math.max(threads, other.threads), Math.max(dynamicShared, other.dynamicShared));
        }
    }

    /** A program with what is known of its use. */
    public static final class Found {
        private final GpuProgram program;
        private final String user;
        private final TreeSet<Integer> arches = new TreeSet<>();
        private final Map<String, Use> uses = new TreeMap<>();

        public Found(GpuProgram program, String user) {
            this.program = program;
            this.user = user;
        }

        public GpuProgram program() {
            return program;
        }

        /** The first case and variant whose plan asks for it. */
        public String user() {
            return user;
        }

        /**
         * Compute capabilities (× 10) that it is for. A portable program is for all that were
         * asked.
         */
        public SortedSet<Integer> arches() {
            return arches;
        }

        /** How an entry is launched on an architecture; null where no plan does. */
        public Use use(String entry, int arch) {
            return uses.get(entry + " " + arch);
        }

        /** Notes a launch. */
        public Found add(String entry, int arch, Use use) {
            arches.add(arch);
            uses.merge(entry + " " + arch, use, Use::and);
            return this;
        }
    }

    private ProgramCensus() {}

    /**
     * The distinct programs, in the table's order.
     *
     * @param only name of the one op whose cases are looked at, null for all
     * @param arches compute capabilities × 10
     * @throws TataraException if a plan cannot be made, naming case and variant
     */
    public static List<Found> take(String only, int... arches) {
        return take(only, c -> true, arches);
    }

    /**
     * Those that some cases ask for.
     *
     * @param which whether a case is looked at
     */
    public static List<Found> take(String only, Predicate<Case> which, int... arches) {
        Map<GpuProgram, Found> all = new LinkedHashMap<>();
        for (int arch : arches) {
            for (int size : SIZES) {
                GpuTraits traits = GpuTraits.cuda(arch, size);
                for (OpEntry<?> e : OpTable.all()) {
                    if (only == null || only.equals(e.name())) {
                        for (Case c : e.cases().get()) {
                            if (which.test(c)) {
                                add(all, e, c, traits);
                            }
                        }
                    }
                }
            }
        }
        for (Found f : all.values()) {
            if (f.program.headers().isEmpty()) {
                // One text for all: what one architecture asks for the others may too.
                for (int arch : arches) {
                    f.arches.add(arch);
                }
            }
        }
        return List.copyOf(all.values());
    }

    private static <O extends Op> void add(
            Map<GpuProgram, Found> all, OpEntry<O> e, Case c, GpuTraits traits) {
        O op = e.type().cast(c.op());
        TensorSpec[] in = c.specs();
        for (GpuKernel<O> k : e.gpu()) {
            String user = c + " " + k.variant();
            try {
                if (k.supports(op, in, traits)) {
                    for (GpuPlan.Launch l : k.plan(op, in, op.infer(in), traits).launches()) {
                        int[] b = l.local();
                        all.computeIfAbsent(l.program(), p -> new Found(p, user))
                                .add(
                                        l.entry(),
                                        traits.arch(),
                                        new Use(b[0] * b[1] * b[2], l.dynamicShared()));
                    }
                }
            } catch (RuntimeException x) {
                throw new TataraException(user + ": no plan for sm_" + traits.arch() + ": " + x, x);
            }
        }
    }
}
