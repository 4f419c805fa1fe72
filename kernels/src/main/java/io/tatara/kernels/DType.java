package io.tatara.kernels;

/**
 * Element types. float32 is what every kernel computes in; float16 and bfloat16 are storage
 * (arithmetic stays float32 except on matrix units); float64 exists for the reference alone; int32
 * is for indices, lengths and random-number state.
 */
public enum DType {
    FLOAT32(4, "float32"),
    FLOAT16(2, "float16"),
    BFLOAT16(2, "bfloat16"),
    FLOAT64(8, "float64"),
    INT32(4, "int32");

    private final int bytes;
    private final String label;

    DType(int bytes, String label) {
        this.bytes = bytes;
        this.label = label;
    }

    /** Bytes per element. */
    public int bytes() {
        return bytes;
    }

    /** Whether values of this type are real numbers (and so may carry a gradient). */
    public boolean isFloating() {
        return this != INT32;
    }

    /** Whether this is a 16-bit type: storage, computed in float32. */
    public boolean isHalf() {
        return this == FLOAT16 || this == BFLOAT16;
    }

    /** Unit round-off of the type: half the distance from 1 to the next number; 0 for integers. */
    public double roundoff() {
        return switch (this) {
            case FLOAT32 -> 0x1p-24;
            case FLOAT16 -> 0x1p-11;
            case BFLOAT16 -> 0x1p-8;
            case FLOAT64 -> 0x1p-53;
            case INT32 -> 0;
        };
    }

    @Override
    public String toString() {
        return label;
    }
}
