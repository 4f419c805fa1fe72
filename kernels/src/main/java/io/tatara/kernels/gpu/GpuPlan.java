package io.tatara.kernels.gpu;

import java.util.ArrayList;
import java.util.List;

/**
 * What a GPU kernel asks for, as data: launches in order (each sees the results of those before it)
 * and temporary buffers that live for the plan's run. Plans can be kept, replayed and captured.
 *
 * @param temporaries bytes of each temporary buffer
 */
public record GpuPlan(List<Launch> launches, List<Long> temporaries) {
    public GpuPlan {
        launches = List.copyOf(launches);
        temporaries = List.copyOf(temporaries);
    }

    public static final GpuPlan NOTHING = new GpuPlan(List.of(), List.of());

    /**
     * One kernel launch.
     *
     * @param entry the kernel's name in the program
     * @param groups number of work-groups in x, y, z
     * @param local work-items of a group in x, y, z
     */
    public record Launch(
            GpuProgram program, String entry, int[] groups, int[] local, List<Arg> args) {
        public Launch {
            if (groups.length != 3 || local.length != 3) {
                throw new IllegalArgumentException("groups and local have three extents");
            }
            args = List.copyOf(args);
        }
    }

    /** A kernel argument. Pointers, 32-bit ints and floats only. */
    public sealed interface Arg {
        record Input(int index) implements Arg {}

        record Output(int index) implements Arg {}

        record Temporary(int index) implements Arg {}

        /**
         * A null pointer: an absent optional input; the source is specialized so as not to touch
         * it.
         */
        record Null() implements Arg {}

        record Int(int value) implements Arg {}

        record Float(float value) implements Arg {}
    }

    public static Builder builder() {
        return new Builder();
    }

    /** Writes a plan down. */
    public static final class Builder {
        private final List<Launch> launches = new ArrayList<>();
        private final List<Long> temporaries = new ArrayList<>();

        /** A temporary buffer, its contents undefined. */
        public Arg temporary(long bytes) {
            temporaries.add(Math.max(4, bytes));
            return new Arg.Temporary(temporaries.size() - 1);
        }

        /**
         * Adds a launch; nothing is added where an extent of groups is 0.
         *
         * @param args {@link Arg}s, Integers, Floats, or null for a null pointer
         */
        public Builder launch(
                GpuProgram program, String entry, int[] groups, int[] local, Object... args) {
            if (groups[0] == 0 || groups[1] == 0 || groups[2] == 0) {
                return this;
            }
            List<Arg> list = new ArrayList<>(args.length);
            for (Object a : args) {
                list.add(
                        switch (a) {
                            case null -> new Arg.Null();
                            case Arg x -> x;
                            case Integer i -> new Arg.Int(i);
                            case java.lang.Float f -> new Arg.Float(f);
                            default ->
                                    throw new IllegalArgumentException(
                                            "argument " + a + " of kernel " + entry);
                        });
            }
            launches.add(new Launch(program, entry, groups.clone(), local.clone(), list));
            return this;
        }

        /** One-dimensional: as many groups of {@code local} work-items as cover {@code items}. */
        public Builder launch1d(
                GpuProgram program, String entry, long items, int local, Object... args) {
            int groups = Math.toIntExact((items + local - 1) / local);
            return launch(program, entry, new int[] {groups, 1, 1}, new int[] {local, 1, 1}, args);
        }

        public GpuPlan build() {
            return new GpuPlan(launches, temporaries);
        }
    }

    /** Argument for input i. */
    public static Arg in(int i) {
        return new Arg.Input(i);
    }

    /** Argument for output i. */
    public static Arg out(int i) {
        return new Arg.Output(i);
    }
}
