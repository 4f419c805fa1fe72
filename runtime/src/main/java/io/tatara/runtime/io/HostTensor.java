package io.tatara.runtime.io;

import io.tatara.kernels.DType;
import io.tatara.kernels.Shape;
import io.tatara.kernels.TataraException;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.jvm.Lanes;
import io.tatara.runtime.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * A tensor in host memory: elements row-major, little-endian, exactly {@code spec.bytes()} long.
 */
public record HostTensor(TensorSpec spec, MemorySegment data) {
    public HostTensor {
        if (data.byteSize() != spec.bytes()) {
            throw new TataraException(
                    data.byteSize() + " bytes for " + spec + " of " + spec.bytes() + " bytes");
        }
    }

    public static HostTensor of(float[] values, int... dims) {
        return new HostTensor(
                new TensorSpec(DType.FLOAT32, Shape.of(dims)), MemorySegment.ofArray(values));
    }

    /** Elements of a real type, to which the values are rounded. */
    public static HostTensor of(DType dtype, float[] values, int... dims) {
        if (!dtype.isHalf()) {
            if (dtype != DType.FLOAT32) {
                throw new TataraException("a host tensor of " + dtype + " is not made of floats");
            }
            return of(values, dims);
        }
        short[] s = new short[values.length];
        Lanes.best().narrow(dtype, values, 0, s, 0, s.length);
        return new HostTensor(TensorSpec.of(dtype, dims), MemorySegment.ofArray(s));
    }

    public static HostTensor of(int[] values, int... dims) {
        return new HostTensor(
                new TensorSpec(DType.INT32, Shape.of(dims)), MemorySegment.ofArray(values));
    }

    /** A copy of a tensor's elements. */
    public static HostTensor of(Tensor t) {
        // Not bytes for all: an array holds no 2 GiB of those.
        MemorySegment s =
                switch (t.dtype()) {
                    case INT32 -> MemorySegment.ofArray(new int[t.size()]);
                    case FLOAT16, BFLOAT16 -> MemorySegment.ofArray(new short[t.size()]);
                    case FLOAT32 -> MemorySegment.ofArray(new float[t.size()]);
                    case FLOAT64 -> MemorySegment.ofArray(new double[t.size()]);
                };
        t.read(s);
        return new HostTensor(t.spec(), s);
    }

    /** The elements of a float32, float16 or bfloat16 tensor, exactly. */
    public float[] floats() {
        if (spec.dtype().isHalf()) {
            short[] s = data.toArray(ValueLayout.JAVA_SHORT_UNALIGNED);
            float[] a = new float[s.length];
            Lanes.best().widen(spec.dtype(), s, 0, a, 0, s.length);
            return a;
        }
        require(DType.FLOAT32);
        float[] a = new float[spec.size()];
        MemorySegment.copy(data, 0, MemorySegment.ofArray(a), 0, data.byteSize());
        return a;
    }

    /** The elements of an int32 tensor. */
    public int[] ints() {
        require(DType.INT32);
        return data.toArray(ValueLayout.JAVA_INT_UNALIGNED);
    }

    private void require(DType d) {
        if (spec.dtype() != d) {
            throw new TataraException("tensor " + spec + " read as " + d);
        }
    }
}
