package io.tatara.kernels.check;

import io.tatara.kernels.DType;
import io.tatara.kernels.Op;
import io.tatara.kernels.OpEntry;
import io.tatara.kernels.OpTable;
import io.tatara.kernels.RefArray;
import io.tatara.kernels.TensorSpec;
import io.tatara.kernels.jvm.JvmArray;
import io.tatara.kernels.jvm.JvmContext;
import io.tatara.kernels.jvm.Lanes;
import io.tatara.kernels.jvm.Workers;
import java.util.Arrays;

/** Runs an op's last JVM kernel on given numbers, for tests that know the result. */
public final class OnJvm {
    private OnJvm() {}

    /** A float32 tensor. */
    public static RefArray floats(TensorSpec spec, double... values) {
        return new RefArray(spec, values);
    }

    /** An int32 vector. */
    public static RefArray ints(double... values) {
        return new RefArray(TensorSpec.i32(values.length), values);
    }

    /** A float32 vector. */
    public static RefArray vector(double... values) {
        return new RefArray(TensorSpec.f32(values.length), values);
    }

    public static RefArray[] run(Op op, RefArray... in) {
        return run(OpTable.of(op), op, in);
    }

    private static <O extends Op> RefArray[] run(OpEntry<O> entry, Op op, RefArray[] in) {
        TensorSpec[] specs = new TensorSpec[in.length];
        JvmArray[] a = new JvmArray[in.length];
        for (int i = 0; i < in.length; i++) {
            specs[i] = in[i] == null ? null : in[i].spec();
            a[i] = in[i] == null ? null : array(in[i].spec(), in[i].data());
        }
        TensorSpec[] outSpecs = op.infer(specs);
        JvmArray[] out = new JvmArray[outSpecs.length];
        for (int j = 0; j < out.length; j++) {
            double[] poison = new double[outSpecs[j].size()];
            Arrays.fill(poison, 12345);
            out[j] = array(outSpecs[j], poison);
        }
        entry.jvm().getLast().run(entry.type().cast(op), a, out, context());
        RefArray[] r = new RefArray[out.length];
        for (int j = 0; j < r.length; j++) {
            r[j] = RefArray.zeros(outSpecs[j]);
            for (int i = 0; i < out[j].size(); i++) {
                r[j].data()[i] = out[j].f() != null ? out[j].f()[i] : out[j].i()[i];
            }
        }
        return r;
    }

    private static JvmArray array(TensorSpec spec, double[] values) {
        if (spec.dtype() == DType.INT32) {
            return JvmArray.of(spec, Arrays.stream(values).mapToInt(v -> (int) v).toArray());
        }
        float[] f = new float[values.length];
        for (int i = 0; i < f.length; i++) {
            f[i] = (float) values[i];
        }
        return JvmArray.of(spec, f);
    }

    private static JvmContext context() {
        return new JvmContext() {
            @Override
            public Workers workers() {
                return Workers.SERIAL;
            }

            @Override
            public Lanes lanes() {
                return Lanes.best();
            }

            @Override
            public float[] acquire(int n) {
                float[] f = new float[n];
                Arrays.fill(f, Float.NaN);
                return f;
            }

            @Override
            public void release(float[] scratch) {}
        };
    }
}
