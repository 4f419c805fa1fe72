package io.tatara.kernels.gpu;

import io.tatara.kernels.DType;
import java.util.ArrayList;
import java.util.List;

/**
 * What a GPU kernel asks for, as data: launches in order (each sees the results of those before it)
 * and temporary buffers that live for the plan's run. Plans can be kept, replayed and captured.
 *
 * @param temporaries bytes of each temporary buffer
 */
public record GpuPlan(List<Launch> launches, List<Long> temporaries) {
    /** Number of ints behind {@link Arg.Semaphores}. */
    public static final int SEMAPHORES = 8192;

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
     * @param dynamicShared bytes of shared memory beyond what the source declares; CUDA alone, at
     *     most {@link GpuTraits#maxShared}
     * @param cooperative whether all groups must be resident at once, for kernels that wait for
     *     each other across groups; CUDA alone
     * @param early whether groups may begin while launches before it in the plan still run: its
     *     kernel calls {@code early_wait()} (early.cuh), in every group at least one work-item, and
     *     before it touches what any of those writes or overwrites what one reads; what was there
     *     before the plan it may read at once. A device may take no notice of it
     */
    public record Launch(
            GpuProgram program,
            String entry,
            int[] groups,
            int[] local,
            int dynamicShared,
            boolean cooperative,
            boolean early,
            List<Arg> args) {
        public Launch {
            if (groups.length != 3 || local.length != 3) {
                throw new IllegalArgumentException("groups and local have three extents");
            }
            if (cooperative && early) {
                throw new IllegalArgumentException(
                        entry + ": groups that wait for each other do not begin early");
            }
            args = List.copyOf(args);
        }

        private Launch beginningEarly() {
            return new Launch(
                    program, entry, groups, local, dynamicShared, cooperative, true, args);
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

        /**
         * {@link #SEMAPHORES} ints of the device that are 0 when a launch begins and that the
         * kernel must leave 0: counters of barriers across groups and of split sums, without a
         * launch that clears them. CUDA alone.
         */
        record Semaphores() implements Arg {}

        /**
         * A tensor map for the copy engine (TMA) of compute capability 9.0, as {@code
         * cuTensorMapEncodeTiled} makes it: a view of the buffer as a box-wise readable array;
         * elements outside read as 0 and are not written. The source declares it {@code const
         * __grid_constant__ TensorMap}. Extents innermost first. CUDA alone.
         *
         * @param buffer input, output or temporary that is seen
         * @param offset bytes from its start, a multiple of 16
         * @param type element type
         * @param extents elements along each axis
         * @param strides bytes from one element to the next along axes 1, 2 …, multiples of 16
         * @param box elements that one copy moves along each axis, at most 256
         * @param swizzle bytes of the span in which 16-byte pieces are permuted in shared memory:
         *     0, 32, 64 or 128
         */
        record TensorMap(
                Arg buffer,
                long offset,
                DType type,
                List<Long> extents,
                List<Long> strides,
                List<Integer> box,
                int swizzle)
                implements Arg {
            public TensorMap {
                extents = List.copyOf(extents);
                strides = List.copyOf(strides);
                box = List.copyOf(box);
            }
        }
    }

    public static Builder builder() {
        return new Builder();
    }

    /** Writes a plan down. */
    public static final class Builder {
        private final List<Launch> launches = new ArrayList<>();
        private final List<Long> temporaries = new ArrayList<>();
        private boolean added; // the launch asked for last

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
            return launch(program, entry, groups, local, 0, false, args);
        }

        /** As above, with dynamic shared memory and, where asked, all groups resident at once. */
        public Builder launch(
                GpuProgram program,
                String entry,
                int[] groups,
                int[] local,
                int dynamicShared,
                boolean cooperative,
                Object[] args) {
            added = groups[0] != 0 && groups[1] != 0 && groups[2] != 0;
            if (!added) {
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
            launches.add(
                    new Launch(
                            program,
                            entry,
                            groups.clone(),
                            local.clone(),
                            dynamicShared,
                            cooperative,
                            false,
                            list));
            return this;
        }

        /**
         * Lets the launch added last begin early ({@link Launch#early}), unless it is the plan's
         * first.
         */
        public Builder early() {
            if (added && launches.size() > 1) {
                launches.add(launches.removeLast().beginningEarly());
            }
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
