package io.tatara.runtime.graph;

import io.tatara.kernels.DType;

/**
 * A piece of memory as the recorded ops used it; views of it are the same buffer. Identity counts.
 */
public final class Buffer {
    /** Where its contents are seen from. */
    public enum Kind {
        /** Made before the body, or by the host: an input, a weight, a constant. */
        OUTSIDE,
        /** Made by a recorded op, and a tensor that is still open refers to it. */
        VISIBLE,
        /** Made by a recorded op for others of them alone. */
        INNER
    }

    private final int id;
    private final DType dtype;
    private final long bytes;
    private final boolean borrowed;
    private Kind kind;

    /**
     * @param id number in order of first use
     * @param bytes size of the memory
     * @param borrowed whether it is memory of the caller's, of which several buffers may be one
     */
    public Buffer(int id, DType dtype, long bytes, boolean borrowed, Kind kind) {
        this.id = id;
        this.dtype = dtype;
        this.bytes = bytes;
        this.borrowed = borrowed;
        this.kind = kind;
    }

    public int id() {
        return id;
    }

    public DType dtype() {
        return dtype;
    }

    public long bytes() {
        return bytes;
    }

    public Kind kind() {
        return kind;
    }

    public boolean isInner() {
        return kind == Kind.INNER;
    }

    /** The body has ended and a tensor of it is still open. */
    public void seen() {
        kind = kind == Kind.INNER ? Kind.VISIBLE : kind;
    }

    /** Whether to write the one may change the other. */
    boolean overlaps(Buffer other) {
        return this == other || (borrowed && other.borrowed);
    }

    @Override
    public String toString() {
        return "b" + id + "(" + dtype + ", " + bytes + " bytes, " + kind + ")";
    }
}
