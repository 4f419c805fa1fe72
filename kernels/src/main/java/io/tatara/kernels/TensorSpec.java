package io.tatara.kernels;

import java.util.Objects;

/** What is known of a tensor before it is computed: element type and shape. */
public record TensorSpec(DType dtype, Shape shape) {
    public TensorSpec {
        Objects.requireNonNull(dtype, "dtype");
        Objects.requireNonNull(shape, "shape");
    }

    public static TensorSpec f32(int... dims) {
        return new TensorSpec(DType.FLOAT32, Shape.of(dims));
    }

    public static TensorSpec of(DType dtype, int... dims) {
        return new TensorSpec(dtype, Shape.of(dims));
    }

    public static TensorSpec i32(int... dims) {
        return new TensorSpec(DType.INT32, Shape.of(dims));
    }

    /** The same shape with another element type. */
    public TensorSpec withDType(DType d) {
        return d == dtype ? this : new TensorSpec(d, shape);
    }

    public TensorSpec withShape(Shape s) {
        return new TensorSpec(dtype, s);
    }

    public TensorSpec withShape(int... dims) {
        return new TensorSpec(dtype, Shape.of(dims));
    }

    public int size() {
        return shape.size();
    }

    /** Number of bytes; exceeds 2 GiB for large shapes, so a long. */
    public long bytes() {
        return (long) shape.size() * dtype.bytes();
    }

    @Override
    public String toString() {
        return dtype + shape.toString();
    }
}
