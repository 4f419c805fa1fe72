package io.tatara.runtime.cuda;

import io.tatara.kernels.DType;
import io.tatara.kernels.gpu.GpuPlan.Arg;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** A tensor map among a launch's arguments: written again when its buffer is another one. */
final class TensorMapSlot {
    static final int BYTES = 128;
    static final int ALIGNMENT = 64;

    private final Arg.TensorMap map;
    private final MemorySegment value;
    private final MemorySegment shape;
    private final MemorySegment box;
    private long encoded; // the address it was written for

    /**
     * @param value where the argument's 128 bytes lie
     */
    TensorMapSlot(Arg.TensorMap map, MemorySegment value, Arena arena) {
        int rank = map.extents().size();
        this.map = map;
        this.value = value;
        this.shape = arena.allocate(ValueLayout.JAVA_LONG, 2L * rank);
        this.box = arena.allocate(ValueLayout.JAVA_INT, 2L * rank);
        for (int i = 0; i < rank; i++) {
            shape.setAtIndex(ValueLayout.JAVA_LONG, i, map.extents().get(i));
            box.setAtIndex(ValueLayout.JAVA_INT, i, map.box().get(i));
            box.setAtIndex(ValueLayout.JAVA_INT, rank + i, 1);
        }
        for (int i = 0; i < map.strides().size(); i++) {
            shape.setAtIndex(ValueLayout.JAVA_LONG, rank + i, map.strides().get(i));
        }
    }

    Arg buffer() {
        return map.buffer();
    }

    /** Lets the map see the buffer at this address. */
    void bind(CudaDriver driver, long pointer) {
        long address = pointer + map.offset();
        if (address != encoded) {
            driver.encodeTiled(
                    value, type(map.type()), map.extents().size(), address, shape, box, swizzle());
            encoded = address;
        }
    }

    /** {@code CUtensorMapDataType}. */
    private static int type(DType t) {
        return switch (t) {
            case INT32 -> 3;
            case FLOAT16 -> 6;
            case FLOAT32 -> 7;
            case BFLOAT16 -> 9;
            default -> throw new IllegalArgumentException("no tensor map of " + t);
        };
    }

    private int swizzle() {
        return switch (map.swizzle()) {
            case 32 -> 1;
            case 64 -> 2;
            case 128 -> 3;
            default -> 0;
        };
    }

    /** What is wrong with a map, in words; null where nothing is. */
    static String flaw(Arg.TensorMap m) {
        int rank = m.extents().size();
        if (rank < 1 || rank > 5) {
            return "rank " + rank + ", expected 1 to 5";
        }
        if (m.strides().size() != rank - 1 || m.box().size() != rank) {
            return "strides " + m.strides() + " and box " + m.box() + " for extents " + m.extents();
        }
        for (long s : m.strides()) {
            if (s <= 0 || s % 16 != 0) {
                return "stride " + s + ", expected a positive multiple of 16 bytes";
            }
        }
        for (int b : m.box()) {
            if (b < 1 || b > 256) {
                return "box extent " + b + ", expected 1 to 256";
            }
        }
        for (long e : m.extents()) {
            if (e < 1 || e > 1L << 32) {
                return "extent " + e + ", expected 1 to 2^32";
            }
        }
        long row = (long) m.box().getFirst() * m.type().bytes();
        if (row % 16 != 0 || (m.swizzle() > 0 && row > m.swizzle())) {
            return "a box row of "
                    + row
                    + " bytes, expected a multiple of 16 within the swizzle of "
                    + m.swizzle();
        }
        if (m.swizzle() != 0 && m.swizzle() != 32 && m.swizzle() != 64 && m.swizzle() != 128) {
            return "swizzle " + m.swizzle() + ", expected 0, 32, 64 or 128";
        }
        if (m.offset() % 16 != 0 || m.offset() < 0) {
            return "offset " + m.offset() + ", expected a multiple of 16";
        }
        return null;
    }
}
